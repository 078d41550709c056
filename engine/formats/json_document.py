"""The JSON document (-oJ): one object holding the whole scan."""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from engine.formats.fill import header, host_record, part, summary
from engine.formats.records import Document
from engine.formats.roll_call import roll_call
from engine.formats.style import PLAIN, Style
from engine.results.report import ScanReport

_EMPTY_HOSTS = b"[]}"


def write_json(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write the report as one JSON document, every decided port in it whatever the style, or those
    of its part; hosts that are down only with some detail.

    Hosts are encoded one at a time, so memory does not grow with the scan. Raises only what
    ``stream`` raises.
    """
    snapshot = report.snapshot
    roll = roll_call(report, Style(detail=style.detail))
    encode = msgspec.json.Encoder().encode
    scan = header(report.spec, snapshot.started_at, snapshot.timing, report.target_problems)
    frame = encode(Document(part=part(report), scan=scan, summary=summary(report, roll), hosts=[]))
    stream.write(frame.removesuffix(_EMPTY_HOSTS) + b"[")
    for place, (host, status) in enumerate(roll.listed):
        stream.write((b",\n" if place else b"\n") + encode(host_record(report, host, status)))
    stream.write(b"]}\n")

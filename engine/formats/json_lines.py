"""JSON lines (-oL): a line when the scan starts, one per decided port, one at the end."""

from __future__ import annotations

from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.formats.fill import header, port_lines, summary
from engine.formats.records import EndLine, StartLine
from engine.formats.style import PLAIN, Style
from engine.results.report import ScanReport
from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState

_CHUNK = 65_536
_ENCODER = msgspec.json.Encoder()


def start_line(report: ScanReport) -> bytes:
    """The first line."""
    snapshot = report.snapshot
    scan = header(report.spec, snapshot.started_at, snapshot.timing, report.target_problems)
    return _ENCODER.encode_lines([StartLine(scan=scan)])


def decided_lines(snapshot: Snapshot, keys: NDArray[np.int64]) -> bytes:
    """The lines of decided cells, in the order of ``keys``."""
    return _ENCODER.encode_lines(list(port_lines(snapshot, keys)))


def end_line(report: ScanReport) -> bytes:
    """The last line."""
    return _ENCODER.encode_lines([EndLine(summary=summary(report))])


def write_json_lines(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write a whole report as lines, ports in the order they were decided."""
    stream.write(start_line(report))
    keys = _decided_keys(report.snapshot)
    for start in range(0, len(keys), _CHUNK):
        stream.write(decided_lines(report.snapshot, keys[start : start + _CHUNK]))
    stream.write(end_line(report))


def _decided_keys(snapshot: Snapshot) -> NDArray[np.int64]:
    """Keys of all decided cells by the time of their decision."""
    view = snapshot.view
    channels = view.channels.astype(np.int64)
    keys, clocks = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
    for number, block in enumerate(view.blocks):
        rows, columns = np.nonzero(block.cells["state"] != PortState.PENDING)
        keys.append((rows + number * view.hosts_per_block) << 18 | channels[columns])
        clocks.append(block.cells["clock"][rows, columns])
    return np.concatenate(keys)[np.argsort(np.concatenate(clocks), kind="stable")]

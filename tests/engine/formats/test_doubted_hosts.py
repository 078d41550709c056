"""A host that calls every port open is summed up as such, in every format."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pytest
from lxml import etree
from msgspec.structs import replace

from engine.core.channels import channels_of
from engine.formats.json_document import write_json
from engine.formats.nmap_xml import write_xml
from engine.formats.normal_text import write_text
from engine.formats.style import PLAIN, Style
from engine.results.report import ScanReport
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from tests.engine.core.simulated_scan import SimulatedScan, ports, targets

TARPIT = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\ndefault = "open"\n'
WHY = "This host is a tarpit: nothing in it is used."


@pytest.fixture
def report() -> ScanReport:
    store = Store(1, channels_of(ports("1-300"), (Protocol.TCP,)))
    store.admit(np.zeros(1, np.uint32))
    every = np.arange(300, dtype=np.int64)
    store.decide(
        every, state=PortState.OPEN, reason=Reason.SYN_ACK, technique=ScanType.SYN, ttl=63, flags=0,
        rtt=1.0, clock=1,
    )  # fmt: skip
    store.doubt(0)
    scan = SimulatedScan(TARPIT, which="1-3").run()
    snapshot = replace(scan.runner.publish(), view=store.snapshot(last=True), doubts={0: WHY})
    spec = ScanSpec(targets("10.0.0.1"), ports("1-300"), (ScanType.SYN,))
    return ScanReport(spec, snapshot, 1_800_000_000.0)


def written(report: ScanReport, write: object, style: Style = PLAIN) -> bytes:
    stream = io.BytesIO()
    write(report, stream, style)  # type: ignore[operator]
    return stream.getvalue()


def test_text_says_why_and_lists_none(report: ScanReport) -> None:
    text = written(report, write_text).decode()
    assert WHY in text
    assert "Not shown: 300 open tcp ports in doubt (syn-ack)" in text
    assert "7/tcp" not in text


def test_full_detail_lists_them_all_the_same(report: ScanReport) -> None:
    text = written(report, write_text, Style(detail=3)).decode()
    assert WHY in text
    assert "7/tcp" in text
    assert "300/tcp" in text


def test_xml_sums_them_up(report: ScanReport) -> None:
    host = etree.fromstring(written(report, write_xml)).find("host")
    assert host.get("comment") == WHY
    extra = host.find("ports/extraports")
    assert (extra.get("state"), extra.get("count")) == ("open", "300")
    assert host.find("ports/port") is None


def test_json_marks_each(report: ScanReport) -> None:
    (host,) = msgspec.json.decode(written(report, write_json))["hosts"]
    assert host["doubt"] == WHY
    assert len(host["ports"]) == 300
    assert all(port["doubted"] for port in host["ports"])

"""Our XML, read by the tools it is for."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libnmap.parser import NmapParser
from lxml import etree

from engine.formats.nmap_xml import write_xml
from engine.formats.style import PLAIN, Style
from engine.results.cell import WAS_SHIFT
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType

DTD = Path("/usr/share/nmap/nmap.dtd")
needs_dtd = pytest.mark.skipif(
    not DTD.exists(), reason="needs nmap's DTD: install the package nmap-common"
)
needs_ndiff = pytest.mark.skipif(
    shutil.which("ndiff") is None, reason="needs ndiff: install the package ndiff"
)
NO_ENTITIES = etree.XMLParser(resolve_entities=False, no_network=True)


def xml_of(report: ScanReport, style: Style = PLAIN) -> bytes:
    stream = io.BytesIO()
    write_xml(report, stream, style)
    return stream.getvalue()


def assert_valid(document: bytes) -> etree._Element:
    root = etree.fromstring(document, NO_ENTITIES)
    dtd = etree.DTD(str(DTD))
    assert dtd.validate(root), dtd.error_log
    return root


@needs_dtd
@pytest.mark.parametrize("style", [PLAIN, Style(open_only=True), Style(detail=3)])
def test_every_style_is_valid(mixed: ScanReport, style: Style) -> None:
    assert_valid(xml_of(mixed, style))


@needs_dtd
def test_what_is_in_it(mixed: ScanReport) -> None:
    root = assert_valid(xml_of(mixed))
    assert dict(root.attrib) == {
        "scanner": "nmap",
        "args": "pyscan -sSU --reason -p- web.example 10.0.0.2",
        "start": "1795230000",
        "startstr": root.get("startstr"),
        "version": "PyScan 0.1.0",
        "xmloutputversion": "1.05",
    }
    infos = [dict(info.attrib) for info in root.findall("scaninfo")]
    assert infos == [
        {"type": "syn", "protocol": "tcp", "numservices": "43", "services": "22,25,443,1000-1039"},
        {"type": "udp", "protocol": "udp", "numservices": "2", "services": "53,161"},
    ]
    statuses = [dict(status.attrib) for status in root.iterfind("host/status")]
    assert statuses == [
        {"state": "up", "reason": "syn-ack", "reason_ttl": "64"},
        {"state": "up", "reason": "user-set", "reason_ttl": "0"},
        {"state": "unknown", "reason": "no-route", "reason_ttl": "0"},
        {"state": "up", "reason": "reset", "reason_ttl": "64"},
    ]
    extra = root.find("host/ports/extraports/extrareasons")
    assert extra is not None
    assert extra.get("ports") == "1000-1039"
    assert len(root.findall("host/hostnames")) == 4
    assert [one.get("addrtype") for one in root.iterfind("host/address")][-1] == "ipv6"


@needs_dtd
@pytest.mark.parametrize(
    ("phase", "message"),
    [(Phase.CANCELLED, "aborted"), (Phase.FAILED, "lo is gone"), (Phase.RUNNING, "still running")],
)
def test_an_unfinished_scan_is_a_whole_document(
    report_of, many, phase: Phase, message: str
) -> None:
    report = report_of(many(PortState.OPEN, 2), undecided=(90,), phase=phase, failure="lo is gone")
    finished = assert_valid(xml_of(report)).find("runstats/finished")
    assert finished is not None
    assert (finished.get("exit"), finished.get("errormsg")) == ("error", message)


@needs_dtd
def test_a_scan_without_hosts_is_valid(report_of) -> None:
    assert_valid(xml_of(report_of([], addresses=())))


@needs_dtd
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_from_outside_breaks_the_document(report_of, many, name: str, other: str) -> None:
    report = report_of(
        many(PortState.CLOSED, 2),
        addresses=("10.0.0.1", "10.0.0.2"),
        names={0: name},
        problems={1: other},
        command=f"pyscan --x {other} -->",
        target_problems=((name, other),),
    )
    assert_valid(xml_of(report))


@needs_dtd
def test_types_switched_to_while_scanning_are_listed_too(report_of, many) -> None:
    report = report_of(many(PortState.OPEN, 1), scan_types=(ScanType.CONNECT,))
    switched = ScanReport(
        report_of([], scan_types=(ScanType.SYN,)).spec, report.snapshot, report.written_at
    )
    root = assert_valid(xml_of(switched))
    assert [info.get("type") for info in root.findall("scaninfo")] == ["syn", "connect"]


@needs_dtd
def test_a_ping_scan(swept: ScanReport) -> None:
    root = assert_valid(xml_of(swept))
    assert root.find("scaninfo") is None
    first, second = root.findall("host")
    assert [dict(address.attrib) for address in first.findall("address")] == [
        {"addr": "10.0.0.1", "addrtype": "ipv4"},
        {"addr": "02:00:00:AB:CD:EF", "addrtype": "mac"},
    ]
    name = first.find("hostnames/hostname")
    assert name is not None
    assert dict(name.attrib) == {"name": "gate.example", "type": "PTR"}
    status = second.find("status")
    assert status is not None
    assert dict(status.attrib) == {"state": "up", "reason": "echo-reply", "reason_ttl": "0"}
    hosts = root.find("runstats/hosts")
    assert hosts is not None
    assert dict(hosts.attrib) == {"up": "2", "down": "4", "total": "6"}


@needs_dtd
def test_more_detail_lists_hosts_that_are_down(swept: ScanReport) -> None:
    root = assert_valid(xml_of(swept, Style(detail=1)))
    found = [(one.get("state"), one.get("reason")) for one in root.iterfind("host/status")]
    assert found == [
        ("up", "arp-response"), ("down", "no-response"), ("up", "echo-reply"),
        ("down", "no-response"), ("down", "host-unreach"), ("unknown", "user-set"),
    ]  # fmt: skip


@needs_dtd
def test_a_known_maker_is_named(report_of, hosts_of) -> None:
    known = hosts_of(
        [(0, HostState.UP, Reason.ARP_RESPONSE)], hardware={0: bytes.fromhex("00000c000001")}
    )
    address = assert_valid(xml_of(report_of([], hosts=known))).findall("host/address")[1]
    assert (address.get("addr"), address.get("vendor")) == (
        "00:00:0C:00:00:01",
        "Cisco Systems, Inc",
    )


@needs_dtd
@pytest.mark.parametrize("scan_type", list(ScanType))
def test_every_scan_type_gives_a_valid_document(report_of, decision, scan_type: ScanType) -> None:
    made = decision(0, scan_type.protocol, 80, PortState.OPEN, Reason.SYN_ACK, scan_type)
    root = assert_valid(xml_of(report_of([made], scan_types=(scan_type,))))
    assert len(root.findall("scaninfo")) == (scan_type is not ScanType.IDLE)


@needs_dtd
def test_several_protocols_have_a_scaninfo_each(report_of, decision) -> None:
    types = (ScanType.SYN, ScanType.UDP, ScanType.SCTP_INIT)
    made = [decision(0, one.protocol, 80, PortState.OPEN, Reason.SYN_ACK, one) for one in types]
    infos = assert_valid(xml_of(report_of(made, scan_types=types))).findall("scaninfo")
    found = [(info.get("type"), info.get("protocol"), info.get("services")) for info in infos]
    assert found == [("syn", "tcp", "80"), ("udp", "udp", "80"), ("sctpinit", "sctp", "80")]


def test_python_libnmap_reads_a_ping_scan(swept: ScanReport) -> None:
    read = NmapParser.parse_fromstring(xml_of(swept, Style(detail=1)).decode())
    assert [host.is_up() for host in read.hosts] == [True, False, True, False, False, False]
    assert (read.hosts[0].mac, read.hosts_up) == ("02:00:00:AB:CD:EF", 2)


def test_python_libnmap_reads_it(mixed: ScanReport) -> None:
    read = NmapParser.parse_fromstring(xml_of(mixed).decode())
    first = read.hosts[0]
    assert (first.address, first.hostnames, first.is_up()) == ("10.0.0.1", ["web.example"], True)
    assert first.get_open_ports() == [(22, "tcp"), (443, "tcp"), (53, "udp")]
    assert first.get_service(22, "tcp").service == "ssh"
    assert (read.hosts_up, read.hosts_down, read.hosts_total) == (3, 1, 4)


@needs_ndiff
def test_ndiff_reads_it(
    mixed: ScanReport, swept: ScanReport, report_of, many, tmp_path: Path
) -> None:
    before, after = tmp_path / "before.xml", tmp_path / "after.xml"
    before.write_bytes(xml_of(report_of(many(PortState.CLOSED, 2))))
    after.write_bytes(xml_of(report_of(many(PortState.OPEN, 2))))
    mixed_file = tmp_path / "mixed.xml"
    mixed_file.write_bytes(xml_of(mixed))
    swept_file = tmp_path / "swept.xml"
    swept_file.write_bytes(xml_of(swept, Style(detail=1)))

    def ndiff(one: Path, two: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ndiff", one, two], capture_output=True, text=True, timeout=60, check=False
        )

    changed = ndiff(before, after)
    assert (changed.returncode, changed.stderr) == (1, "")
    assert "+1/tcp open" in changed.stdout
    same = ndiff(mixed_file, mixed_file)
    assert (same.returncode, same.stderr) == (0, "")
    swept_twice = ndiff(swept_file, swept_file)
    assert (swept_twice.returncode, swept_twice.stderr) == (0, "")


@needs_dtd
def test_the_state_before_is_a_remark_that_no_reader_minds(report_of, many) -> None:
    decisions = many(PortState.CLOSED, 40)
    decisions[6] = decisions[6]._replace(flags=PortState.OPEN << WAS_SHIFT)
    document = xml_of(report_of(decisions))
    root = assert_valid(document)
    (port,) = root.iter("port")
    assert port.get("portid") == "7" and port[-1].text == " was open "
    (host,) = NmapParser.parse_fromstring(document.decode()).hosts
    assert [(one.port, one.state) for one in host.services] == [(7, "closed")]

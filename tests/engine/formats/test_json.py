from __future__ import annotations

import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.formats.json_document import write_json
from engine.formats.json_lines import HostLines, write_json_lines
from engine.formats.records import (
    Document,
    EndLine,
    HostLine,
    PortLine,
    StartLine,
    json_schema,
)
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "json.md"


def document_of(report: ScanReport) -> Document:
    stream = io.BytesIO()
    write_json(report, stream)
    return msgspec.json.decode(stream.getvalue(), type=Document)


Line = StartLine | HostLine | PortLine | EndLine


def lines_in(data: bytes) -> list[Line]:
    return [msgspec.json.decode(line, type=Line) for line in data.splitlines()]


def lines_of(report: ScanReport) -> list[Line]:
    stream = io.BytesIO()
    write_json_lines(report, stream)
    return lines_in(stream.getvalue())


def test_every_decided_port_is_listed_in_order(mixed: ScanReport) -> None:
    document = document_of(mixed)
    first = document.hosts[0]
    assert [(port.protocol, port.port) for port in first.ports] == [
        ("tcp", 22), ("tcp", 25), ("tcp", 443), *(("tcp", port) for port in range(1000, 1040)),
        ("udp", 53), ("udp", 161),
    ]  # fmt: skip
    assert first.counts == {"open": 3, "closed": 40, "filtered": 1, "open|filtered": 1}
    assert [host.status for host in document.hosts] == ["up", "unknown", "failed", "up"]
    assert [host.pending for host in document.hosts] == [0, 44, 45, 44]
    assert document.hosts[2].problem == "no route to host"
    assert document.hosts[2].ports == []
    assert document.summary.pending == 133
    assert (document.summary.hosts_up, document.summary.hosts_down) == (2, 0)


def test_hosts_in_full(swept: ScanReport) -> None:
    document = document_of(swept)
    assert msgspec.to_builtins(document.hosts[0]) == {
        "address": "10.0.0.1", "name": "", "reverse_name": "gate.example", "status": "up",
        "reason": "arp-response", "reason_ttl": None, "problem": "", "rtt_ms": 1.0,
        "hardware": "02:00:00:AB:CD:EF", "vendor": "", "doubt": "", "counts": {}, "pending": 0,
        "ports": [],
    }  # fmt: skip
    assert [host.address for host in document.hosts] == ["10.0.0.1", "10.0.0.3"]
    assert document.scan.scan_types == ()
    counts = document.summary
    assert (counts.hosts, counts.hosts_up, counts.hosts_down) == (6, 2, 3)


def test_a_host_is_told_when_found_up_and_again_when_more_is_known(
    swept: ScanReport, hosts_of
) -> None:
    lines = HostLines()
    told = lines_in(lines.found_up(swept.snapshot))
    assert [line.address for line in told if isinstance(line, HostLine)] == ["10.0.0.1", "10.0.0.3"]
    assert lines.found_up(swept.snapshot) == b""
    assert lines.at_end(swept) == b""
    renamed = hosts_of([(2, HostState.UP, Reason.ECHO_REPLY)], names={2: "late.example"})
    later = replace(swept, snapshot=replace(swept.snapshot, hosts=renamed))
    (line,) = lines_in(lines.at_end(later))
    assert isinstance(line, HostLine)
    assert (line.address, line.reverse_name) == ("10.0.0.3", "late.example")


def test_ports_of_hosts_that_were_never_scanned_are_pending(report_of, hosts_of) -> None:
    known = hosts_of([
        (0, HostState.UP, Reason.ECHO_REPLY), (1, HostState.DOWN, Reason.NO_RESPONSE),
        (2, HostState.DOWN, Reason.NO_ROUTE), (3, HostState.UP, Reason.ECHO_REPLY),
    ])  # fmt: skip
    report = report_of(
        [], addresses=[f"10.0.0.{n}" for n in range(5)], undecided=(80, 443), hosts=known,
        admitted=(3,), problems={2: "no route"}, phase=Phase.CANCELLED,
    )  # fmt: skip
    document = document_of(report)
    assert [(host.status, host.pending) for host in document.hosts] == [
        ("up", 2), ("failed", 2), ("up", 2),
    ]  # fmt: skip
    assert document.summary.pending == 8  # and those of the host that nobody asked


def test_hosts_that_are_only_assumed_up_are_told_at_the_end(report_of, hosts_of) -> None:
    assumed = hosts_of([(0, HostState.UP, Reason.USER_SET)])
    report = report_of([], undecided=(80,), hosts=assumed)
    lines = HostLines()
    assert lines.found_up(report.snapshot) == b""
    (line,) = lines_in(lines.at_end(report))
    assert isinstance(line, HostLine)
    assert line.status == "unknown"


def test_one_port_in_full(report_of, decision) -> None:
    report = report_of(
        [
            decision(0, Protocol.UDP, 53, PortState.CLOSED, Reason.PORT_UNREACH,
                     ScanType.UDP, ttl=61, flags=3, rtt=12.5)
        ],
        scan_types=(ScanType.UDP,),
    )  # fmt: skip
    port = document_of(report).hosts[0].ports[0]
    assert msgspec.to_builtins(port) == {
        "protocol": "udp", "port": 53, "state": "closed", "reason": "port-unreach",
        "reason_ttl": 61, "service": "domain", "scan_type": "udp", "tries": 0, "rtt_ms": 12.5,
        "time": 0.0001, "stale": True, "foreign": True, "doubted": False,
        "was": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "was"),
    [(0, ""), (PortState.FILTERED << 5, "filtered"), (PortState.OPEN << 5 | 2, "open"),
     (PortState.OPEN << 5 | 1, ""), (PortState.CLOSED << 5, "")],
)  # fmt: skip
def test_the_state_before_a_port_was_probed_again(
    report_of, decision, flags: int, was: str
) -> None:
    decided = decision(
        0, Protocol.TCP, 53, PortState.CLOSED, Reason.RESET, ScanType.SYN, flags=flags
    )
    assert document_of(report_of([decided])).hosts[0].ports[0].was == was


def test_unknown_figures_are_null(mixed: ScanReport) -> None:
    silent = document_of(mixed).hosts[1]
    assert (silent.rtt_ms, silent.ports[0].rtt_ms, silent.ports[0].reason_ttl) == (None, None, None)


@pytest.mark.parametrize("phase", list(Phase))
def test_the_summary_tells_how_the_scan_ended(report_of, many, phase: Phase) -> None:
    summary = document_of(report_of(many(PortState.OPEN, 1), phase=phase)).summary
    assert (summary.phase, summary.complete) == (phase.value, phase is Phase.FINISHED)


def test_lines_hold_the_same_ports_by_time(mixed: ScanReport) -> None:
    start, *found, end = lines_of(mixed)
    assert isinstance(start, StartLine)
    assert isinstance(end, EndLine)
    hosts = [line for line in found[:4] if isinstance(line, HostLine)]
    assert [line.status for line in hosts] == ["up", "unknown", "failed", "up"]
    listed = [line for line in found[4:] if isinstance(line, PortLine)]
    assert len(listed) == 47
    assert [line.time for line in listed] == sorted(line.time for line in listed)
    assert (listed[0].address, listed[0].name, listed[0].port) == ("10.0.0.1", "web.example", 443)
    document = document_of(mixed)
    assert (start.scan, end.summary) == (document.scan, document.summary)


@pytest.mark.parametrize("hosts", [0, 1, 3])
def test_any_number_of_hosts_makes_a_document(report_of, hosts: int) -> None:
    report = report_of([], addresses=[f"10.0.0.{n}" for n in range(hosts)], undecided=(80,))
    assert len(document_of(report).hosts) == hosts
    assert len(lines_of(report)) == 2 + hosts


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_text_from_outside_breaks_the_documents(report_of, many, text: str) -> None:
    report = report_of(
        many(PortState.OPEN, 1), names={0: text}, problems={0: text}, command=text,
        target_problems=((text, text),), failure=text,
    )  # fmt: skip
    document_of(report)
    assert len(lines_of(report)) == 4


def test_many_hosts_in_many_blocks(report_of, decision) -> None:
    decisions = [
        decision(host, Protocol.TCP, port, PortState.CLOSED, Reason.RESET, ttl=host)
        for host in range(9)
        for port in (80, 443)
    ]
    report = report_of(decisions, addresses=[f"10.0.0.{n}" for n in range(9)])
    lines = [line for line in lines_of(report) if isinstance(line, PortLine)]
    assert {(line.address, line.port, line.reason_ttl) for line in lines} == {
        (f"10.0.0.{host}", port, host or None) for host in range(9) for port in (80, 443)
    }


def test_the_schema_describes_every_member_of_what_is_written(mixed: ScanReport) -> None:
    schema = json.loads(json_schema())
    records = schema["$defs"]
    names = {record["$ref"].rpartition("/")[2] for record in schema["anyOf"]}
    assert names == {"Document", "StartLine", "HostLine", "PortLine", "EndLine"}
    stream = io.BytesIO()
    write_json(mixed, stream)
    document = json.loads(stream.getvalue())
    assert set(document) == set(records["Document"]["properties"])
    assert set(document["summary"]) == set(records["Summary"]["properties"])
    assert set(document["hosts"][0]) == set(records["Host"]["properties"])
    assert set(document["hosts"][0]["ports"][0]) == set(records["Port"]["properties"])


def test_the_documentation_names_every_member() -> None:
    text = DOCUMENTATION.read_text("utf-8")
    members = {
        member
        for record in json.loads(json_schema())["$defs"].values()
        for member in record["properties"]
    }
    assert {member for member in members if f"`{member}`" not in text} == set()

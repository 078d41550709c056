from __future__ import annotations

import io

from msgspec.structs import replace

from engine.formats.normal_text import write_text
from engine.formats.style import PLAIN, Style
from engine.results.cell import WAS_SHIFT
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec, Mode
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType


def text_of(report: ScanReport, style: Style = PLAIN) -> list[str]:
    stream = io.BytesIO()
    write_text(report, stream, style)
    return stream.getvalue().decode().splitlines()


def test_the_report_of_a_scan(mixed: ScanReport) -> None:
    lines = text_of(mixed)
    assert lines[0].startswith("PyScan 0.1.0 scan report, started 2026-11-2")
    assert lines[1:] == [
        "Target not scanned: nowhere.invalid: does not resolve (Name or service not known)",
        "",
        "PyScan scan report for web.example (10.0.0.1)",
        "Host is up (0.00044s latency).",
        "Not shown: 40 closed tcp ports (reset)",
        "PORT    STATE         SERVICE",
        "22/tcp  open          ssh",
        "25/tcp  filtered      smtp",
        "443/tcp open          https",
        "53/udp  open          domain",
        "161/udp open|filtered snmp",
        "",
        "PyScan scan report for 10.0.0.2",
        "Nothing answered: the host may be down or filtered.",
        "Not decided: 44 ports",
        "PORT   STATE    SERVICE",
        "22/tcp filtered ssh",
        "",
        "PyScan scan report for 10.0.0.3",
        "Host could not be probed (no route to host).",
        "Not decided: 45 ports",
        "",
        "PyScan scan report for fd00::1",
        "Host is up (0.0021s latency).",
        "Not decided: 44 ports",
        "PORT   STATE  SERVICE",
        "22/tcp closed ssh",
        "",
        "PyScan done: 4 IP addresses (2 hosts up) scanned in 1.50 seconds",
    ]


def test_reasons_stand_in_a_column_and_on_the_host_line(mixed: ScanReport) -> None:
    lines = text_of(mixed, Style(reasons=True))
    assert "Host is up, received syn-ack ttl 64 (0.00044s latency)." in lines
    assert "25/tcp  filtered      smtp    admin-prohibited ttl 63" in lines
    assert "161/udp open|filtered snmp    no-response" in lines


def test_open_only_leaves_out_hosts_without_open_ports(mixed: ScanReport) -> None:
    lines = text_of(mixed, Style(open_only=True))
    assert [line for line in lines if line.startswith("PyScan scan report")] == [
        "PyScan scan report for web.example (10.0.0.1)"
    ]
    assert "Not shown: 40 closed tcp ports (reset), 1 filtered tcp port (admin-prohibited)" in lines
    assert lines[-1] == "PyScan done: 4 IP addresses (2 hosts up) scanned in 1.50 seconds"


def test_nothing_is_known_about_latency_without_a_measurement(report_of, many) -> None:
    assert "Host is up." in text_of(report_of(many(PortState.OPEN, 1)))


def test_a_host_with_only_collapsed_ports(report_of, many) -> None:
    lines = text_of(report_of(many(PortState.CLOSED, 30), names={0: "web"}))
    assert "All 30 scanned ports on web (10.0.0.1) are in ignored states." in lines
    assert "Not shown: 30 closed tcp ports (reset)" in lines


def test_the_plural_follows_the_total_of_the_state(report_of, decision) -> None:
    ports = [
        decision(0, Protocol.TCP, port, PortState.FILTERED, Reason.NO_RESPONSE)
        for port in range(1, 27)
    ]
    ports.append(decision(0, Protocol.TCP, 99, PortState.FILTERED, Reason.HOST_UNREACH))
    ports.append(decision(0, Protocol.UDP, 99, PortState.FILTERED, Reason.PORT_UNREACH))
    lines = text_of(report_of(ports))
    assert (
        "Not shown: 26 filtered tcp ports (no-response), 1 filtered tcp ports (host-unreach), "
        "1 filtered udp ports (port-unreach)" in lines
    )


def test_an_interrupted_scan_says_how_far_it_came(report_of, many) -> None:
    report = report_of(many(PortState.OPEN, 1), undecided=(5, 6), phase=Phase.CANCELLED)
    lines = text_of(report)
    assert "Not decided: 2 ports" in lines
    assert lines[-1] == (
        "PyScan interrupted: 1 IP address (1 host up) scanned in 1.50 seconds, 1 of 3 ports decided"
    )


def test_a_failed_scan_says_why(report_of) -> None:
    report = report_of([], undecided=(5,), phase=Phase.FAILED, failure="lo went away\x1b[2J")
    assert "The scan failed: lo went away␛[2J" in text_of(report)


def test_hostile_names_stay_on_their_line(report_of, many) -> None:
    report = report_of(
        many(PortState.OPEN, 1),
        names={0: "evil\n22/tcp open\x1b[31m\u202e"},
        target_problems=(("x\ny", "z\x07"),),
    )
    lines = text_of(report)
    assert "PyScan scan report for evil␊22/tcp open␛[31m\\u202e (10.0.0.1)" in lines
    assert "Target not scanned: x␊y: z␇" in lines


def test_a_scan_without_hosts_is_still_a_report(report_of) -> None:
    lines = text_of(report_of([], addresses=()))
    assert lines[-1] == "PyScan done: 0 IP addresses (0 hosts up) scanned in 1.50 seconds"


def test_a_ping_scan_lists_hosts_that_are_up_and_sums_up_the_others(swept: ScanReport) -> None:
    assert text_of(swept, Style(reasons=True))[1:] == [
        "PyScan scan report for gate.example (10.0.0.1)",
        "Host is up, received arp-response (0.0010s latency).",
        "MAC Address: 02:00:00:AB:CD:EF (Unknown)",
        "PyScan scan report for 10.0.0.3",
        "Host is up, received echo-reply (0.0010s latency).",
        "",
        "Not shown: 3 hosts down (2 no-response, 1 host-unreach)",
        "",
        "PyScan done: 6 IP addresses (2 hosts up) asked in 1.50 seconds",
    ]


def test_open_only_leaves_the_hosts_of_a_ping_scan(swept: ScanReport) -> None:
    assert text_of(swept, Style(open_only=True)) == text_of(swept)


def test_more_detail_lists_every_host(swept: ScanReport) -> None:
    lines = text_of(swept, Style(reasons=True, detail=2))
    assert "Host is down, no-response." in lines
    assert "Host is down, received host-unreach." in lines
    assert "Nobody asked whether the host is up." in lines
    assert not [line for line in lines if line.startswith("Not shown")]


def test_a_list_names_every_target_and_nothing_else(report_of) -> None:
    report = report_of(
        [], addresses=("10.0.0.1", "10.0.0.2"), names={1: "web"}, admitted=(),
        discovery=DiscoverySpec(Mode.LIST), scan_ports=False,
    )  # fmt: skip
    assert text_of(report)[1:] == [
        "PyScan scan report for 10.0.0.1",
        "PyScan scan report for web (10.0.0.2)",
        "",
        "PyScan done: 2 IP addresses listed in 1.50 seconds",
    ]


def test_when_no_host_answers_the_way_round_is_named(report_of, hosts_of) -> None:
    dark = hosts_of([(0, HostState.DOWN, Reason.NO_RESPONSE)])
    lines = text_of(report_of([], undecided=(80,), hosts=dark, admitted=()))
    assert lines[1:4] == [
        "",
        "Not shown: 1 host down (1 no-response)",
        "No host answered. If one is up and drops pings, scan it anyway with -Pn.",
    ]


def test_a_name_in_the_dns_beside_the_one_that_was_typed(report_of, hosts_of, many) -> None:
    known = hosts_of([(0, HostState.UP, Reason.ECHO_REPLY)], names={0: "other.example"})
    lines = text_of(report_of(many(PortState.OPEN, 1), names={0: "web.example"}, hosts=known))
    assert lines[2:5] == [
        "PyScan scan report for web.example (10.0.0.1)",
        "Host is up (0.0010s latency).",
        "The DNS calls 10.0.0.1: other.example",
    ]


def test_an_interrupted_ping_scan_says_how_far_it_came(swept: ScanReport) -> None:
    stopped = replace(swept, snapshot=replace(swept.snapshot, phase=Phase.CANCELLED))
    assert text_of(stopped)[-1] == (
        "PyScan interrupted: 6 IP addresses (2 hosts up) asked in 1.50 seconds, "
        "5 of 6 hosts decided"
    )


def test_ip_protocols_have_a_table_of_their_own(report_of, decision) -> None:
    made = [
        decision(0, Protocol.IP, 6, PortState.OPEN, Reason.PROTO_RESPONSE, ScanType.PROTOCOL),
        *(
            decision(0, Protocol.IP, number, PortState.CLOSED, Reason.PROTO_UNREACH)
            for number in range(100, 130)
        ),
    ]
    lines = text_of(report_of(made, scan_types=(ScanType.PROTOCOL,)))
    assert "Not shown: 30 closed ip protocols (proto-unreach)" in lines
    assert lines[5].split() == ["PROTOCOL", "STATE", "SERVICE"]
    assert lines[6].split()[:2] == ["6", "open"]


def test_explanations_follow_the_table_wrapped_and_harmless(report_of, many) -> None:
    keys: list[int] = []

    def explain(key: int) -> list[tuple[str, str]]:
        keys.append(key)
        return [("meaning", "word " * 30), ("reply", "first\nsecond\x1b[2J"), ("advice", "")]

    lines = text_of(report_of(many(PortState.OPEN, 2)), Style(explain=explain))
    assert keys == [1, 2]
    at = lines.index("1/tcp")
    assert lines[at + 1].startswith("  meaning: word word")
    assert lines[at + 2].startswith("    word")
    reply = lines.index("  reply: first")
    assert lines[reply + 1 : reply + 3] == ["    second␛[2J", ""]
    assert max(map(len, lines)) <= 80


def test_many_hosts_that_could_not_be_probed_are_summed_up(report_of) -> None:
    report = report_of(
        [], addresses=[f"10.0.0.{n}" for n in range(8)], undecided=(80,),
        problems={**dict.fromkeys(range(7), "no route"), 7: "no interface"},
    )  # fmt: skip
    lines = text_of(report)
    assert "Not shown: 7 hosts that could not be probed (no route)" in lines
    assert [line for line in lines if line.startswith("PyScan scan report for")] == [
        "PyScan scan report for 10.0.0.7"
    ]
    assert len([line for line in text_of(report, Style(detail=1)) if "could not" in line]) == 8


def once(state: PortState) -> int:
    """The flags of a cell that was in this state before it was probed again."""
    return state << WAS_SHIFT


def test_the_state_before_stands_at_the_end_of_a_line(report_of, many) -> None:
    decisions = [one._replace(flags=once(PortState.OPEN)) for one in many(PortState.CLOSED, 2)]
    decisions += [one._replace(port=100 + one.port) for one in many(PortState.FILTERED, 1)]
    lines = text_of(report_of(decisions))
    assert lines[5:8] == [
        "1/tcp   closed   tcpmux   was open",
        "2/tcp   closed   unknown  was open",
        "101/tcp filtered hostname",
    ]
    lines = text_of(report_of(decisions), Style(reasons=True))
    assert "1/tcp   closed   tcpmux   reset ttl 64 was open" in lines


def test_changed_ports_are_listed_while_they_are_few(report_of, many) -> None:
    def lines(changes: int, style: Style = PLAIN) -> list[str]:
        decisions = many(PortState.CLOSED, 100)
        for at in range(changes):
            decisions[at] = decisions[at]._replace(flags=once(PortState.OPEN))
        return text_of(report_of(decisions), style)

    assert sum(line.endswith("was open") for line in lines(25)) == 25
    assert "Not shown: 75 closed tcp ports (reset)" in lines(25)
    assert not any("was open" in line for line in lines(26))
    assert "Not shown, but changed: 26 ports" in lines(26)
    assert sum(line.endswith("was open") for line in lines(26, Style(detail=1))) == 26
    assert not any("changed" in line for line in lines(0))

from __future__ import annotations

import pytest

from engine.formats.host_status import Status, host_status
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType


@pytest.mark.parametrize(
    ("reason", "technique", "flags", "status"),
    [
        (Reason.SYN_ACK, ScanType.SYN, 0, Status.UP),
        (Reason.RESET, ScanType.SYN, 0, Status.UP),
        (Reason.CONN_REFUSED, ScanType.CONNECT, 0, Status.UP),
        (Reason.PORT_UNREACH, ScanType.UDP, 0, Status.UP),
        (Reason.ADMIN_PROHIBITED, ScanType.SYN, 0, Status.UP),
        (Reason.ADMIN_PROHIBITED, ScanType.SYN, 2, Status.UNKNOWN),
        (Reason.HOST_UNREACH, ScanType.CONNECT, 0, Status.UNKNOWN),
        (Reason.NO_RESPONSE, ScanType.SYN, 0, Status.UNKNOWN),
    ],
)
def test_only_an_answer_from_the_host_itself_shows_it_is_up(
    report_of, decision, reason: Reason, technique: ScanType, flags: int, status: Status
) -> None:
    made = decision(0, Protocol.TCP, 1, PortState.FILTERED, reason, technique, flags=flags)
    assert host_status(report_of([made]).snapshot, 0).status is status


def test_the_first_answer_is_the_reason(report_of, decision) -> None:
    report = report_of(
        [
            decision(0, Protocol.TCP, 9, PortState.FILTERED, Reason.NO_RESPONSE),
            decision(0, Protocol.TCP, 5, PortState.CLOSED, Reason.RESET, ttl=61),
            decision(0, Protocol.TCP, 1, PortState.OPEN, Reason.SYN_ACK, ttl=62),
        ]
    )
    found = host_status(report.snapshot, 0)
    assert (found.reason, found.ttl) == (Reason.RESET, 61)


def test_without_answers_a_problem_or_a_skip_explains(report_of) -> None:
    report = report_of(
        [],
        addresses=("10.0.0.1", "10.0.0.2", "10.0.0.3"),
        undecided=(80,),
        problems={0: "no route"},
        skipped=frozenset({1}),
    )
    found = [host_status(report.snapshot, host).status for host in range(3)]
    assert found == [Status.FAILED, Status.SKIPPED, Status.UNKNOWN]


UP, DOWN, OPEN_QUESTION = HostState.UP, HostState.DOWN, HostState.UNKNOWN


@pytest.mark.parametrize(
    ("state", "reason", "admitted", "answered", "expected"),
    [
        (UP, Reason.ECHO_REPLY, True, False, (Status.UP, Reason.ECHO_REPLY, False)),
        (UP, Reason.ECHO_REPLY, True, True, (Status.UP, Reason.ECHO_REPLY, False)),
        (UP, Reason.USER_SET, True, True, (Status.UP, Reason.RESET, False)),
        (UP, Reason.USER_SET, True, False, (Status.UNKNOWN, Reason.NONE, True)),
        (UP, Reason.USER_SET, False, False, (Status.UNKNOWN, Reason.NONE, True)),
        (DOWN, Reason.NO_RESPONSE, False, False, (Status.DOWN, Reason.NO_RESPONSE, False)),
        (DOWN, Reason.NO_RESPONSE, True, True, (Status.UP, Reason.RESET, False)),
        (OPEN_QUESTION, Reason.NONE, False, False, (Status.UNKNOWN, Reason.NONE, False)),
        (OPEN_QUESTION, Reason.NONE, True, False, (Status.UNKNOWN, Reason.NONE, True)),
    ],
)
def test_discovery_and_port_answers_together(
    report_of, hosts_of, decision,
    state: HostState, reason: Reason, admitted: bool, answered: bool,
    expected: tuple[Status, Reason, bool],
) -> None:  # fmt: skip
    ports = [decision(0, Protocol.TCP, 1, PortState.CLOSED, Reason.RESET)] if answered else []
    report = report_of(
        ports, undecided=(80,), admitted=(0,) if admitted else (),
        hosts=hosts_of([(0, state, reason)]),
    )  # fmt: skip
    found = host_status(report.snapshot, 0)
    assert (found.status, found.reason, found.assumed) == expected

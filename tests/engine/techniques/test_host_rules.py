"""Every row of host discovery's state table."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.host_state import HostState
from engine.spec.ping import PingKind
from engine.spec.reason import Reason
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind, answer_code
from engine.techniques.host_rules import HOST_RULES, HostOutcome, host_outcome

ICMP4, ICMP6, TCP = AnswerKind.ICMP4, AnswerKind.ICMP6, AnswerKind.TCP
RAW = [kind for kind in PingKind if kind not in (PingKind.CONNECT, PingKind.NEIGHBOUR)]

UP_ROWS = [
    (PingKind.ECHO, ICMP4, 0, Reason.ECHO_REPLY),
    (PingKind.ECHO, ICMP6, 129 << 8, Reason.ECHO_REPLY),
    (PingKind.TIMESTAMP, ICMP4, 14 << 8, Reason.TIMESTAMP_REPLY),
    (PingKind.MASK, ICMP4, 18 << 8, Reason.ADDRESSMASK_REPLY),
    (PingKind.SYN, TCP, SYN | ACK | WINDOW_OPEN, Reason.SYN_ACK),
    (PingKind.SYN, TCP, RST | ACK, Reason.RESET),
    (PingKind.SYN, TCP, SYN, Reason.SPLIT_HANDSHAKE_SYN),
    (PingKind.ACK, TCP, RST, Reason.RESET),
    (PingKind.UDP, AnswerKind.UDP, 0, Reason.UDP_RESPONSE),
    (PingKind.SCTP, AnswerKind.SCTP, 2, Reason.INIT_ACK),
    (PingKind.SCTP, AnswerKind.SCTP, 6, Reason.ABORT),
    (PingKind.PROTOCOL, AnswerKind.IP, 4, Reason.PROTO_RESPONSE),
    (PingKind.PROTOCOL, ICMP4, 0, Reason.PROTO_RESPONSE),
    (PingKind.PROTOCOL, TCP, RST, Reason.PROTO_RESPONSE),
    (PingKind.CONNECT, AnswerKind.ERRNO, 0, Reason.SYN_ACK),
    (PingKind.CONNECT, AnswerKind.ERRNO, errno.ECONNREFUSED, Reason.CONN_REFUSED),
    (PingKind.NEIGHBOUR, AnswerKind.NEIGHBOUR, 4, Reason.ARP_RESPONSE),
    (PingKind.NEIGHBOUR, AnswerKind.NEIGHBOUR, 6, Reason.ND_RESPONSE),
]


@pytest.mark.parametrize(("kind", "answer", "detail", "reason"), UP_ROWS)
def test_an_answer_of_the_host_itself_shows_it_up(
    kind: PingKind, answer: AnswerKind, detail: int, reason: Reason
) -> None:
    said = host_outcome(kind, answer_code(answer, detail))
    assert said == HostOutcome(HostState.UP, reason)
    assert host_outcome(kind, answer_code(answer, detail, from_target=False)) is None


@pytest.mark.parametrize("kind", RAW)
@pytest.mark.parametrize(
    ("answer", "detail", "from_target", "state", "reason"),
    [
        (ICMP4, 0x0302, True, HostState.UP, Reason.PROTO_UNREACH),
        (ICMP4, 0x0303, True, HostState.UP, Reason.PORT_UNREACH),
        (ICMP6, 0x0104, True, HostState.UP, Reason.PORT_UNREACH),
        (ICMP6, 0x0401, True, HostState.UP, Reason.PARAM_PROBLEM),
        (ICMP4, 0x0302, False, HostState.UNKNOWN, Reason.DEST_UNREACH),
        (ICMP4, 0x0303, False, HostState.UNKNOWN, Reason.DEST_UNREACH),
        (ICMP4, 0x0301, False, HostState.UNKNOWN, Reason.DEST_UNREACH),
        (ICMP4, 0x030D, True, HostState.UNKNOWN, Reason.DEST_UNREACH),
        (ICMP6, 0x0100, False, HostState.UNKNOWN, Reason.DEST_UNREACH),
        (ICMP4, 0x0B00, False, HostState.DOWN, Reason.TIME_EXCEEDED),
        (ICMP4, 0x0B01, True, HostState.DOWN, Reason.TIME_EXCEEDED),
        (ICMP6, 0x0300, False, HostState.DOWN, Reason.TIME_EXCEEDED),
    ],
)
def test_icmp_errors(
    kind: PingKind,
    answer: AnswerKind,
    detail: int,
    from_target: bool,
    state: HostState,
    reason: Reason,
) -> None:
    said = host_outcome(kind, answer_code(answer, detail, from_target))
    assert said == HostOutcome(state, reason)


@pytest.mark.parametrize(
    ("kind", "answer", "detail"),
    [
        (PingKind.ACK, TCP, SYN | ACK),
        (PingKind.SYN, TCP, ACK),
        (PingKind.ECHO, ICMP4, 8 << 8),
        (PingKind.ECHO, ICMP4, 4 << 8),
        (PingKind.TIMESTAMP, ICMP4, 0),
        (PingKind.SCTP, AnswerKind.SCTP, 1),
        (PingKind.CONNECT, AnswerKind.ERRNO, errno.ETIMEDOUT),
        (PingKind.CONNECT, AnswerKind.ERRNO, errno.EAGAIN),
        (PingKind.NEIGHBOUR, ICMP4, 0x0301),
        (PingKind.NEIGHBOUR, AnswerKind.NEIGHBOUR, 5),
    ],
)
def test_what_is_no_answer(kind: PingKind, answer: AnswerKind, detail: int) -> None:
    assert host_outcome(kind, answer_code(answer, detail)) is None


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES])
def test_connect_errors_of_unknown_origin_end_the_question(number: int) -> None:
    said = host_outcome(PingKind.CONNECT, answer_code(AnswerKind.ERRNO, number))
    assert said == HostOutcome(HostState.UNKNOWN, Reason.DEST_UNREACH)


def test_resets_can_be_ignored_but_nothing_else_changes() -> None:
    for kind, answer, detail, reason in UP_ROWS:
        said = host_outcome(kind, answer_code(answer, detail), ignore_resets=True)
        reset = reason in (Reason.RESET, Reason.CONN_REFUSED)
        assert said == HostOutcome(HostState.UNKNOWN if reset else HostState.UP, reason)


def test_every_kind_has_a_table() -> None:
    assert set(HOST_RULES) == set(PingKind)


@given(st.sampled_from(PingKind), st.integers(0, 2**32 - 1), st.booleans())
def test_any_code_is_read_without_an_exception(kind: PingKind, code: int, resets: bool) -> None:
    said = host_outcome(kind, code, resets)
    assert said is None or said.state in HostState

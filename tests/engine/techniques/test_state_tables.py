"""Every row of the scan types' state tables, as nmap has them."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import (
    ACK,
    CWR,
    ECE,
    FIN,
    PSH,
    RST,
    SYN,
    URG,
    WINDOW_OPEN,
    AnswerKind,
    answer_code,
    split_answer,
)
from engine.techniques.registry import TECHNIQUES, technique
from engine.techniques.technique import Outcome

TCP, ICMP4, ICMP6, UDP, ERRNO, SCTP, IP, NEIGHBOUR, IPID = AnswerKind

IGNORED = None
Row = tuple[AnswerKind, int, bool, str | None]
"""Answer kind, detail, from the target itself, and ``state reason`` (None: not an answer)."""


def icmp(kind: int, code: int) -> int:
    return kind << 8 | code


SYN_ROWS: list[Row] = [
    (TCP, SYN | ACK, True, "open syn-ack"),
    (TCP, SYN | ACK | WINDOW_OPEN, True, "open syn-ack"),
    (TCP, SYN | ACK | ECE, True, "open syn-ack"),
    (TCP, SYN | ACK | FIN | PSH | URG | CWR, True, "open syn-ack"),
    (TCP, SYN | ACK | RST, True, "open syn-ack"),
    (TCP, RST, True, "closed reset"),
    (TCP, RST | ACK, True, "closed reset"),
    (TCP, RST | WINDOW_OPEN, True, "closed reset"),
    (TCP, RST | SYN, True, "closed reset"),
    (TCP, SYN, True, "open split-handshake-syn"),
    (TCP, SYN | ECE | CWR | WINDOW_OPEN, True, "open split-handshake-syn"),
    (TCP, ACK, True, IGNORED),
    (TCP, FIN, True, IGNORED),
    (TCP, FIN | ACK | PSH | WINDOW_OPEN, True, IGNORED),
    (TCP, 0, True, IGNORED),
    (UDP, 0, True, IGNORED),
    (ERRNO, 0, True, IGNORED),
    (ERRNO, errno.ECONNREFUSED, True, IGNORED),
]

CONNECT_ROWS: list[Row] = [
    (ERRNO, 0, True, "open syn-ack"),
    (ERRNO, errno.ECONNREFUSED, True, "closed conn-refused"),
    (ERRNO, errno.EHOSTUNREACH, True, "filtered host-unreach"),
    (ERRNO, errno.ENETUNREACH, True, "filtered net-unreach"),
    (ERRNO, errno.EACCES, True, "filtered admin-prohibited"),
    (ERRNO, errno.ENOPROTOOPT, True, "filtered proto-unreach"),
    (ERRNO, errno.ENONET, True, "filtered dest-unreach"),
    (ERRNO, errno.ETIMEDOUT, True, IGNORED),
    (ERRNO, errno.EHOSTDOWN, True, IGNORED),
    (ERRNO, errno.EAGAIN, True, IGNORED),
    (ERRNO, errno.ENETDOWN, True, IGNORED),
    (ERRNO, errno.EMFILE, True, IGNORED),
    (TCP, SYN | ACK, True, IGNORED),
    (ICMP4, icmp(3, 3), True, IGNORED),
]

UDP_ROWS: list[Row] = [
    (UDP, 0, True, "open udp-response"),
    (ICMP4, icmp(3, 3), True, "closed port-unreach"),
    (ICMP4, icmp(3, 3), False, "filtered port-unreach"),
    (ICMP6, icmp(1, 4), True, "closed port-unreach"),
    (ICMP6, icmp(1, 4), False, "filtered port-unreach"),
    (ERRNO, errno.ECONNREFUSED, True, "closed port-unreach"),
    (ERRNO, errno.EHOSTUNREACH, True, "filtered host-unreach"),
    (ERRNO, errno.ENETUNREACH, True, "filtered net-unreach"),
    (ERRNO, errno.EACCES, True, "filtered admin-prohibited"),
    (ERRNO, errno.ENOPROTOOPT, True, "filtered proto-unreach"),
    (ERRNO, errno.ENONET, True, "filtered dest-unreach"),
    (ERRNO, 0, True, IGNORED),
    (ERRNO, errno.ETIMEDOUT, True, IGNORED),
    (ERRNO, errno.EMSGSIZE, True, IGNORED),
    (TCP, SYN | ACK, True, IGNORED),
]

RESET_ONLY: dict[ScanType, tuple[str, str]] = {
    ScanType.ACK: ("unfiltered reset", "unfiltered reset"),
    ScanType.WINDOW: ("closed reset", "open reset"),
    ScanType.MAIMON: ("closed reset", "closed reset"),
    ScanType.NULL: ("closed reset", "closed reset"),
    ScanType.FIN: ("closed reset", "closed reset"),
    ScanType.XMAS: ("closed reset", "closed reset"),
}
"""Types whose probe has no SYN: what a reset without and with a window means."""


def reset_only_rows(without_window: str, with_window: str) -> list[Row]:
    other = (SYN | ACK, SYN, ACK, FIN, FIN | ACK, PSH | ACK, 0, SYN | ACK | WINDOW_OPEN)
    return [
        (TCP, RST, True, without_window),
        (TCP, RST | ACK, True, without_window),
        (TCP, RST | WINDOW_OPEN, True, with_window),
        (TCP, RST | ACK | WINDOW_OPEN, True, with_window),
        *((TCP, flags, True, IGNORED) for flags in other),
        (UDP, 0, True, IGNORED),
        (ERRNO, errno.ECONNREFUSED, True, IGNORED),
    ]


IDLE_ROWS: list[Row] = [
    (IPID, 1, True, "open ipid-change"),
    (IPID, 0, True, "closed|filtered no-ipid-change"),
    (IPID, 2, True, IGNORED),
    (TCP, SYN | ACK, True, IGNORED),
    (TCP, RST, True, IGNORED),
    (ICMP4, icmp(3, 13), True, IGNORED),
]

ICMP_ROWS: list[tuple[AnswerKind, int, str | None]] = [
    (ICMP4, icmp(3, 0), "filtered net-unreach"),
    (ICMP4, icmp(3, 1), "filtered host-unreach"),
    (ICMP4, icmp(3, 2), "filtered proto-unreach"),
    (ICMP4, icmp(3, 9), "filtered net-prohibited"),
    (ICMP4, icmp(3, 10), "filtered host-prohibited"),
    (ICMP4, icmp(3, 13), "filtered admin-prohibited"),
    (ICMP4, icmp(11, 0), "filtered time-exceeded"),
    (ICMP4, icmp(11, 1), "filtered time-exceeded"),
    *((ICMP4, icmp(3, code), IGNORED) for code in (4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 255)),
    *((ICMP4, icmp(kind, 0), IGNORED) for kind in (0, 4, 5, 8, 12, 14, 18)),
    (ICMP6, icmp(1, 0), "filtered no-route"),
    (ICMP6, icmp(1, 1), "filtered admin-prohibited"),
    (ICMP6, icmp(1, 2), "filtered beyond-scope"),
    (ICMP6, icmp(1, 3), "filtered host-unreach"),
    (ICMP6, icmp(1, 5), "filtered admin-prohibited"),
    (ICMP6, icmp(1, 6), "filtered reject-route"),
    (ICMP6, icmp(3, 0), IGNORED),
    (ICMP6, icmp(3, 1), IGNORED),
    (ICMP6, icmp(4, 0), "open param-problem"),
    (ICMP6, icmp(4, 1), "filtered param-problem"),
    (ICMP6, icmp(4, 2), IGNORED),
    (ICMP6, icmp(1, 7), IGNORED),
    (ICMP6, icmp(2, 0), IGNORED),
    (ICMP6, icmp(129, 0), IGNORED),
]
"""ICMP messages that mean the same to every type but -sT, whoever sends them."""


SCTP_OTHER_CHUNKS: list[Row] = [
    *((SCTP, chunk, True, IGNORED) for chunk in (0, 1, 3, 7, 9, 10, 11, 14, 255)),
    (TCP, RST, True, IGNORED),
    (UDP, 0, True, IGNORED),
    (IP, 132, True, IGNORED),
]
SCTP_ROWS: dict[ScanType, list[Row]] = {
    ScanType.SCTP_INIT: [
        (SCTP, 2, True, "open init-ack"),
        (SCTP, 6, True, "closed abort"),
        *SCTP_OTHER_CHUNKS,
    ],
    ScanType.SCTP_ECHO: [
        (SCTP, 6, True, "closed abort"),
        (SCTP, 2, True, IGNORED),
        *SCTP_OTHER_CHUNKS,
    ],
}

PROTOCOL_ROWS: list[Row] = [
    *((IP, number, True, "open proto-response") for number in (0, 1, 6, 47, 132, 254)),
    (ICMP4, icmp(0, 0), True, "open echo-reply"),
    (ICMP4, icmp(0, 0), False, IGNORED),
    (ICMP6, icmp(129, 0), True, "open proto-response"),
    (ICMP6, icmp(129, 0), False, IGNORED),
    (ICMP4, icmp(3, 2), True, "closed proto-unreach"),
    (ICMP4, icmp(3, 2), False, "filtered proto-unreach"),
    (ICMP6, icmp(4, 1), True, "closed param-problem"),
    (ICMP6, icmp(4, 1), False, "filtered param-problem"),
    (ICMP4, icmp(3, 3), True, "open port-unreach"),
    (ICMP4, icmp(3, 3), False, "filtered port-unreach"),
    (ICMP6, icmp(1, 4), True, "open port-unreach"),
    (ICMP6, icmp(1, 4), False, "filtered port-unreach"),
    (TCP, RST, True, IGNORED),
    (UDP, 0, True, IGNORED),
    (SCTP, 2, True, IGNORED),
]


def rows() -> list[tuple[ScanType, Row]]:
    from_both = [(kind, detail, by, out) for kind, detail, out in ICMP_ROWS for by in (True, False)]
    port_unreachable: list[Row] = [
        (kind, detail, by, "filtered port-unreach")
        for kind, detail in ((ICMP4, icmp(3, 3)), (ICMP6, icmp(1, 4)))
        for by in (True, False)
    ]
    return [
        *((ScanType.SYN, row) for row in SYN_ROWS + port_unreachable + from_both),
        *((ScanType.CONNECT, row) for row in CONNECT_ROWS),
        *((ScanType.UDP, row) for row in UDP_ROWS + from_both),
        *(
            (scan_type, row)
            for scan_type, resets in RESET_ONLY.items()
            for row in reset_only_rows(*resets) + port_unreachable + from_both
        ),
        *((ScanType.IDLE, row) for row in IDLE_ROWS),
        *(
            (scan_type, row)
            for scan_type, chunks in SCTP_ROWS.items()
            for row in chunks + port_unreachable + from_both
        ),
        *((ScanType.PROTOCOL, row) for row in PROTOCOL_ROWS),
        *(
            (ScanType.PROTOCOL, row)
            for row in from_both
            if row[:3] not in {own[:3] for own in PROTOCOL_ROWS}
        ),
    ]


def outcome(text: str) -> Outcome:
    state, reason = text.split()
    return Outcome(PortState.from_label(state), Reason.from_label(reason))


@pytest.mark.parametrize(("scan_type", "row"), rows())
def test_an_answer_means_what_its_row_says(scan_type: ScanType, row: Row) -> None:
    kind, detail, from_target, expected = row
    found = technique(scan_type).classify(answer_code(kind, detail, from_target))
    assert found == (outcome(expected) if expected else None)


@pytest.mark.parametrize(
    ("scan_type", "expected"),
    [
        (ScanType.CONNECT, "filtered no-response"),
        (ScanType.SYN, "filtered no-response"),
        (ScanType.UDP, "open|filtered no-response"),
        (ScanType.ACK, "filtered no-response"),
        (ScanType.WINDOW, "filtered no-response"),
        (ScanType.MAIMON, "open|filtered no-response"),
        (ScanType.NULL, "open|filtered no-response"),
        (ScanType.FIN, "open|filtered no-response"),
        (ScanType.XMAS, "open|filtered no-response"),
        (ScanType.SCTP_INIT, "filtered no-response"),
        (ScanType.SCTP_ECHO, "open|filtered no-response"),
        (ScanType.PROTOCOL, "open|filtered no-response"),
        (ScanType.IDLE, "closed|filtered no-response"),
    ],
)
def test_silence_means_the_default_state(scan_type: ScanType, expected: str) -> None:
    assert technique(scan_type).silence == outcome(expected)


def test_every_scan_type_has_its_technique() -> None:
    assert set(TECHNIQUES) == set(ScanType)
    for scan_type, entry in TECHNIQUES.items():
        assert entry.scan_type is scan_type
        assert entry.protocol is scan_type.protocol


def test_only_types_that_open_connections_await_a_syn_ack() -> None:
    awaiting = {one for one, entry in TECHNIQUES.items() if entry.awaits_syn_ack}
    assert awaiting == {ScanType.CONNECT, ScanType.SYN}


def test_every_rule_decides_some_answer() -> None:
    for entry in TECHNIQUES.values():
        for rule in entry.rules:
            code = answer_code(rule.kind, rule.value, rule.from_target is not False)
            alone = answer_code(rule.kind, rule.value, False)
            assert rule.outcome in (entry.classify(code), entry.classify(alone)), rule


@given(st.sampled_from(ScanType), st.integers(0, 2**32 - 1))
def test_any_code_is_an_outcome_or_no_answer(scan_type: ScanType, code: int) -> None:
    found = technique(scan_type).classify(code)
    if found is not None:
        kind, _, _ = split_answer(code)
        assert found.state is not PortState.PENDING
        assert kind in {rule.kind for rule in technique(scan_type).rules}


@given(
    st.sampled_from(ScanType), st.sampled_from(AnswerKind), st.integers(0, 0xFFFF), st.booleans()
)
def test_no_answer_of_a_known_kind_raises(
    scan_type: ScanType, kind: AnswerKind, detail: int, from_target: bool
) -> None:
    found = technique(scan_type).classify(answer_code(kind, detail, from_target))
    assert found is None or found.reason is not Reason.NONE


@given(st.integers(-(2**40), 2**40))
def test_a_number_that_is_no_code_is_no_answer(code: int) -> None:
    if not 1 <= code >> 24 <= max(AnswerKind):
        for entry in TECHNIQUES.values():
            assert entry.classify(code) is None

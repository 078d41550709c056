"""The ICMP table against state-tables section 0, row by row."""

from __future__ import annotations

import pytest

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.techniques.answer import AnswerKind
from engine.techniques.icmp import ICMP4, ICMP6, IcmpRow, icmp_reason

KINDS = {4: AnswerKind.ICMP4, 6: AnswerKind.ICMP6}


@pytest.mark.parametrize(
    ("version", "kind", "code", "reason"),
    [
        (4, 0, 0, "echo-reply"),
        (4, 3, 0, "net-unreach"),
        (4, 3, 1, "host-unreach"),
        (4, 3, 2, "proto-unreach"),
        (4, 3, 3, "port-unreach"),
        (4, 3, 9, "net-prohibited"),
        (4, 3, 10, "host-prohibited"),
        (4, 3, 13, "admin-prohibited"),
        *((4, 3, code, "dest-unreach") for code in (4, 5, 6, 7, 8, 11, 12, 14, 15)),
        (4, 4, 0, "source-quench"),
        (4, 11, 0, "time-exceeded"),
        (4, 11, 1, "time-exceeded"),
        (4, 12, 0, ""),
        (4, 14, 0, "timestamp-reply"),
        (4, 18, 0, "addressmask-reply"),
        (6, 1, 0, "no-route"),
        (6, 1, 1, "admin-prohibited"),
        (6, 1, 2, "beyond-scope"),
        (6, 1, 3, "host-unreach"),
        (6, 1, 4, "port-unreach"),
        (6, 1, 5, "admin-prohibited"),
        (6, 1, 6, "reject-route"),
        (6, 3, 0, "time-exceeded"),
        (6, 4, 0, "param-problem"),
        (6, 4, 1, "param-problem"),
        (6, 129, 0, "echo-reply"),
        (6, 2, 0, ""),
        (6, 200, 7, ""),
    ],
)
def test_a_message_gives_the_reason_of_its_row(
    version: int, kind: int, code: int, reason: str
) -> None:
    assert icmp_reason(KINDS[version], kind << 8 | code) is Reason.from_label(reason)


def test_other_kinds_of_answers_give_no_icmp_reason() -> None:
    assert icmp_reason(AnswerKind.TCP, 0x0303) is Reason.NONE


@pytest.mark.parametrize("table", [ICMP4, ICMP6])
def test_no_row_is_hidden_by_an_earlier_one(table: tuple[IcmpRow, ...]) -> None:
    for index, row in enumerate(table):
        assert not [r for r in table[:index] if r.type == row.type and r.code in (None, row.code)]


def test_only_an_erroneous_header_field_opens_a_port() -> None:
    opening = {(row.type, row.code) for row in ICMP6 if row.state is PortState.OPEN}
    assert opening == {(4, 0)}
    assert {row.state for row in ICMP4} == {None, PortState.FILTERED}

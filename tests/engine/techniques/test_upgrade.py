"""Which state may replace which, row by row, and that it always comes to an end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from engine.techniques.upgrade import UPGRADES, may_replace

ORDINARY = (
    ScanType.CONNECT,
    ScanType.SYN,
    ScanType.ACK,
    ScanType.WINDOW,
    ScanType.SCTP_INIT,
    ScanType.IDLE,
)
SILENT = tuple(sorted(set(ScanType) - set(ORDINARY)))
OPEN, CLOSED, FILTERED = PortState.OPEN, PortState.CLOSED, PortState.FILTERED
UNFILTERED, MAYBE = PortState.UNFILTERED, PortState.OPEN_FILTERED
EITHER = PortState.CLOSED_FILTERED
ANSWERS = (OPEN, CLOSED, FILTERED, UNFILTERED)


def replaces(old: PortState, new: PortState, scan_type: ScanType) -> bool:
    answer = may_replace(*(np.array([one], np.uint8) for one in (old, new, scan_type)))
    return bool(answer[0])


@pytest.mark.parametrize(
    ("old", "ordinary", "silent"),
    [
        (OPEN, (), (CLOSED, FILTERED)),
        (CLOSED, (OPEN,), ()),
        (FILTERED, (OPEN, CLOSED, UNFILTERED), (CLOSED,)),
        (UNFILTERED, (OPEN, CLOSED), (OPEN, CLOSED)),
        (MAYBE, ANSWERS, ANSWERS),
        (EITHER, ANSWERS, ANSWERS),
        (PortState.PENDING, (), ()),
    ],
)
def test_each_row(
    old: PortState, ordinary: tuple[PortState, ...], silent: tuple[PortState, ...]
) -> None:
    for types, expected in ((ORDINARY, ordinary), (SILENT, silent)):
        for scan_type in types:
            assert {new for new in PortState if replaces(old, new, scan_type)} == set(expected)


def test_every_state_has_a_row() -> None:
    assert set(UPGRADES) == set(PortState) - {PortState.PENDING}


@settings(max_examples=60, derandomize=True)
@given(
    st.sampled_from(list(PortState)[1:]),
    st.sampled_from(ScanType),
    st.lists(st.sampled_from(ANSWERS), max_size=30),
)
def test_no_answers_keep_a_port_changing(
    state: PortState, scan_type: ScanType, answers: list[PortState]
) -> None:
    changes = 0
    for answer in answers * 2:
        if replaces(state, answer, scan_type):
            assert answer != state
            state, changes = answer, changes + 1
    assert changes <= 3


@pytest.mark.parametrize("scan_type", [ScanType.SYN, ScanType.ACK])
@given(st.permutations([OPEN, CLOSED, FILTERED]))
def test_the_order_of_answers_does_not_matter_to_an_ordinary_scan(
    scan_type: ScanType, answers: list[PortState]
) -> None:
    state = answers[0]
    for answer in answers[1:]:
        state = answer if replaces(state, answer, scan_type) else state
    assert state is OPEN

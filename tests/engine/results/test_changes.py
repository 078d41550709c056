"""Ports in another state than before they were probed again: kept, found, counted, told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.addressing import AddressBook
from engine.narrator import Narrator
from engine.results.cell import DOUBTED, cell_key
from engine.results.decided import DecidedBatch
from engine.results.filter import parse_filter
from engine.results.log import ScanLog
from engine.results.query import Query, run_query
from engine.results.snapshot import Phase
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from tests.engine.core.simulated_scan import targets
from tests.engine.results.filled_store import channels, decide, full_store, locate, snapshot_of

OPEN, CLOSED, FILTERED = PortState.OPEN, PortState.CLOSED, PortState.FILTERED
CELL_22 = [(0, 0, 22)]
KEY_22 = cell_key(0, 0, 22)


@pytest.fixture
def store() -> Store:
    made = full_store(1, channels([22, 80, 443]))
    decide(made, [(0, 0, 22), (0, 0, 80)])
    decide(made, [(0, 0, 443)], CLOSED, Reason.RESET)
    return made


def was(store: Store, key: int = KEY_22) -> PortState | None:
    row = snapshot_of(store, "10.0.0.1").row(key)
    assert row is not None
    return row.was


def again(store: Store, state: PortState, technique: ScanType = ScanType.SYN) -> None:
    store.reopen(locate(store, CELL_22), 0, new_pass=True)
    decide(store, CELL_22, state, Reason.NO_RESPONSE, technique)


def test_the_state_before_is_known_until_the_next_pass(store: Store) -> None:
    assert was(store) is None
    again(store, FILTERED)
    assert was(store) is OPEN
    again(store, FILTERED)
    assert was(store) is None
    again(store, CLOSED)
    assert was(store) is FILTERED


def test_while_a_port_is_probed_again_nothing_has_changed(store: Store) -> None:
    again(store, FILTERED)
    store.reopen(locate(store, CELL_22), 0, new_pass=True)
    assert was(store) is None
    store.close(locate(store, CELL_22))
    assert was(store) is None


def test_a_late_answer_is_compared_with_the_pass_before(store: Store) -> None:
    again(store, FILTERED)
    decide(store, CELL_22, OPEN)
    assert was(store) is None
    again(store, FILTERED)
    decide(store, CELL_22, CLOSED, Reason.RESET)
    assert was(store) is OPEN


def test_another_decision_in_the_first_pass_is_no_change(store: Store) -> None:
    decide(store, CELL_22, FILTERED, Reason.NO_RESPONSE)
    assert was(store) is None


def test_silence_that_was_believed_too_soon_is_no_change(store: Store) -> None:
    """The engine asks silent ports again when their host turns out to ration its answers."""
    silent = [(0, 0, 443)]
    store.reopen(locate(store, silent), 1)
    decide(store, silent, FILTERED, Reason.NO_RESPONSE)
    assert was(store, cell_key(0, 0, 443)) is None


def test_silence_that_was_believed_too_soon_is_not_what_a_later_pass_is_compared_with(
    store: Store,
) -> None:
    for earlier, now, change in ((OPEN, OPEN, None), (OPEN, CLOSED, OPEN), (CLOSED, OPEN, CLOSED)):
        again(store, earlier)
        again(store, FILTERED)
        assert was(store) is earlier
        store.reopen(locate(store, CELL_22), 1)
        assert was(store) is None
        decide(store, CELL_22, now)
        assert was(store) is change


def test_what_another_technique_finds_is_no_change(store: Store) -> None:
    again(store, PortState.UNFILTERED, ScanType.ACK)
    assert was(store) is None
    assert [one.state for one in snapshot_of(store, "10.0.0.1").earlier(KEY_22)] == [OPEN]


@given(
    states=st.lists(st.sampled_from([one for one in PortState if one]), min_size=2, max_size=6),
    flags=st.sampled_from([0, DOUBTED]),
)
def test_any_states_are_told_apart(states: list[PortState], flags: int) -> None:
    store = full_store(1, channels([22]))
    for state in states:
        store.reopen(locate(store, CELL_22), 0, new_pass=True)
        decide(store, CELL_22, state, flags=flags)
    before, now = states[-2:]
    assert was(store) is (before if before is not now else None)
    row = snapshot_of(store, "10.0.0.1").row(KEY_22)
    assert row is not None and row.doubted is bool(flags)


def test_the_filter_and_the_counts_know_them(store: Store) -> None:
    again(store, FILTERED)
    snapshot = snapshot_of(store, "10.0.0.1")
    found = run_query(snapshot, Query(filter=parse_filter("state:changed")))
    assert found.keys.tolist() == [KEY_22] and found.changed == 1
    others = run_query(snapshot, Query(filter=parse_filter("-state:changed")))
    assert others.keys.tolist() == [cell_key(0, 0, 80), cell_key(0, 0, 443)]


@pytest.mark.parametrize(("changes", "rows"), [(1, 2), (100, 101), (101, 1)])
def test_rows_that_have_changed_are_shown_whatever_they_are_while_they_are_few(
    changes: int, rows: int
) -> None:
    store = full_store(1, channels(range(1, 200)))
    every = [(0, 0, port) for port in range(1, changes + 1)]
    decide(store, [(0, 0, 150), *every])
    decide(store, [(0, 0, 151)], CLOSED, Reason.RESET)
    store.reopen(locate(store, every), 0, new_pass=True)
    decide(store, every, FILTERED, Reason.NO_RESPONSE)
    snapshot = replace(snapshot_of(store, "10.0.0.1"), phase=Phase.FINISHED)
    found = run_query(snapshot, Query())
    assert (len(found), found.changed) == (rows, changes)
    hidden = {CLOSED: 1} if rows > 1 else {CLOSED: 1, FILTERED: changes}
    assert found.hidden == hidden
    assert found.keys.tolist() == sorted(found.keys.tolist())
    running = replace(snapshot, phase=Phase.RUNNING)
    assert len(run_query(running, Query())) == 1  # some may be answered yet


def test_the_log_names_them(store: Store) -> None:
    names, log = AddressBook(targets("10.0.0.1")), ScanLog()
    narrator = Narrator(log, lambda: 1.0)

    def batch() -> DecidedBatch:
        return DecidedBatch(np.array([KEY_22]), store.copy(locate(store, CELL_22)), names)

    def told() -> list[str]:
        return [line.text for line in log.lines(0, 1)]

    narrator.decided(batch())
    assert told() == ["open: 22/tcp (ssh) on 10.0.0.1, syn-ack after 1 ms"]
    again(store, FILTERED)
    narrator.decided(batch())
    assert told()[1:] == []  # it may have been a lost answer
    narrator.changed(batch())
    gone = "changed: 22/tcp (ssh) on 10.0.0.1 was open, is filtered now, no-response"
    assert told()[1:] == [gone]
    store.reopen(locate(store, CELL_22), 0, new_pass=True)
    decide(store, CELL_22)
    narrator.decided(batch())
    back = "changed: 22/tcp (ssh) on 10.0.0.1 was filtered, is open now, syn-ack"
    assert told()[2:] == [back]
    narrator.changed(batch())
    assert told()[2:] == [back]

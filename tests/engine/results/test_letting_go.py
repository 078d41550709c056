"""The store lets quiet hosts go: what stays, what is counted, and what a picture keeps showing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from tests.engine.results.filled_store import channels, decide, full_store

HOSTS = 12
COLUMNS = channels([22, 80])


def silence(store: Store, host: int) -> None:
    cells = [(host, 0, 22), (host, 0, 80)]
    decide(store, cells, PortState.FILTERED, Reason.NO_RESPONSE)


def let_go(store: Store) -> set[int]:
    some = store.unsettled()
    busy = np.zeros(len(some.hosts), bool)
    busy[some.rows] = True
    store.settle(some.quiet & ~busy, ~some.quiet & ~busy)
    return set(some.hosts[some.quiet & ~busy].tolist())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("soa"), st.integers(0, HOSTS - 1)), max_size=30))
def test_every_result_is_kept_or_counted(steps: list[tuple[str, int]]) -> None:
    store = full_store(HOSTS, COLUMNS)
    opened: set[int] = set()
    gone: set[int] = set()
    for what, host in steps:
        if what == "s" and host not in gone | opened:
            silence(store, host)
        elif what == "o" and host not in gone:
            decide(store, [(host, 0, 80)])
            opened.add(host)
        elif what == "a":
            gone |= let_go(store)
    before = store.snapshot()
    gone |= let_go(store)
    view = store.snapshot()
    assert set(view.hosts.tolist()) == set(range(HOSTS)) - gone
    assert view.totals == before.totals and sum(view.totals.values()) == 2 * HOSTS
    assert view.released_hosts == len(gone)
    for host in range(HOSTS):
        assert (view.row(host) < 0) == (host in gone)
        cell = view.cell(host << 18 | 80)
        assert (cell is None) == (host in gone)
        if host in opened:
            assert cell is not None and cell["state"] == PortState.OPEN


def test_a_picture_stays_as_it_was_when_rows_move() -> None:
    store = full_store(HOSTS, COLUMNS)
    for host in range(0, HOSTS, 2):
        silence(store, host)
    decide(store, [(5, 0, 80)])
    before = store.snapshot()
    cells = [before.host_cells(host).copy() for host in range(HOSTS)]
    let_go(store)
    store.admit(np.array([2], np.uint32))
    decide(store, [(7, 0, 22), (2, 0, 22)])
    assert [before.host_cells(host).tolist() for host in range(HOSTS)] == [
        one.tolist() for one in cells
    ]
    assert store.snapshot().cell(7 << 18 | 22)["state"] == PortState.OPEN


def test_a_host_that_is_taken_back_is_counted_once() -> None:
    store = full_store(3, COLUMNS)
    for host in range(3):
        silence(store, host)
    let_go(store)
    hosts = np.array([1], np.uint32)
    assert store.released(np.array([1, 2, 2], np.uint32)).tolist() == [1, 2]
    at = store.take_back(hosts)
    filtered = np.full(len(at), PortState.FILTERED, np.uint8)
    store.silence(at, filtered, np.ones(len(at), np.uint8), np.ones(len(at), np.uint8))
    view = store.snapshot()
    assert view.totals[PortState.FILTERED] == 6 and view.totals[PortState.PENDING] == 0
    assert view.released_hosts == 2 and view.hosts.tolist() == [1]
    assert store.released(hosts).tolist() == []


def test_ports_that_are_new_are_undecided_for_hosts_let_go_too() -> None:
    store = full_store(2, COLUMNS)
    silence(store, 0)
    let_go(store)
    store.grow(2, channels([443]))
    assert store.snapshot().totals[PortState.PENDING] == 2 + 2


def test_hosts_that_are_withdrawn_are_as_if_they_had_not_been_admitted() -> None:
    store = full_store(4, COLUMNS)
    silence(store, 0)
    decide(store, [(3, 0, 80)])
    some = np.arange(4)
    store.settle(some == 0, some == 3, (some == 1) | (some == 2))
    view = store.snapshot()
    assert view.hosts.tolist() == [3] and view.released_hosts == 1
    assert view.totals[PortState.FILTERED] == 2 and view.totals[PortState.PENDING] == 1
    hosts = np.arange(4, dtype=np.uint32)
    assert store.knows(hosts).all() and store.any_withdrawn
    assert store.released(hosts).tolist() == [0, 1, 2]
    assert store.take_back(hosts[1:3]).tolist() == [], "nothing of them was silent"
    assert not store.any_withdrawn and store.released(hosts).tolist() == [0]
    view = store.snapshot()
    assert sorted(view.hosts.tolist()) == [1, 2, 3] and view.released_hosts == 1
    assert view.totals[PortState.PENDING] == 5


def test_notes_of_millions_of_hosts_that_are_gone_take_little_memory() -> None:
    count = 1 << 20
    store = Store(count, COLUMNS)
    for first in range(0, count, 1 << 16):
        store.admit(np.arange(first, first + (1 << 16), dtype=np.uint32))
        gone = np.ones(1 << 16, bool)
        store.settle(~gone, ~gone, gone)
    assert len(store.released(np.arange(count, dtype=np.uint32))) == count
    assert store.nbytes < 4 << 20

"""The store against a plain dictionary, and its snapshots."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.results import blocks
from engine.results import store as store_module
from engine.results.cell import CELL, STALE, cell_key, channel_of, record_keys, split_key
from engine.results.store import Store, StoreFullError
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from tests.engine.results.filled_store import Cell, channels, decide, full_store, locate


def test_a_port_takes_twelve_bytes() -> None:
    assert CELL.itemsize == 12


def test_keys_name_cells_for_good() -> None:
    cell = (4_194_303, 3, 65_535)
    assert split_key(cell_key(*cell)) == cell
    records = np.array([cell], [("host", "u4"), ("protocol", "u1"), ("port", "u2")])
    assert record_keys(records).tolist() == [cell_key(*cell)]
    assert cell_key(*cell) & 0x3FFFF == channel_of(3, 65_535)


def test_strangers_have_no_position() -> None:
    store = full_store(2, channels([80, 443]))
    at = locate(store, [(0, 0, 80), (1, 0, 443), (2, 0, 80), (0, 0, 81), (0, 1, 80), (0, 3, 65535)])
    assert at.tolist() == [0, 3, -1, -1, -1, -1]


def test_hosts_get_cells_when_they_are_admitted() -> None:
    store = Store(5, channels([80, 443]))
    assert locate(store, [(3, 0, 80)]).tolist() == [-1]
    store.admit(np.array([3], np.uint32))
    decide(store, [(3, 0, 443)])
    store.admit(np.array([4, 0, 3, 4], np.uint32))
    store.admit(np.array([], np.uint32))
    assert store.row_count == 3 and store.host_count == 5
    at = locate(store, [(3, 0, 443), (0, 0, 80), (4, 0, 80), (1, 0, 80)])
    assert at.tolist() == [1, 2, 4, -1]
    assert store.states(at[:1]).tolist() == [PortState.OPEN]
    assert store.name(at[:3])[0].tolist() == [3, 0, 4]
    assert store.pending(host=1).tolist() == store.positions(host=1).tolist() == []


def test_memory_follows_the_admitted_hosts() -> None:
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    store = Store(65_536, channels(range(1, 1001)))
    for host in range(40):
        store.admit(np.array([host * 1000], np.uint32))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 64 * 1000 * 12 + 65_536 * 4 + 100_000


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MAX_CELLS", 100)
    store = Store(11, channels(range(10)))
    with pytest.raises(StoreFullError, match="11 hosts x 10 ports are more than the 100"):
        store.admit(np.arange(11, dtype=np.uint32))
    assert store.row_count == 0
    store.admit(np.arange(10, dtype=np.uint32))
    decide(store, [(3, 0, 4)])
    with pytest.raises(StoreFullError):
        store.grow(12, channels([11]))
    with pytest.raises(StoreFullError):
        store.admit(np.array([10], np.uint32))
    assert store.host_count == 11 and store.row_count == len(store.channels) == 10
    assert store.states(locate(store, [(3, 0, 4)])).tolist() == [PortState.OPEN]


def test_a_store_without_ports_or_hosts() -> None:
    for store in (
        full_store(3, channels([])),
        full_store(0, channels([80])),
        Store(3, channels([80])),
    ):
        view = store.snapshot()
        assert sum(view.totals.values()) == view.row_counts.sum()
        assert not len(store.pending()) and not len(store.positions())
        assert view.cell(cell_key(0, 0, 80)) is None


# ------------------------------------------------------------------ snapshots


def test_a_snapshot_never_changes() -> None:
    store = full_store(3, channels([22, 80]))
    decide(store, [(0, 0, 22)])
    before = store.snapshot()
    copy = [block.cells.copy() for block in before.blocks]
    decide(store, [(0, 0, 22), (2, 0, 80)], PortState.CLOSED, Reason.RESET)
    store.reopen(locate(store, [(0, 0, 22)]), 0)
    assert all((old.cells == kept).all() for old, kept in zip(before.blocks, copy, strict=True))
    assert before.totals[PortState.OPEN] == 1 and before.totals[PortState.CLOSED] == 0
    with pytest.raises(ValueError, match="read-only"):
        before.blocks[0].cells["state"] = 1
    with pytest.raises(ValueError, match="read-only"):
        before.host_cells(0)["state"] = 1


def test_unchanged_blocks_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_CELLS", 4)
    store = full_store(7, channels([22, 80]))
    first = store.snapshot()
    assert len(first.blocks) == 4 and first.host_count == 7
    decide(store, [(3, 0, 80)])
    second = store.snapshot()
    shared = [a is b for a, b in zip(first.blocks, second.blocks, strict=True)]
    assert shared == [True, False, True, True]
    assert second.version > first.version
    third = store.snapshot()
    assert third.version == second.version
    assert all(a is b for a, b in zip(second.blocks, third.blocks, strict=True))


def test_a_snapshot_does_not_know_hosts_admitted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_CELLS", 4)
    store = Store(7, channels([22, 80]))
    before = []
    for host in (5, 2, 6, 0):
        before.append(store.snapshot())
        store.admit(np.array([host], np.uint32))
        decide(store, [(host, 0, 80)])
    store.grow(9, channels([22]))
    for count, view in enumerate(before):
        assert view.hosts.tolist() == [5, 2, 6, 0][:count]
        assert [host for host in range(-1, 9) if view.row(host) >= 0] == sorted(view.hosts.tolist())
        for host in range(7):
            known = host in view.hosts
            assert (view.cell(cell_key(host, 0, 80)) is not None) == known
            assert view.counts(host)[PortState.OPEN] == known
            assert len(view.host_cells(host)) == 2
        parts = list(view.parts())
        assert [len(cells) for _, cells in parts] == [len(hosts) for hosts, _ in parts]


def test_sent_probes_alone_copy_nothing() -> None:
    store = full_store(1, channels([22]))
    first = store.snapshot()
    at = locate(store, [(0, 0, 22)])
    store.note_sent(at, np.array([1], np.uint8), np.array([5], np.uint32), np.array([False]))
    store.land(at)
    assert store.snapshot().blocks[0] is first.blocks[0]


def test_the_last_snapshot_costs_no_copy() -> None:
    store = full_store(1, channels([22]))
    decide(store, [(0, 0, 22)])
    view = store.snapshot(last=True)
    assert view.totals[PortState.OPEN] == 1
    with pytest.raises(ValueError, match="read-only"):
        view.blocks[0].cells["state"] = 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("span", "kept"), [(-2_000.0, 0.0), (1.5, 1.5), (1e9, 65.0)])
def test_copies_an_hour_apart_are_noted_all_the_same(span: float, kept: float) -> None:
    store = full_store(1, channels([22]))
    at, two = locate(store, [(0, 0, 22)]), np.array([2], np.uint8)
    store.note_sent(at, two, np.array([5], np.uint32), np.array([False]), np.array([span]))
    assert store.spans(at)[0] == pytest.approx(kept, rel=1e-3)


def test_rtts_are_bounded() -> None:
    store = full_store(1, channels([1, 2, 3]))
    decide(store, [(0, 0, 1)], rtt=1e12)
    decide(store, [(0, 0, 2)], rtt=-5.0)
    decide(store, [(0, 0, 3)], rtt=float("nan"))
    rtts = store.snapshot().host_cells(0)["rtt"]
    assert np.isfinite(rtts[0]) and rtts[0] >= 60_000 and rtts[1] == 0 and np.isnan(rtts[2])


# ------------------------------------------------------------------ against a model

cells = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([0, 1]), st.integers(1, 8)),
    max_size=6,
    unique=True,
)


class StoreModel(RuleBasedStateMachine):
    """Every cell of the store is what a dictionary says."""

    @initialize(
        hosts=st.integers(1, 3), last=st.integers(1, 4), block=st.sampled_from([1, 8, 65536])
    )
    def build(self, hosts: int, last: int, block: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(blocks, "BLOCK_CELLS", block)
        self.store = Store(hosts, channels(range(1, last + 1)))
        self.hosts = hosts
        self.admitted: list[int] = []
        self.columns = {(0, port) for port in range(1, last + 1)}
        self.known: dict[Cell, tuple[int, int]] = {}
        self.stale: set[Cell] = set()
        self.flying: set[Cell] = set()
        self.tries: dict[Cell, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()

    def mine(self, chosen: list[Cell]) -> list[Cell]:
        return [c for c in chosen if c[0] in self.admitted and c[1:] in self.columns]

    @rule(chosen=st.lists(st.integers(0, 8), max_size=3))
    def admit(self, chosen: list[int]) -> None:
        hosts = [host for host in chosen if host < self.hosts]
        self.store.admit(np.array(hosts, np.uint32))
        self.admitted += sorted(set(hosts) - set(self.admitted))

    @rule(chosen=cells, state=st.sampled_from(list(PortState)[1:]), reason=st.sampled_from(Reason))
    def decide(self, chosen: list[Cell], state: PortState, reason: Reason) -> None:
        chosen = self.mine(chosen)
        decide(self.store, chosen, state, reason)
        self.known.update(dict.fromkeys(chosen, (int(state), int(reason))))
        self.stale -= set(chosen)
        self.flying -= set(chosen)

    @rule(chosen=cells, tries=st.integers(0, 9))
    def reopen(self, chosen: list[Cell], tries: int) -> None:
        chosen = [cell for cell in self.mine(chosen) if cell in self.known]
        self.store.reopen(locate(self.store, chosen), tries)
        self.stale |= set(chosen)
        self.tries.update(dict.fromkeys(chosen, tries))

    @rule(chosen=cells)
    def close(self, chosen: list[Cell]) -> None:
        chosen = self.mine(chosen)
        self.store.close(locate(self.store, chosen))
        self.stale -= set(chosen)
        self.flying -= set(chosen)
        self.tries.update(dict.fromkeys(chosen, 0))

    @rule(chosen=cells, tries=st.integers(1, 9))
    def send(self, chosen: list[Cell], tries: int) -> None:
        chosen = self.mine(chosen)
        size = len(chosen)
        self.store.note_sent(
            locate(self.store, chosen),
            np.full(size, tries, np.uint8),
            np.full(size, 77, np.uint32),
            np.arange(size) % 2 == 0,
        )
        at = locate(self.store, chosen)
        assert self.store.lost_lately(at).tolist() == [i % 2 == 0 for i in range(size)]
        assert self.store.clocks(at).tolist() == [77] * size
        self.flying |= set(chosen)
        self.tries.update(dict.fromkeys(chosen, tries))

    @rule(chosen=cells)
    def land(self, chosen: list[Cell]) -> None:
        chosen = self.mine(chosen)
        self.store.land(locate(self.store, chosen))
        self.flying -= set(chosen)

    @rule(hosts=st.integers(0, 2), first=st.integers(1, 6), protocol=st.sampled_from([0, 1]))
    def grow(self, hosts: int, first: int, protocol: int) -> None:
        self.hosts += hosts
        self.store.grow(self.hosts, channels(range(first, first + 3), Protocol(protocol)))
        self.columns |= {(protocol, port) for port in range(first, first + 3)}

    def every(self) -> list[Cell]:
        return [(host, *column) for host in self.admitted for column in sorted(self.columns)]

    @invariant()
    def agrees(self) -> None:
        every = self.every()
        at = locate(self.store, every)
        assert (at >= 0).all() and len(set(at.tolist())) == len(every)
        store = self.store
        outcomes = list(zip(store.states(at).tolist(), store.reasons(at).tolist(), strict=True))
        assert outcomes == [self.known.get(cell, (0, 0)) for cell in every]
        waiting = [cell not in self.known or cell in self.stale for cell in every]
        assert store.open_questions(at).tolist() == waiting
        assert store.flying(at).tolist() == [cell in self.flying for cell in every]
        assert store.tries(at).tolist() == [self.tries.get(cell, 0) for cell in every]
        hosts, names = store.name(at)
        named = [(int(h), int(c) >> 16, int(c) & 0xFFFF) for h, c in zip(hosts, names, strict=True)]
        assert named == every

    @invariant()
    def selects(self) -> None:
        every = self.every()
        place = dict(zip(every, locate(self.store, every).tolist(), strict=True))
        open_ = {c for c in every if c not in self.known or c in self.stale}
        for protocol in (None, 0, 1):
            for host in (None, 0, self.hosts - 1):
                mine = {c for c in every if protocol in (None, c[1]) and host in (None, c[0])}
                pending = self.store.pending(protocol, host)
                decided = self.store.positions(protocol, host)
                assert sorted(pending.tolist()) == sorted(place[c] for c in mine & open_)
                assert sorted(decided.tolist()) == sorted(place[c] for c in mine - open_)
        silent = [place[c] for c in every if self.known.get(c, (0, 0))[1] == Reason.NO_RESPONSE]
        assert sorted(self.store.silent().tolist()) == sorted(silent)

    @invariant()
    def shows(self) -> None:
        view = self.store.snapshot()
        assert view.host_count == self.hosts
        assert view.hosts.tolist() == self.admitted
        counts = np.zeros((self.hosts, len(PortState)), int)
        for host, protocol, port in self.every():
            cell = view.cell(cell_key(host, protocol, port))
            assert cell is not None
            assert (cell["state"], cell["reason"]) == self.known.get((host, protocol, port), (0, 0))
            assert bool(cell["flags"] & STALE) == ((host, protocol, port) in self.stale)
            counts[host, cell["state"]] += 1
        assert [view.counts(host).tolist() for host in range(self.hosts)] == counts.tolist()
        for host in set(range(self.hosts)) - set(self.admitted):
            assert view.cell(cell_key(host, 0, 1)) is None
        assert view.cell(cell_key(self.hosts, 0, 1)) is None
        assert view.cell(-1) is None


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(
    max_examples=40, stateful_step_count=12, derandomize=True, deadline=None
)

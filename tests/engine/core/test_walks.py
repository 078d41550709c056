"""Walks: every cell once, in random order, of the right shard."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.batch import ProbeBatch
from engine.core.portion import Portion
from engine.core.walks import GridWalk, ListWalk, Walk, name_cells
from engine.spec.scan import WHOLE, Shard
from engine.spec.scan_type import Protocol

Cell = tuple[int, int, int]
some_hosts = st.lists(st.integers(0, 50), max_size=6, unique=True).map(
    lambda given: np.array(given, np.uint32)
)


def channels(count: int, protocol: Protocol = Protocol.TCP) -> np.ndarray:
    return (np.arange(1, count + 1) | int(protocol) << 16).astype(np.uint32)


def cells(batch: ProbeBatch) -> list[Cell]:
    return [(int(c["host"]), int(c["protocol"]), int(c["port"])) for c in batch]


def drain(walk: Walk, step: int = 7) -> list[Cell]:
    found = []
    assert not len(walk.take(0))
    while walk.remaining:
        before = walk.remaining
        batch = walk.take(step)
        assert 0 < len(batch) <= step and walk.remaining == before - len(batch)
        assert not batch["attempt"].any() and not batch["technique"].any()
        found += cells(batch)
    assert not len(walk.take(step))
    return found


@settings(max_examples=40)
@given(some_hosts, st.integers(0, 40), st.integers(0, 99))
def test_a_grid_is_walked_once(hosts: np.ndarray, ports: int, seed: int) -> None:
    walk = GridWalk(hosts, channels(ports, Protocol.UDP), seed)
    assert walk.remaining == len(hosts) * ports
    expected = [(h, 1, p) for h in sorted(hosts.tolist()) for p in range(1, ports + 1)]
    assert sorted(drain(walk)) == expected


@settings(max_examples=60)
@given(
    st.lists(some_hosts, max_size=4),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(1, 9),
    st.data(),
)
def test_shards_do_not_depend_on_seeds_or_on_when_hosts_come(
    groups: list[np.ndarray], ports: int, first: int, count: int, data: st.DataObject
) -> None:
    """Each part meets the hosts in another order and grouping, and has seeds of its own."""
    hosts = list(dict.fromkeys(host for group in groups for host in group.tolist()))
    wanted = channels(ports)
    found: list[Cell] = []
    for index in range(1, count + 1):
        portion = Portion(Shard(index, count), 51)
        order = np.array(data.draw(st.permutations(hosts)), np.uint32)
        cut = data.draw(st.integers(0, len(hosts)))
        mine: list[Cell] = []
        for part in (order[:cut], order[cut:]):
            portion.share(part, wanted)
            for low, some in ((0, wanted[:first]), (first, wanted[first:])):
                seed = data.draw(st.integers(0, 99))
                mine += drain(GridWalk(part, some, seed, portion.shard, low))
        whole = name_cells(np.repeat(order, ports), np.tile(wanted, len(hosts)))
        covered = portion.covers(whole["host"], np.tile(wanted, len(hosts)))
        assert sorted(cells(whole[covered])) == sorted(mine)
        assert abs(len(mine) - len(hosts) * ports / count) <= max(len(hosts), 1)
        found += mine
    assert len(found) == len(set(found)) == len(hosts) * ports


def test_parts_of_one_host_differ_by_one_port_at_most() -> None:
    one = np.array([3], np.uint32)
    sizes = [GridWalk(one, channels(10), 1, Shard(i, 4)).remaining for i in range(1, 5)]
    assert sorted(sizes) == [2, 2, 3, 3]


def test_what_is_not_shared_out_is_everyones() -> None:
    portion = Portion(Shard(1, 2), 4)
    portion.share(np.array([2], np.uint32), channels(3))
    portion.grow(6)
    at = [(0, 1), (5, 2), (2, 9), (2, 1), (2, 2)]
    hosts, ports = np.array(at, np.uint32).T
    assert portion.covers(hosts, ports).tolist() == [True, True, True, True, False]
    assert Portion(WHOLE, 4).covers(hosts, ports).all()


def test_the_first_list_fixes_the_parts() -> None:
    """Ports a user adds, and another protocol's, do not change whose the others are."""
    portion = Portion(Shard(2, 3), 4)
    early, late = np.array([0, 1], np.uint32), np.array([2], np.uint32)
    shared, own = portion.share(early, channels(8)[::2])
    assert shared.tolist() == [1, 3, 5, 7] and not len(own)
    every = (np.repeat(early, 8), np.tile(channels(8), 2))
    before = portion.covers(*every).tolist()
    shared, own = portion.share(late, channels(8))
    assert shared.tolist() == [1, 3, 5, 7] and own.tolist() == [2, 4, 6, 8]
    datagrams = channels(8, Protocol.UDP)
    assert portion.share(late, datagrams)[0].tolist() == datagrams.tolist()
    assert portion.covers(*every).tolist() == before
    assert portion.covers(early[:1].repeat(8), datagrams).all()
    assert not portion.covers(late.repeat(8), datagrams).all()
    assert len(portion.share(late, channels(0))[0]) == 0


def test_a_list_is_walked_once_in_another_order() -> None:
    walk = ListWalk(np.arange(50, dtype=np.uint32), channels(50), seed=3)
    found = drain(walk)
    assert found != sorted(found)
    assert sorted(found) == [(host, 0, host + 1) for host in range(50)]

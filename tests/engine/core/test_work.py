"""Walks and the work queue: every cell once, in random order, of the right shard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.batch import ProbeBatch
from engine.core.work import GridWalk, ListWalk, Walk, WorkQueue, name_cells
from engine.spec.scan import Shard
from engine.spec.scan_type import Protocol


def channels(count: int, protocol: Protocol = Protocol.TCP) -> np.ndarray:
    return (np.arange(1, count + 1) | int(protocol) << 16).astype(np.uint32)


def cells(batch: ProbeBatch) -> list[tuple[int, int, int]]:
    return [(int(c["host"]), int(c["protocol"]), int(c["port"])) for c in batch]


def drain(walk: Walk | WorkQueue, step: int = 7) -> list[tuple[int, int, int]]:
    found = []
    while walk.remaining:
        batch = walk.take(step)
        assert 0 < len(batch) <= step
        assert not batch["attempt"].any() and not batch["technique"].any()
        found += cells(batch)
    assert not len(walk.take(step))
    return found


@settings(max_examples=40)
@given(st.integers(0, 9), st.integers(0, 6), st.integers(0, 40), st.integers(0, 99))
def test_a_grid_is_walked_once(first: int, hosts: int, ports: int, seed: int) -> None:
    walk = GridWalk(first, hosts, channels(ports, Protocol.UDP), seed)
    assert walk.remaining == hosts * ports
    expected = [(h, 1, p) for h in range(first, first + hosts) for p in range(1, ports + 1)]
    assert sorted(drain(walk)) == expected


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 9), st.integers(0, 99))
def test_shards_of_a_grid(hosts: int, ports: int, count: int, seed: int) -> None:
    whole = name_cells(np.repeat(np.arange(hosts), ports), np.tile(channels(ports), hosts))
    parts = []
    for index in range(1, count + 1):
        walk = GridWalk(0, hosts, channels(ports), seed, Shard(index, count))
        mine = drain(walk)
        assert set(cells(whole[~walk.leaves_out(whole)])) == set(mine)
        parts += mine
        assert abs(len(mine) - hosts * ports / count) < 1
    assert len(parts) == len(set(parts)) == hosts * ports


def test_a_grid_leaves_strangers_to_others() -> None:
    walk = GridWalk(2, 2, channels(3), 1, Shard(1, 2))
    strangers = name_cells(np.array([0, 4, 2]), np.array([1, 1, 9], np.uint32))
    assert not walk.leaves_out(strangers).any()


def test_a_list_is_walked_once_in_another_order() -> None:
    walk = ListWalk(np.arange(50, dtype=np.uint32), channels(50), seed=3)
    found = drain(walk)
    assert found != sorted(found)
    assert sorted(found) == [(host, 0, host + 1) for host in range(50)]


def test_the_queue_serves_returned_cells_first_and_walks_in_turn() -> None:
    queue = WorkQueue()
    queue.add(GridWalk(0, 1, channels(0), 1))
    queue.add(GridWalk(0, 1, channels(5), 1))
    queue.add(GridWalk(1, 1, channels(5), 1))
    taken = queue.take(3)
    queue.put_back(taken[:0])
    queue.put_back(taken)
    assert queue.remaining == 10
    found = drain(queue, 2)
    assert set(found[:3]) == set(cells(taken))
    assert [host for host, *_ in found] == [0] * 5 + [1] * 5


@pytest.mark.parametrize("count", [0, -3])
def test_no_room_takes_nothing(count: int) -> None:
    queue = WorkQueue()
    queue.add(GridWalk(0, 1, channels(5), 1))
    queue.put_back(queue.take(1))
    assert not len(queue.take(count)) and queue.remaining == 5


def test_discarding_a_protocol_keeps_the_others() -> None:
    queue = WorkQueue()
    queue.add(GridWalk(0, 1, channels(4), 1))
    queue.put_back(queue.take(2))
    queue.add(GridWalk(0, 1, channels(3, Protocol.UDP), 1))
    queue.discard(Protocol.TCP)
    assert sorted(drain(queue)) == [(0, 1, 1), (0, 1, 2), (0, 1, 3)]

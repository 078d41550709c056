"""The work queue: every cell once, walks served in turn, urgent ones first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.batch import ProbeBatch
from engine.core.walks import GridWalk
from engine.core.work import WorkQueue
from engine.spec.scan_type import Protocol

Cell = tuple[int, int, int]


def grid(host: int, ports: int, protocol: Protocol = Protocol.TCP, hosts: int = 1) -> GridWalk:
    numbers = (np.arange(1, ports + 1) | int(protocol) << 16).astype(np.uint32)
    return GridWalk(np.arange(host, host + hosts, dtype=np.uint32), numbers, host)


def cells(batch: ProbeBatch) -> list[Cell]:
    return [(int(c["host"]), int(c["protocol"]), int(c["port"])) for c in batch]


def drain(queue: WorkQueue, step: int) -> list[Cell]:
    found = []
    while queue.remaining:
        before = queue.remaining
        batch = queue.take(step)
        assert 0 < len(batch) <= step and queue.remaining == before - len(batch)
        found += cells(batch)
    assert not len(queue.take(step))
    return found


def test_returned_cells_take_turns_with_the_others() -> None:
    queue = WorkQueue()
    queue.add(grid(0, 0))
    queue.add(grid(0, 5))
    taken = queue.take(3)
    queue.put_back(taken[:0])
    queue.put_back(taken)
    queue.add(grid(1, 5), urgent=True)
    assert queue.remaining == 10
    found = drain(queue, 2)
    assert set(found) >= set(cells(taken)) and len(set(found)) == 10
    hosts = [host for host, *_ in found]
    assert hosts == [1, 1, 0, 0, 1, 1, 0, 1, 0, 0]


@pytest.mark.parametrize("room", [1, 4])
def test_cells_that_cannot_leave_hold_nobody_up(room: int) -> None:
    queue = WorkQueue()
    queue.add(grid(0, 8))
    queue.add(grid(1, 8), urgent=True)
    left: list[int] = []
    for _turn in range(40):  # host 1 cannot be sent to
        batch = queue.take(room)
        stuck = batch["host"] == 1
        queue.put_back(batch[stuck])
        left += batch["port"][~stuck].tolist()
    assert len(set(left)) == 8 and queue.remaining == 8


def test_urgent_walks_of_late_hosts_go_before_the_rest_of_the_earlier() -> None:
    queue = WorkQueue()
    queue.add(grid(0, 10), urgent=True)
    queue.add(grid(0, 1000))
    first = cells(queue.take(100))
    assert {host for host, *_ in first} == {0} and len(first) == 10
    queue.take(100)
    queue.add(grid(1, 10), urgent=True)
    assert {host for host, *_ in cells(queue.take(100))} == {1}


def test_protocols_follow_one_another() -> None:
    queue = WorkQueue()
    queue.add(grid(0, 9, Protocol.UDP), urgent=True)
    queue.add(grid(0, 9))
    assert [protocol for _, protocol, _ in drain(queue, 4)] == [0] * 9 + [1] * 9


@settings(max_examples=40)
@given(st.lists(st.integers(0, 300), max_size=8), st.integers(1, 500))
def test_every_cell_leaves_once(sizes: list[int], step: int) -> None:
    queue = WorkQueue()
    for host, size in enumerate(sizes):
        queue.add(grid(host, size), urgent=size % 2 == 0)
    found = drain(queue, step)
    assert len(found) == len(set(found)) == sum(sizes)


def test_walks_progress_together() -> None:
    """A walk of many hosts and one of a single host are half done at about the same time."""
    queue = WorkQueue()
    queue.add(grid(0, 5000, hosts=9))
    queue.add(grid(9, 5000))
    found = [host for _ in range(50) for host, *_ in cells(queue.take(500))]
    assert len(found) == 25_000
    assert 2_000 < found.count(9) < 4_000
    assert all(2_000 < found.count(host) < 3_000 for host in range(9))


def test_many_walks_are_all_served_soon() -> None:
    queue = WorkQueue()
    for host in range(300):
        queue.add(grid(host, 2000))
    served = {host for _ in range(10) for host, *_ in cells(queue.take(2048))}
    assert len(served) == 300


@pytest.mark.parametrize("count", [0, -3])
def test_no_room_takes_nothing(count: int) -> None:
    queue = WorkQueue()
    queue.add(grid(0, 5))
    queue.put_back(queue.take(1))
    assert not len(queue.take(count)) and queue.remaining == 5


def test_discarding_a_protocol_keeps_the_others() -> None:
    queue = WorkQueue()
    queue.add(grid(0, 4))
    queue.put_back(queue.take(2))
    queue.add(grid(0, 3, Protocol.UDP))
    queue.discard(Protocol.TCP)
    assert sorted(drain(queue, 7)) == [(0, 1, 1), (0, 1, 2), (0, 1, 3)]
    queue.add(grid(0, 4))
    queue.clear()
    assert not queue.remaining

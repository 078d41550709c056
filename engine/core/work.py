"""Work: the walks over cells that still have to be probed for the first time in a pass."""

from __future__ import annotations

from collections import deque
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import PROBE, ProbeBatch, empty_probes
from engine.core.permutation import Permutation
from engine.spec.scan import WHOLE, Shard


class Walk(Interface):
    """A supply of cells in the order they are to be probed."""

    @property
    def protocol(self) -> int:
        """The protocol all cells of the walk belong to."""

    @property
    def remaining(self) -> int:
        """Cells not handed out yet."""

    def take(self, count: int) -> ProbeBatch:
        """The next ``count`` cells (fewer at the end), technique and attempt still 0."""


class GridWalk:
    """Hosts ``first_host`` .. x channels, in a seeded random order, in constant memory.

    With a shard only that part of the order is walked; the parts of all shards are disjoint and
    complete.
    """

    def __init__(
        self,
        first_host: int,
        hosts: int,
        channels: NDArray[np.uint32],
        seed: int,
        shard: Shard = WHOLE,
    ) -> None:
        self._first = first_host
        self._channels = channels
        self.protocol = int(channels[0] >> 16) if len(channels) else -1
        size = hosts * len(channels)
        self._order = Permutation(size, seed)
        self._hosts = hosts
        self._start = self._at = size * (shard.index - 1) // shard.count
        self._end = size * shard.index // shard.count

    @property
    def remaining(self) -> int:
        """Cells not handed out yet."""
        return self._end - self._at

    def take(self, count: int) -> ProbeBatch:
        """The next ``count`` cells."""
        items = self._order.items(self._at, min(count, self.remaining))
        self._at += len(items)
        hosts, columns = np.divmod(items, max(1, len(self._channels)))
        return name_cells(hosts + self._first, self._channels[columns])

    def leaves_out(self, cells: ProbeBatch) -> NDArray[np.bool_]:
        """Cells of this grid that belong to another shard."""
        columns = {int(channel): column for column, channel in enumerate(self._channels)}
        channel = cells["protocol"].astype(np.int64) << 16 | cells["port"]
        column = np.array([columns.get(c, -1) for c in channel.tolist()], np.int64)
        host = cells["host"].astype(np.int64) - self._first
        inside = (column >= 0) & (host >= 0) & (host < self._hosts)
        place = self._order.places(np.where(inside, host * len(self._channels) + column, 0))
        return inside & ((place < self._start) | (place >= self._end))


class ListWalk:
    """Given cells, in a seeded random order."""

    def __init__(self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32], seed: int) -> None:
        order = Permutation(len(hosts), seed).items(0, len(hosts))
        self._hosts, self._channels = hosts[order], channels[order]
        self.protocol = int(channels[0] >> 16) if len(channels) else -1
        self._at = 0

    @property
    def remaining(self) -> int:
        """Cells not handed out yet."""
        return len(self._hosts) - self._at

    def take(self, count: int) -> ProbeBatch:
        """The next ``count`` cells."""
        part = slice(self._at, self._at + count)
        self._at = min(len(self._hosts), self._at + count)
        return name_cells(self._hosts[part], self._channels[part])


def name_cells(
    hosts: NDArray[np.uint32] | NDArray[np.int64], channels: NDArray[np.uint32]
) -> ProbeBatch:
    """PROBE records for hosts and channels, technique and attempt still 0."""
    cells = np.zeros(len(hosts), PROBE)
    cells["host"] = hosts
    cells["port"] = channels & 0xFFFF
    cells["protocol"] = channels >> 16
    return cells


class WorkQueue:
    """First probes to send: cells put back go first, then one walk after the other."""

    def __init__(self) -> None:
        self._returned: deque[ProbeBatch] = deque()
        self._walks: deque[Walk] = deque()

    @property
    def remaining(self) -> int:
        """Cells not handed out yet."""
        return sum(walk.remaining for walk in self._walks) + sum(map(len, self._returned))

    def add(self, walk: Walk) -> None:
        """Append a walk."""
        if walk.remaining:
            self._walks.append(walk)

    def put_back(self, cells: ProbeBatch) -> None:
        """Return cells that could not be sent."""
        if len(cells):
            self._returned.append(cells)

    def clear(self) -> None:
        """Forget all cells."""
        self._returned.clear()
        self._walks.clear()

    def discard(self, protocol: int) -> None:
        """Forget the cells of one protocol. Each walk belongs to one protocol only."""
        self._walks = deque(walk for walk in self._walks if walk.protocol != protocol)
        left = (cells[cells["protocol"] != protocol] for cells in self._returned)
        self._returned = deque(cells for cells in left if len(cells))

    def take(self, count: int) -> ProbeBatch:
        """The next cells, ``count`` at most; empty when there are none left."""
        if count <= 0:
            return empty_probes()
        if self._returned:
            cells = self._returned.popleft()
            if len(cells) > count:
                self._returned.appendleft(cells[count:])
            return cells[:count]
        while self._walks:
            cells = self._walks[0].take(count)
            if not self._walks[0].remaining:
                self._walks.popleft()
            if len(cells):
                return cells
        return empty_probes()

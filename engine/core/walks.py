"""Walks: supplies of cells in the order in which they are to be probed first."""

from __future__ import annotations

from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import PROBE, ProbeBatch, empty_probes
from engine.core.permutation import Permutation
from engine.spec.scan import WHOLE, Shard


class Walk(Interface):
    """A supply of cells."""

    @property
    def protocol(self) -> int:
        """The protocol all cells of the walk belong to."""

    @property
    def remaining(self) -> int:
        """Cells not handed out yet."""

    def take(self, count: int) -> ProbeBatch:
        """The next cells, technique and attempt still 0: ``count`` at most, and at least one
        unless none remains or ``count`` is 0."""


class GridWalk:
    """Hosts x channels (of one protocol), in a seeded random order, in constant memory.

    With a shard only its part is walked: of each host every ``shard.count``-th channel, beginning
    with another one from host to host. A cell's part depends on nothing but its host index and its
    channel's rank, which for channel number i of the walk is ``first_rank + i``.
    """

    def __init__(
        self,
        hosts: NDArray[np.uint32],
        channels: NDArray[np.uint32],
        seed: int,
        shard: Shard = WHOLE,
        first_rank: int = 0,
    ) -> None:
        self._hosts = hosts.astype(np.int64)
        self._channels = channels
        self.protocol = int(channels[0] >> 16) if len(channels) else -1
        self._stride = shard.count
        self._phase = shard.index - 1 - first_rank
        self._per_host = -(-len(channels) // shard.count)
        self._order = Permutation(len(hosts) * self._per_host, seed)
        self._at = 0
        skipped = (self._phase - self._hosts) % self._stride
        self.remaining = int(((len(channels) - skipped - 1) // self._stride + 1).sum())

    def take(self, count: int) -> ProbeBatch:
        """The next cells, ``count`` at most."""
        while self.remaining and count > 0:
            items = self._order.items(self._at, count)
            self._at += len(items)
            places, steps = np.divmod(items, self._per_host)
            hosts = self._hosts[places]
            columns = steps * self._stride + (self._phase - hosts) % self._stride
            mine = columns < len(self._channels)
            if mine.any():
                cells = name_cells(hosts[mine], self._channels[columns[mine]])
                self.remaining -= len(cells)
                return cells
        return empty_probes()


class ListWalk:
    """Given cells (of one protocol), in a seeded random order."""

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
        """The next cells, ``count`` at most."""
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


def shuffled(probes: ProbeBatch) -> ProbeBatch:
    """The probes in an order that has nothing to do with that of the copies before: a queue that
    overflows would drop the same ones again."""
    port = probes["port"].astype(np.uint32) + probes["host"] * np.uint32(7_919)
    mixed = (port + probes["attempt"] * np.uint32(40_503)) * np.uint32(2_654_435_761)
    order = np.bitwise_xor(mixed, np.right_shift(mixed, 15, dtype=np.uint32))
    return probes[np.argsort(order, kind="stable")]

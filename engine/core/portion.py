"""Portion: which cells a run that does only one shard of a scan leaves to others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.paged import PagedArray
from engine.spec.scan import Shard

_CHANNELS = 1 << 18


class Portion:
    """This run's part of hosts x channels that are shared out.

    The cell of host h and of a channel with rank r (its place in the list of channels, most wanted
    first) belongs to part ``(h + r) % shard.count``: the parts are disjoint, complete and about
    equal, whatever the seeds and the order in which hosts are found.
    """

    def __init__(self, shard: Shard, host_count: int) -> None:
        self.shard = shard
        self._shared = PagedArray(host_count if shard.count > 1 else 0, np.uint8)
        self._ranked: set[int] = set()
        self._ranks = np.full(_CHANNELS if shard.count > 1 else 0, -1, np.int32)

    def share(
        self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Share out hosts x channels (uint32, of one protocol, in rank order). Returns the channels
        that are shared out, and those that are not.

        The first list of a protocol fixes the ranks. Channels that come to it later are no other
        run's business: they are not shared out.
        """
        if self.shard.count == 1 or not len(channels):
            return channels, channels[:0]
        protocol = int(channels[0] >> 16)
        if protocol not in self._ranked:
            self._ranked.add(protocol)
            self._ranks[channels] = np.arange(len(channels), dtype=np.int32)
        self._shared[hosts] = self._shared[hosts] | np.uint8(1 << protocol)
        ranked = self._ranks[channels] >= 0
        return channels[ranked], channels[~ranked]

    def covers(self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which cells (hosts and channels, shape (n,)) this run probes: those of its part, and
        those that are not shared out."""
        if self.shard.count == 1:
            return np.ones(len(hosts), bool)
        ranks = self._ranks[channels]
        part = (hosts.astype(np.int64) + ranks) % self.shard.count
        covered: NDArray[np.bool_] = part == self.shard.index - 1
        shared = self._shared[hosts] >> (channels >> 16).astype(np.uint8) & np.uint8(1)
        covered |= (shared == 0) | (ranks < 0)
        return covered

    def grow(self, host_count: int) -> None:
        """Make room for more hosts."""
        if self.shard.count > 1:
            self._shared.grow(host_count)

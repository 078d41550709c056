"""AskQueue: the pings that wait to be sent, hosts in ascending or in random order."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch, empty_probes
from engine.core.distinct import firsts
from engine.core.permutation import Permutation
from engine.discovery.roster import Roster

_MOST_LOOKS = 64
"""Chunks of unwanted pings passed over in one take(), so that it never takes long."""


class _Walk:
    """Hosts whose first copies have not left, in the order they will."""

    def __init__(self, hosts: NDArray[np.uint32], order: Permutation | None) -> None:
        self._hosts = hosts
        self._order = order
        self._next = 0

    @property
    def remaining(self) -> int:
        return len(self._hosts) - self._next

    def take(self, count: int) -> NDArray[np.uint32]:
        start, self._next = self._next, min(self._next + count, len(self._hosts))
        if self._order is None:
            return self._hosts[start : self._next]
        return self._hosts[self._order.items(start, self._next - start)]


class AskQueue:
    """Pings of a roster's hosts that wait to be sent; further copies go before first ones.

    Pings that could not leave take turns with the others: a host whose Ethernet address is still
    being asked for holds nobody up, and meanwhile more are asked for.
    """

    def __init__(self, roster: Roster, *, shuffle: bool, seed: int) -> None:
        self._roster = roster
        self._shuffle = shuffle
        self._seed = seed
        self._walks: deque[_Walk] = deque()
        self._due: deque[ProbeBatch] = deque()
        self._returned: deque[ProbeBatch] = deque()
        self._again = False
        self._largest = int(roster.sizes.max())

    @property
    def waiting(self) -> int:
        """About how many pings wait: at least one per host that is still to be asked."""
        return self.unasked + sum(map(len, self._due)) + sum(map(len, self._returned))

    @property
    def unasked(self) -> int:
        """Hosts whose first pings have not been taken."""
        return sum(walk.remaining for walk in self._walks)

    def add(self, hosts: NDArray[np.uint32]) -> None:
        """Ask these hosts, each with all its pings at once."""
        order = None
        if self._shuffle:
            self._seed += 1
            order = Permutation(len(hosts), self._seed)
        if len(hosts):
            self._walks.append(_Walk(hosts, order))

    def add_copies(self, probes: ProbeBatch) -> None:
        """Send further copies; ``attempt`` tells which."""
        if len(probes):
            self._due.append(probes)

    def put_back(self, probes: ProbeBatch) -> None:
        """Return pings that could not leave."""
        if len(probes):
            self._returned.append(probes)

    def clear(self) -> None:
        """Forget everything that waits."""
        self._walks.clear()
        self._due.clear()
        self._returned.clear()

    def take(self, room: int) -> ProbeBatch:
        """Up to ``room`` pings that are still wanted."""
        self._again = not self._again
        chosen: list[ProbeBatch] = []
        for _ in range(_MOST_LOOKS):
            probes = self._next(room) if room > 0 else empty_probes()
            if not len(probes):
                break
            probes = probes[self._roster.wanted(probes, self._roster.locate(probes))]
            chosen.append(probes)
            room -= len(probes)
        if len(chosen) < 2:
            return chosen[0] if chosen else empty_probes()
        batch = np.concatenate(chosen)
        return batch[np.sort(firsts(self._roster.locate(batch)))]

    def _next(self, room: int) -> ProbeBatch:
        if self._again and self._returned:
            return _first_of(self._returned, room)
        while self._walks and not self._walks[0].remaining:
            self._walks.popleft()
        if self._walks and not self._due:
            hosts = self._walks[0].take(max(1, room // self._largest))
            self._due.append(self._roster.expand(hosts).probes)
        return _first_of(self._due or self._returned, room)


def _first_of(waiting: deque[ProbeBatch], room: int) -> ProbeBatch:
    """Up to ``room`` probes from the head of a queue."""
    if not waiting:
        return empty_probes()
    probes = waiting.popleft()
    if len(probes) > room:
        waiting.appendleft(probes[room:])
    return probes[:room]

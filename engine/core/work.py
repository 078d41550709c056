"""Work: the cells that still have to be probed for the first time in a pass."""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.core.batch import ProbeBatch, empty_probes
from engine.core.walks import Walk
from engine.spec.scan_type import Protocol

_LEAST_SHARE = 64
"""Cells a walk is asked for at least: smaller requests would cost more than they spread."""


class WalkRing:
    """Walks that are served in turn, each in proportion to what it has left."""

    def __init__(self) -> None:
        self._walks: deque[Walk] = deque()
        self.remaining = 0

    def add(self, walk: Walk) -> None:
        """Append a walk."""
        if walk.remaining:
            self._walks.append(walk)
            self.remaining += walk.remaining

    def take(self, count: int) -> list[ProbeBatch]:
        """The next cells, ``count`` at most."""
        taken: list[ProbeBatch] = []
        left = self.remaining
        while self._walks and count > 0:
            walk = self._walks[0]
            share = max(_LEAST_SHARE, count * walk.remaining // max(left, 1))
            left -= walk.remaining
            cells = walk.take(min(share, count))
            count -= len(cells)
            self.remaining -= len(cells)
            taken.append(cells)
            if walk.remaining:
                self._walks.rotate(-1)
            else:
                self._walks.popleft()
        return taken

    def clear(self) -> None:
        """Forget all walks."""
        self._walks.clear()
        self.remaining = 0


class WorkQueue:
    """First probes to send: protocol after protocol, of each the urgent walks before the others.
    Cells put back take turns with them, so that a host whose Ethernet address is still being asked
    for holds nobody up."""

    def __init__(self) -> None:
        self._returned: deque[ProbeBatch] = deque()
        self._again = False
        self._rings = {
            (protocol, urgent): WalkRing() for protocol in Protocol for urgent in (True, False)
        }

    @property
    def remaining(self) -> int:
        """Cells not handed out yet."""
        walks = sum(ring.remaining for ring in self._rings.values())
        return walks + sum(map(len, self._returned))

    def add(self, walk: Walk, *, urgent: bool = False) -> None:
        """Append a walk."""
        if walk.remaining:
            self._rings[Protocol(walk.protocol), urgent].add(walk)

    def put_back(self, cells: ProbeBatch) -> None:
        """Return cells that could not be sent."""
        if len(cells):
            self._returned.append(cells)

    def clear(self) -> None:
        """Forget all cells."""
        self._returned.clear()
        for ring in self._rings.values():
            ring.clear()

    def discard(self, protocol: int) -> None:
        """Forget the cells of one protocol."""
        for urgent in (True, False):
            self._rings[Protocol(protocol), urgent].clear()
        left = (cells[cells["protocol"] != protocol] for cells in self._returned)
        self._returned = deque(cells for cells in left if len(cells))

    def take(self, count: int) -> ProbeBatch:
        """The next cells, ``count`` at most; empty when there are none left."""
        if count <= 0:
            return empty_probes()
        self._again = not self._again
        if self._returned and (self._again or not any(r.remaining for r in self._rings.values())):
            cells = self._returned.popleft()
            if len(cells) > count:
                self._returned.appendleft(cells[count:])
            return cells[:count]
        for ring in self._rings.values():
            taken = ring.take(count) if ring.remaining else []
            if taken:
                return taken[0] if len(taken) == 1 else np.concatenate(taken)
        return empty_probes()

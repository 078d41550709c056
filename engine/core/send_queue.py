"""SendQueue: which cells still have to be probed, and with which technique.

It knows what belongs to the scan right now: the active scan types, the hosts that were dropped, the
shard. First probes come from walks, re-sends from a list of their own.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from engine.core.assignment import Assignment
from engine.core.batch import ProbeBatch, empty_probes, gather, joined
from engine.core.distinct import firsts
from engine.core.ledger import Ledger, Positions
from engine.core.paged import PagedArray
from engine.core.portion import Portion
from engine.core.walks import GridWalk, ListWalk
from engine.core.work import WorkQueue
from engine.spec.scan import WHOLE, Shard
from engine.spec.scan_type import ScanType

POPULAR = 128
"""Channels that are probed on every host before the rest of the ports."""
LAST_ATTEMPT = 15
"""Source ports tell 16 copies of a probe apart; every later copy counts as the last."""
_MOST_LOOKS = 64
"""Chunks of unwanted cells passed over in one take(), so that it never takes long."""


class SendQueue:
    """Probes that wait to be sent."""

    def __init__(
        self, ledger: Ledger, scan_types: tuple[ScanType, ...], seed: int, shard: Shard
    ) -> None:
        self._ledger = ledger
        self._seed = seed
        self._portion = Portion(shard, ledger.host_count)
        self._work = WorkQueue()
        self._resend: deque[ProbeBatch] = deque()
        self._dropped = PagedArray(ledger.host_count, bool)
        self.assignment = Assignment(scan_types)

    def use(self, scan_types: tuple[ScanType, ...]) -> None:
        """Send probes of these types from now on; at most one per protocol."""
        self.assignment.use(scan_types)

    @property
    def techniques(self) -> NDArray[np.uint8]:
        """The scan's type for each protocol, 0 for none."""
        return self.assignment.by_protocol

    @property
    def protocols(self) -> set[int]:
        """The protocols that are being scanned."""
        return set(np.flatnonzero(self.techniques).tolist())

    @property
    def waiting(self) -> int:
        """Probes that wait, first copies and re-sends that are due."""
        return self._work.remaining + sum(map(len, self._resend))

    @property
    def unasked(self) -> int:
        """Cells that wait for their first copy."""
        return self._work.remaining

    def admit(
        self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32], *, sharded: bool
    ) -> int:
        """Queue hosts x channels (of one protocol, uint32, most wanted first); returns how many
        cells that are. Dropped hosts and, if ``sharded``, the cells of other shards are left out.

        The first POPULAR channels of all hosts are walked before the others, so that what people
        look for shows up first.
        """
        if not sharded:
            return self._add_grid(hosts, channels, WHOLE)
        shared, own = self._portion.share(hosts, channels)
        queued = self._add_grid(hosts, shared, self._portion.shard)
        return queued + self._add_grid(hosts, own, WHOLE)

    def _add_grid(
        self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32], shard: Shard
    ) -> int:
        hosts = hosts[~self._dropped[hosts]]
        queued = 0
        for first, part in ((0, channels[:POPULAR]), (POPULAR, channels[POPULAR:])):
            walk = GridWalk(hosts, part, self._next_seed(), shard, first)
            queued += walk.remaining
            self._work.add(walk, urgent=not first)
        return queued

    def add_list(self, cells: ProbeBatch) -> None:
        """Queue cells for their first copy, in random order."""
        for protocol in self.protocols:
            mine = cells[cells["protocol"] == protocol]
            channels = mine["protocol"].astype(np.uint32) << 16 | mine["port"]
            self._work.add(ListWalk(mine["host"], channels, self._next_seed()))

    def _next_seed(self) -> int:
        self._seed += 1
        return self._seed

    def add_resend(self, probes: ProbeBatch) -> None:
        """Queue further copies; ``attempt`` tells which."""
        if len(probes):
            self._resend.append(probes)

    def put_back(self, unsent: ProbeBatch) -> None:
        """Return probes that could not leave."""
        first = unsent["attempt"] == 0
        self._work.put_back(unsent[first])
        self.add_resend(unsent[~first])

    def clear(self) -> None:
        """Forget everything that waits."""
        self._work.clear()
        self._resend.clear()

    def discard(self, protocol: int) -> None:
        """Forget the waiting cells of a protocol."""
        self._work.discard(protocol)

    def take(self, room: int) -> ProbeBatch:
        """Up to ``room`` probes: re-sends first (their time has come), then new cells.

        A cell may wait in two places (a revived host's cells stay in their walk): it leaves once.
        """
        chosen: list[ProbeBatch] = []
        for _ in range(_MOST_LOOKS):
            cells = self._next(room) if room > 0 else empty_probes()
            if not len(cells):
                break
            cells = self.wanted(cells)
            chosen.append(cells)
            room -= len(cells)
        if len(chosen) < 2:
            return chosen[0] if chosen else empty_probes()
        batch = joined(chosen)
        return gather(batch, np.sort(firsts(self._ledger.locate(batch))))

    def _next(self, room: int) -> ProbeBatch:
        if not self._resend:
            return self._work.take(room)
        cells = self._resend.popleft()
        if len(cells) > room:
            self._resend.appendleft(cells[room:])
        return cells[:room]

    def wanted(self, cells: ProbeBatch) -> ProbeBatch:
        """Cells still to be probed, with the technique that does it now."""
        now = self.assignment.of_probes(cells)
        at = self._ledger.locate(cells)
        keep = (at >= 0) & (now != 0) & ~self._dropped[cells["host"]]
        keep &= self._ledger.open_questions(at) & ~self._ledger.flying(at)
        keep &= np.minimum(self._ledger.tries(at), LAST_ATTEMPT) == cells["attempt"]
        cells, now = gather(cells, keep), now[keep]
        cells["attempt"][(cells["technique"] != now) & (cells["technique"] != 0)] = 0
        cells["technique"] = now
        return cells

    def counted(self, at: Positions) -> Positions:
        """Those of the cells that are this scan's business: protocol scanned, host not dropped,
        in this shard."""
        counted: Positions = at[self.is_counted(at)]
        return counted

    def is_counted(self, at: Positions) -> NDArray[np.bool_]:
        """Which of the cells counted() would return."""
        hosts, channels = self._ledger.name(at)
        ours: NDArray[np.bool_] = (self.techniques[channels >> 16] != 0) & ~self._dropped[hosts]
        ours &= self._portion.covers(hosts, channels)
        return ours

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self._dropped.grow(self._ledger.host_count)
        self._portion.grow(self._ledger.host_count)

    def are_dropped(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of these hosts nothing is sent to any more."""
        dropped: NDArray[np.bool_] = self._dropped[hosts]
        return dropped

    def drop(self, hosts: NDArray[np.uint32]) -> None:
        """Send nothing more to these hosts."""
        self._dropped[hosts] = True
        self._dropped.fold(hosts)

    def revive(self, hosts: NDArray[np.uint32]) -> None:
        """Send to these hosts again."""
        self._dropped[hosts] = False

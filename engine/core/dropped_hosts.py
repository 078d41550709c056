"""DroppedHosts: hosts to which nothing more is sent, because the user skips them, because there is
no way to them, or because their time is over. What is known of them stays, and they may be taken up
again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.ledger import Positions
from engine.core.parts import ScanParts


class DroppedHosts:
    """The dropped hosts of one scan. Times are seconds."""

    def __init__(self, parts: ScanParts) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._cells = parts.cells
        self._queue = parts.queue
        self._timed_out: list[int] = []

    def drop(self, hosts: NDArray[np.uint32]) -> None:
        """Send nothing more to these hosts."""
        hosts = distinct(hosts[~self._queue.are_dropped(hosts)])
        if not len(hosts):
            return
        self._cells.give_up(self._queue.counted(self._ledger.pending_of(hosts)))
        self._queue.drop(hosts)
        for lane, _ in self._parts.lanes.among(hosts):
            self._parts.lanes.close(lane.host)
        self._parts.vigil.drop(hosts)
        self._parts.sentinels.forget(hosts)

    def revive(self, hosts: NDArray[np.uint32]) -> Positions:
        """Take dropped hosts (each once) up again; returns their undecided cells."""
        self._parts.quiet.take_back(hosts)
        self._queue.revive(hosts)
        self._parts.clock.forget(hosts)
        return self._queue.counted(self._ledger.pending_of(hosts))

    # ---------------------------------------------------------------- time is over

    def drop_late(self, now: float) -> None:
        """Drop the hosts whose time is over and that are not done."""
        timeout = self._parts.timing.host_timeout
        for host in self._parts.clock.over(now, timeout).tolist() if timeout else ():
            if len(self._queue.counted(self._ledger.pending(host=host))):
                self.drop(np.array([host], np.uint32))
                self._timed_out.append(host)

    @property
    def next_late(self) -> float:
        """When the next host's time is over; infinity for never."""
        timeout = self._parts.timing.host_timeout
        return self._parts.clock.next_over(timeout) if timeout else float("inf")

    def take_timed_out(self) -> list[int]:
        """Hosts dropped since the last call because their time was over."""
        late, self._timed_out = self._timed_out, []
        return late

"""Paces: the pace that most hosts share, and those of the hosts that cannot follow it.

Every probe that leaves is told to the pace it left at, and every pace adapts to what was noted.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.pace import Pace
from engine.core.parts import ScanParts

_SLOW_START = 1 / 16
"""Share of the template's start rate at which a host that cannot follow is asked at first."""


class Paces:
    """All paces of one scan. Times are seconds."""

    def __init__(self, parts: ScanParts) -> None:
        self._parts = parts
        self._pace = parts.pace
        self._lanes = parts.lanes
        self._rtt = parts.rtt
        self._answers = parts.answers

    def adapt(self, now: float) -> None:
        """Adapt to what was noted since the last call."""
        timing = self._parts.timing
        known, before = self._pace.speed_dependent, self._pace.changed_at
        loss = 1.0 if self._parts.queue.unasked else self._answers.loss.share
        self._pace.tick(now, self._rtt.group, self._rtt.group_timeout(timing), loss)
        if self._pace.speed_dependent and not known:
            self._answers.forgive()
        if self._pace.speed_dependent and self._pace.changed_at != before:
            self._parts.sentinels.forget_common(self._lanes.hosts)
        for lane in self._lanes.in_motion:
            mine = np.array([lane.host], np.uint32)
            trip = float(self._rtt.smoothed[mine][0])
            own = float(self._rtt.timeouts(mine, timing)[0])
            lane.governor.tick(now, None if math.isnan(trip) else trip, own)

    def note_sent(self, now: float, hosts: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Probes to these hosts left; returns for how many seconds the pace of each has been what
        it is."""
        steady = np.full(len(hosts), now - self._pace.changed_at)
        apart = 0
        for lane, mine in self._lanes.among(hosts):
            count = int(np.count_nonzero(mine))
            lane.governor.note_sent(count)
            steady[mine] = now - lane.governor.changed_at
            apart += count
        self._pace.note_sent(len(hosts) - apart, apart)
        return steady

    def set_apart(self, now: float, hosts: NDArray[np.uint32]) -> None:
        """Give those of the hosts that lose much more than others a lane, before they slow
        everybody down."""
        loss = self._answers.host_loss
        hosts = hosts[loss.conspicuous(hosts) & ~self._lanes.apart[hosts]]
        for host in distinct(hosts).tolist():
            self.slow(now, host)

    def slow(self, now: float, host: int) -> None:
        """Give a host that cannot follow a lane."""
        self._lanes.open(host, Pace(self._parts.timing, start=_SLOW_START, now=now))
        self._answers.host_loss.fade(np.array([host]))

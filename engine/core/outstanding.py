"""Outstanding probes: batches as they were sent, looked at when their time is up.

A flight is one sent batch. Only its earliest deadline is kept in order (a heap of flights), so the
cost of waiting does not depend on the number of probes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch, empty_probes, gather, joined

Timeouts = Callable[[ProbeBatch], NDArray[np.float64]]
"""Seconds each probe awaits its answer."""
Waiting = Callable[[ProbeBatch, NDArray[np.float64]], NDArray[np.bool_]]
"""Which probes, given with the times they left, are still unanswered."""


class _Flight(Struct, eq=False):
    look_at: float
    serial: int
    probes: ProbeBatch
    sent_at: NDArray[np.float64]

    def __lt__(self, other: _Flight) -> bool:
        return (self.look_at, self.serial) < (other.look_at, other.serial)


class Outstanding:
    """All probes whose timeout has not passed. Times in seconds."""

    def __init__(self) -> None:
        self._flights: list[_Flight] = []
        self._serial = 0

    @property
    def next_look(self) -> float:
        """When expired() may have something; infinity when nothing is out."""
        return self._flights[0].look_at if self._flights else float("inf")

    def add(self, probes: ProbeBatch, sent_at: NDArray[np.float64], timeouts: Timeouts) -> None:
        """Note a batch that left."""
        if not len(probes):
            return
        look_at = float((sent_at + timeouts(probes)).min())
        self._serial += 1
        heapq.heappush(self._flights, _Flight(look_at, self._serial, probes, sent_at))

    def expired(
        self,
        now: float,
        timeouts: Timeouts,
        waiting: Waiting,
    ) -> ProbeBatch:
        """Probes whose time is up and which ``waiting`` still calls unanswered."""
        late: list[ProbeBatch] = []
        while self._flights and self._flights[0].look_at <= now:
            flight = heapq.heappop(self._flights)
            unanswered = waiting(flight.probes, flight.sent_at)
            probes, sent_at = gather(flight.probes, unanswered), flight.sent_at[unanswered]
            if not len(probes):
                continue
            deadline = sent_at + timeouts(probes)
            due = deadline <= now
            late.append(gather(probes, due))
            if not due.all():
                flight.probes, flight.sent_at = gather(probes, ~due), sent_at[~due]
                flight.look_at = float(deadline[~due].min())
                heapq.heappush(self._flights, flight)
        return joined(late) if late else empty_probes()

    def reschedule(self, timeouts: Timeouts) -> None:
        """Timeouts have changed: look at every flight when its new deadline says so."""
        for flight in self._flights:
            deadline = flight.sent_at + timeouts(flight.probes)
            flight.look_at = float(deadline.min())
        heapq.heapify(self._flights)

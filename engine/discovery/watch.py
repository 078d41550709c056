"""Watch: the pings that are out, and until when their answers are waited for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch, empty_probes
from engine.core.distinct import firsts
from engine.core.outstanding import Outstanding
from engine.discovery.cell_times import FLYING
from engine.discovery.roster import Roster
from engine.discovery.round_trips import NEIGHBOUR_INITIAL, RoundTrips
from engine.spec.timing import TimingTemplate

LINGER = 1.2
"""Seconds to listen on after the last ping to a silent host that is no neighbour: its round trip
may be longer than the timeout that others taught us."""
_LOOKS_APART = 0.004
"""Seconds between looks at what is late: small batches are cheaper to deal with together."""
_NEVER = float("-inf")


class Watch:
    """Times of a roster's pings. Seconds on the scan's clock."""

    def __init__(self, roster: Roster, timing: TimingTemplate) -> None:
        self._roster = roster
        self._outstanding = Outstanding()
        self.round_trips = RoundTrips(timing)
        self._looked_for = self._both_timeouts()
        self._looked_at = _NEVER
        self._began: float | None = None
        self._last_routed = _NEVER
        self._last_neighbour = _NEVER

    def begin(self, now: float) -> None:
        """Start the clock, unless it runs."""
        self._began = now if self._began is None else self._began

    @property
    def next_look(self) -> float:
        """When expired() may have something; infinity when nothing is out."""
        return max(self._outstanding.next_look, self._looked_at + _LOOKS_APART)

    def ticks(self, times: NDArray[np.float64]) -> NDArray[np.uint32]:
        """Times as the roster keeps them: microseconds since the start, modulo 2**32."""
        micros = ((times - (self._began or 0.0)) * 1e6).astype(np.int64)
        ticks: NDArray[np.uint32] = (micros & 0xFFFFFFFF).astype(np.uint32)
        return ticks

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move what is out under another template's bounds, at once."""
        self.round_trips.set_timing(timing)
        self._outstanding.reschedule(self._timeouts)

    def note_sent(self, batch: ProbeBatch, sent_at: NDArray[np.float64]) -> None:
        """Pings left."""
        cells = self._roster.locate(batch)
        self._roster.note_sent(cells, batch["attempt"] + np.uint8(1), self.ticks(sent_at))
        near = self._roster.neighbours(batch["host"])
        self._last_routed = max(self._last_routed, sent_at[~near].max(initial=_NEVER))
        self._last_neighbour = max(self._last_neighbour, sent_at[near].max(initial=_NEVER))
        self._outstanding.add(batch, sent_at, self._timeouts)

    def expired(self, now: float) -> ProbeBatch:
        """Pings whose time is up, each once; they are out no more."""
        self._adapt()
        if now < self.next_look:
            return empty_probes()
        self._looked_at = now
        late = self._outstanding.expired(now, self._timeouts, self._still_waiting)
        if not len(late):
            return late
        cells = self._roster.locate(late)
        once = np.sort(firsts(cells))  # on a virtual clock two copies may leave in one microsecond
        self._roster.land(cells[once])
        return late[once]

    def _adapt(self) -> None:
        """Look again at everything when round trips turned out other than thought."""
        now = self._both_timeouts()
        changes = (new / old for new, old in zip(now, self._looked_for, strict=True))
        if any(not 0.8 < change < 1.25 for change in changes):
            self._looked_for = now
            self._outstanding.reschedule(self._timeouts)

    def last_listen(self) -> float:
        """Until when late answers of silent hosts are worth waiting for."""
        routed = self._last_routed + LINGER if self._roster.any_silent(near=False) else _NEVER
        near = self._roster.any_silent(near=True)
        return max(routed, self._last_neighbour + NEIGHBOUR_INITIAL if near else _NEVER)

    @property
    def last_ping(self) -> float:
        """When the last ping left; minus infinity for never."""
        return float(max(self._last_routed, self._last_neighbour))

    @property
    def longest(self) -> tuple[float, float]:
        """Seconds that a ping is waited for, and that the last ping to a silent host is: those of
        neighbours if nobody else was asked, else those of the others."""
        if self._last_routed == _NEVER < self._last_neighbour:
            return self.round_trips.neighbour, NEIGHBOUR_INITIAL
        return self.round_trips.routed, LINGER

    def _both_timeouts(self) -> tuple[float, float]:
        return self.round_trips.routed, self.round_trips.neighbour

    def _timeouts(self, probes: ProbeBatch) -> NDArray[np.float64]:
        routed, neighbour = self._both_timeouts()
        return np.where(self._roster.neighbours(probes["host"]), neighbour, routed)

    def _still_waiting(self, probes: ProbeBatch, sent_at: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Pings that are the last copy of their cell and not answered."""
        cells = self._roster.cells[self._roster.locate(probes)]
        waiting: NDArray[np.bool_] = cells["flags"] & FLYING != 0
        waiting &= cells["last"] == self.ticks(sent_at)
        return waiting

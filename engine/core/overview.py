"""Overview: how far a scan is, what is left of it, and what limits its speed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.departures import Departures
from engine.core.ending import Ending
from engine.core.expiry import Expiry
from engine.core.forecast import Measured
from engine.core.lane_outlook import lanes_remaining
from engine.core.loss import copies_needed
from engine.core.outlook import Outlook
from engine.core.parts import ScanParts
from engine.core.patience import LINGER
from engine.core.rounds import REFILL

_FAR = 0.3
"""Seconds that a round trip takes between places that lie farthest apart on Earth."""
_FEW, _COUNTABLE = 1 << 14, 1 << 20
"""Undecided cells, of so many at most, whose copies are counted."""
_TIMEOUT_TRIPS = 2.0
"""Round trips for which a copy is waited for, as a rule."""


class Overview:
    """Looks at one scan, and changes nothing. Times are seconds."""

    def __init__(
        self,
        parts: ScanParts,
        departures: Departures,
        expiry: Expiry,
        ending: Ending,
        name: Callable[[int], str],
    ) -> None:
        """``name`` names a host."""
        self._parts = parts
        self._cells = parts.cells
        self._queue = parts.queue
        self._lanes = parts.lanes
        self._silence = parts.silence
        self._pace = parts.pace
        self._departures = departures
        self._expiry = expiry
        self._ending = ending
        self._name = name

    @property
    def asked(self) -> int:
        """Cells of the current pass of whose probe a copy has left."""
        everything = self._cells.open + self._cells.decided
        return everything - self._queue.unasked - self._lanes.unasked - self._departures.leaving

    @property
    def answered(self) -> int:
        """Cells of the current pass that were answered."""
        return self._cells.decided - self._cells.silent

    # ---------------------------------------------------------------- what is left

    def outlook(
        self, now: float, cells_left: int, measured: Measured, *, expect_more: bool
    ) -> Outlook:
        """What is still to be done. ``cells_left``: cells of hosts that wait for admission;
        ``expect_more``: further hosts will come."""
        timing = self._parts.timing
        loss = max(self._parts.answers.loss.share, measured.loss, self._pace.known_loss)
        began, unasked = self._cells.began, self._queue.unasked
        due = self._queue.waiting - unasked
        apart = 0 < len(self._lanes) == self._parts.ledger.host_count  # what is due goes to lanes
        lane_due = due // len(self._lanes) if apart else 0
        timeout, linger = self._expected_waits(now)
        return Outlook(
            unasked=unasked + cells_left,
            due=0 if apart else due,
            in_flight=self._parts.common_in_flight + self._departures.leaving,
            tried=() if unasked + cells_left else self._tried(),
            answered=self.answered,
            silent=self._cells.silent,
            first_ended=began + self._cells.first_copies[1],
            last_sent=self._departures.last_sent,
            pace=self._pace.expected,
            growing=self._pace.growing,
            parallelism=self._pace.parallelism,
            copies=copies_needed(loss, timing.max_retries),
            timeout=timeout,
            round_trip=self._parts.rtt.group,
            loss=min(loss, 0.9),
            known_loss=self._pace.known_loss,
            uncertain=self._pace.uncertain,
            answered_before=self._pace.answered_before,
            experiment_left=self._pace.experiment_left(now),
            linger=linger,
            pause=REFILL if self._silence.may_ask_in_rounds else 0.0,
            round_rate=self._silence.fast_rate(timing),
            over_at=None if expect_more else self._ending.over_at,
            lanes=lanes_remaining(
                self._lanes,
                now,
                timeout,
                lambda lane: self._silence.standing(lane, lane_due, measured, timing),
            ),
        )

    def _tried(self) -> tuple[int, ...]:
        """Undecided cells by the copies they have got; empty where counting them takes long."""
        cells, ledger = self._cells, self._parts.ledger
        if cells.open > _FEW or cells.open + cells.decided > _COUNTABLE:
            return ()
        tries = ledger.tries(ledger.pending())
        return tuple(np.bincount(tries[tries > 0]).tolist())  # others are not this scan's business

    def _expected_waits(self, now: float) -> tuple[float, float]:
        """Seconds that each copy is waited for, and from the last probe to the end if ports stay
        silent: SYN/ACKs get lost. As long as the first answer may be on its way it is expected at
        any moment, and timeouts to become what suits such a round trip."""
        timing, timeout = self._parts.timing, self._expiry.timeout
        waited = max(now - self._cells.began - self._cells.first_copies[0], 0.0)
        if waited < _FAR:
            trip = self._parts.rtt.group or waited
            timeout = min(timeout, max(_TIMEOUT_TRIPS * trip, timing.min_timeout))
            if not self.answered:
                return timeout, timeout
        channels = max(len(self._parts.ledger.channels), 1)
        hosts = (self._cells.open + self._cells.decided) / channels
        dark = self.answered and self._parts.rtt.known < hosts
        return timeout, LINGER if dark or self._ending.will_lack_syn_acks else timeout

    # ---------------------------------------------------------------- what limits it

    def limit(self, *, expect_more: bool) -> str:
        """What limits the speed right now, in plain words. ``expect_more``: further hosts will
        come."""
        parts = self._parts
        if self._lanes and not self._queue.waiting:
            slow = self._lanes.describe(self._name)
            if slow:
                return slow
        quiet = parts.vigil.quiet
        if quiet and not self._queue.waiting:
            others = f" and {len(quiet) - 1:,} more" if quiet[1:] else ""
            return f"waiting for {self._name(quiet[0])}{others} to answer again"
        in_flight = parts.in_flight
        if not parts.unsent and in_flight:
            return f"waiting for {in_flight:,} silent ports"
        if not parts.unsent and not self._cells.open:
            return "waiting for hosts" if expect_more else "listening for late answers"
        parallel = self._pace.parallelism
        if parallel and in_flight >= parallel and not self._pace.limit:
            return f"T{parts.timing.number} allows {parallel} probe at a time"
        return self._pace.limit

"""Pace: how fast probes may leave.

A rate, not a window. It starts at the template's rate and doubles every round trip while ports
keep answering. Lost answers alone do not slow it down: first an experiment finds out whether loss
depends on speed (BBR's question, not Reno's). At half the rate, either the loss stays, then it is
the path's own and the old rate returns; or it falls, then a queue or a rate limit is full, and the
lower rate stays and grows back slowly. A path without answers is never sent more than the start
rate: nothing is known about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from engine.core.loss import LossEstimate
from engine.spec.timing import TimingTemplate

CEILING = 2_000_000.0
"""Probes per second no path here can carry; a bound for arithmetic."""
FLOOR = 20.0
"""Probes per second below which a scan never ends; loss alone does not push the rate lower."""
_EPOCH = 0.01
_TOLERATED = 0.02
_SAMPLES = 48
_GROWTH = 1.05
_MOST_BURST = 4_096


class _Mode(Enum):
    STARTUP = "startup"
    TEST = "test"
    STEADY = "steady"


@dataclass(slots=True)
class _Trial:
    """A running experiment: what was measured at the old rate, and when to look."""

    rate: float
    loss: float
    look_from: float


class Pace:
    """The rate of a scan, in probes per second. Times in seconds on the transport's clock."""

    def __init__(self, timing: TimingTemplate) -> None:
        self._mode = _Mode.STARTUP
        self._trial: _Trial | None = None
        self._window = LossEstimate(memory=400.0)
        self._accepted_loss = 0.0
        self._allowance = 1.0
        self._last_refill: float | None = None
        self._epoch_start = 0.0
        self._epoch_sent = 0
        self._epoch_answered = 0
        self._best_ratio = 0.0
        self.speed_dependent = False
        self.set_timing(timing)

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move to another template's bounds, at once."""
        self._timing = timing
        self._rate = self._bounded(timing.start_rate)
        self._mode = _Mode.STARTUP
        self._trial = None
        self._allowance = min(self._allowance, self._burst)

    @property
    def rate(self) -> float:
        """Probes per second allowed now."""
        return self._rate

    @property
    def parallelism(self) -> int:
        """Most probes in flight; 0 for no bound."""
        return self._timing.max_parallelism

    @property
    def limit(self) -> str:
        """What holds the rate, in plain words; empty while it may still grow."""
        timing = self._timing
        if timing.scan_delay and self._rate >= 1 / timing.scan_delay * 0.99:
            return f"T{timing.number} waits {timing.scan_delay:g} s between probes"
        if timing.max_rate and self._rate >= timing.max_rate * 0.99:
            return f"rate capped at {timing.max_rate:g}/s"
        if self.speed_dependent:
            return f"more than about {self._rate:,.0f}/s makes answers go missing"
        if self._accepted_loss > _TOLERATED:
            return f"the path loses {self._accepted_loss:.0%}, whatever the speed"
        if self._best_ratio == 0.0:
            return "no answers yet, so no faster than the start rate"
        return ""

    @property
    def _burst(self) -> float:
        return max(1.0, min(self._rate * 0.02, _MOST_BURST))

    def _bounded(self, rate: float) -> float:
        timing = self._timing
        high = min(timing.max_rate or CEILING, CEILING)
        if timing.scan_delay:
            high = min(high, 1.0 / timing.scan_delay)
        low = max(timing.min_rate, min(FLOOR, high))
        return max(min(rate, high), low)

    def allowance(self, now: float) -> int:
        """How many probes may leave now."""
        if self._last_refill is None:
            self._last_refill = self._epoch_start = now
        gained = (now - self._last_refill) * self._rate
        self._last_refill = now
        self._allowance = min(self._allowance + gained, self._burst)
        return int(self._allowance + 1e-9)

    def next_allowed(self, now: float) -> float:
        """When the next probe may leave."""
        wanted = 1.0 if self._rate < 500 else min(32.0, self._burst)
        return now + max(0.0, wanted - self._allowance) / self._rate

    def note_sent(self, count: int) -> None:
        """``count`` probes left."""
        self._allowance -= count
        self._epoch_sent += count

    def note_pressure(self) -> None:
        """Our own machine could not send as fast as this: slow down now."""
        self._rate = self._bounded(self._rate / 2)
        self._mode = _Mode.STEADY
        self._trial = None

    def note_answers(self, now: float, first_copy: int, later_copy: int, lost: int) -> None:
        """Answers arrived: to first copies, to later copies, and ``lost`` copies before those."""
        self._epoch_answered += first_copy + later_copy
        if self._trial is None or now >= self._trial.look_from:
            self._window.note(first_copy + later_copy, lost)

    def tick(self, now: float, round_trip: float | None, timeout: float) -> None:
        """Look at the epoch that ended, if one did, and adapt."""
        length = max(_EPOCH, round_trip or 0.0)
        if now - self._epoch_start < length:
            return
        busy = self._epoch_sent >= 0.5 * self._rate * (now - self._epoch_start)
        ratio = self._epoch_answered / self._epoch_sent if self._epoch_sent else 0.0
        answering = self._epoch_answered > 0
        healthy = answering and ratio >= 0.5 * self._best_ratio
        self._best_ratio = max(self._best_ratio * 0.98, min(ratio, 1.0))
        self._epoch_start, self._epoch_sent, self._epoch_answered = now, 0, 0
        if self._trial is not None:
            self._judge(now)
        elif self._window.samples >= _SAMPLES and self._suspicious():
            self._begin_trial(now, timeout, round_trip or 0.0)
        elif busy and healthy:
            factor = 2.0 if self._mode is _Mode.STARTUP else _GROWTH
            self._rate = self._bounded(self._rate * factor)

    def _suspicious(self) -> bool:
        return self._window.share > _TOLERATED + 1.5 * self._accepted_loss

    def _begin_trial(self, now: float, timeout: float, round_trip: float) -> None:
        loss = self._window.share
        self._trial = _Trial(self._rate, loss, now + timeout + 2 * round_trip)
        self._window.reset()
        self._mode = _Mode.TEST
        self._rate = self._bounded(self._rate * max(0.1, min(0.5, 1 - loss)))

    def _judge(self, now: float) -> None:
        trial = self._trial
        if trial is None or now < trial.look_from:
            return
        enough = self._window.samples >= _SAMPLES
        if not enough and now < trial.look_from + 1.0:
            return
        self._trial = None
        self._mode = _Mode.STEADY
        if enough and self._window.share > 0.7 * trial.loss:
            self._accepted_loss = max(self._window.share, trial.loss)
            self._rate = self._bounded(trial.rate)
            self._mode = _Mode.STARTUP
        elif enough:
            self.speed_dependent = True
        self._window.reset()

    def describe(self) -> str:
        """One line for the log."""
        per_second = self._rate if self._rate >= 10 else math.floor(self._rate * 10) / 10
        return f"{per_second:,.0f} probes/s" if self._rate >= 1 else f"{self._rate:.3f} probes/s"

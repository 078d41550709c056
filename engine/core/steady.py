"""Steady: a lane's probes leave evenly, at a rate that is given.

What a queue lets pass depends on how many packets come at once. So probes whose silence is to prove
something leave one by one, or at high rates a few at a time.
"""

from __future__ import annotations

from engine.core.bucket import Bucket
from engine.spec.timing import TimingTemplate

_AT_ONCE = 0.004
"""Seconds' worth of probes that may leave together."""


class Steady:
    """A fixed rate. Times in seconds, rates in probes per second.

    Attributes:
        changed_at: since when probes leave at this rate.
    """

    uncertain = False

    def __init__(self, now: float, rate: float) -> None:
        self._rate = rate
        self._bucket = Bucket(now)
        self.changed_at = now

    @property
    def rate(self) -> float:
        """Probes per second."""
        return self._rate

    def change(self, now: float, rate: float) -> None:
        """Another rate holds from now on."""
        if rate != self._rate:
            self._rate = rate
            self.changed_at = now

    def allowance(self, now: float) -> int:
        """How many probes may leave now."""
        return self._bucket.fill(now, self._rate, self._handful)

    @property
    def _handful(self) -> float:
        return max(1.0, self._rate * _AT_ONCE)

    def next_allowed(self, now: float, waiting: int) -> float:
        """When the next probe, or a handful of the ``waiting``, may leave."""
        wanted = max(1.0, min(self._handful, waiting))
        return self._bucket.holds(wanted, now, self._rate)

    def note_sent(self, count: int) -> None:
        """``count`` probes left."""
        self._bucket.take(count)

    def note_silence(self, count: int) -> None:
        """Silence changes nothing here: engine.core.proof judges it when all are answered."""

    def note_answers(self, now: float, count: int, told: int, lost: int) -> None:
        """Nor do answers."""

    def set_timing(self, timing: TimingTemplate) -> None:
        """Only a least rate asked for by the user goes before it."""
        self._rate = max(self._rate, timing.min_rate)

    def tick(self, now: float, round_trip: float | None, timeout: float) -> None:
        """Time changes nothing."""

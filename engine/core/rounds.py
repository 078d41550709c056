"""Rounds: how the silent ports of a host that may ration its answers are asked until silence is
believed.

A closed port that gave no answer may have found the host's ration used up. So its host gets a pause
in which every bucket gains a token (Linux: one ICMP error per second), and then all its silent
ports are asked once, fast. If not one of them answers, no token was spent, so each question found
one: the silence of all of them is real, and it took little more than the pause to know.

If some answer, the rest may still have been rationed. They are asked again at the ration itself
(engine.core.ration), and then fast once more, in turn, until a fast round finds nothing.

Where the ration is known from the first copies on (engine.core.yields), there is nothing to find
out by asking fast: all rounds are asked at the ration, until one finds nothing. Such a host might
also be one that cannot carry more packets, so it is asked no faster than went well before.
"""

from __future__ import annotations

from engine.core.measured_ration import MeasuredRation
from engine.core.ration import LEAST_RATE, Ration

REFILL = 1.1
"""Seconds of pause before a fast round."""
MOST_ROUNDS = 24
"""Rounds after which what is still silent is taken for silent."""
_CAUTION = 0.8
_TOKENS = 3.0
"""Tokens a bucket gains, where the ration is known, in the pause before a round."""

_STRAY = 2
"""RSTs in a fast round that were lost before, rather than rationed: after such a pause rations of
RSTs, of five a second and more, give more."""
_SHORT = 1.0
"""Seconds below which a round at a known ration is worth repeating before its silence is believed:
the last answer may have been lost on the way."""


class Rounds:
    """The rounds of one host.

    Attributes:
        rationing: the last fast round found ports that had been silent before.
    """

    def __init__(self) -> None:
        self._count = 0
        self._fast = False
        self._began = 0.0
        self._in_vain = 0
        self._rate = LEAST_RATE
        self._paced: Ration | None = None
        self._measured: MeasuredRation | None = None
        self.rationing = False

    @property
    def begun(self) -> bool:
        """Whether there was a round."""
        return self._count > 0

    @property
    def measured(self) -> bool:
        """Whether the ration is known from the first copies on."""
        return self._measured is not None

    @property
    def pause(self) -> float:
        """Seconds before the next round."""
        return REFILL if self._measured is None else min(REFILL, _TOKENS / self._measured.rate)

    def follow(self, now: float, rate: float) -> MeasuredRation:
        """The host was seen to ration its answers at ``rate`` per second: how to ask what it has
        not been asked yet."""
        self._count = 1
        self.rationing = True
        self._measured = MeasuredRation(now, rate)
        return self._measured

    def next(
        self, now: float, gained: int, fast_rate: float, least_rate: float, resets: bool = False
    ) -> Ration | MeasuredRation | None:
        """How to ask in the next round, when the last found ``gained`` ports; None when silence is
        real. ``fast_rate`` and ``least_rate``: bounds in questions per second. ``resets``: only
        RSTs may be rationed, and the path loses little."""
        span = max(now - self._began, 1e-3)
        self._began = now
        self._in_vain = 0 if gained else self._in_vain + 1
        if self._count >= MOST_ROUNDS or self._proven(span):
            self.rationing = False
            return None
        self._count += 1
        if self._measured is not None:
            self._measured.rest(now, self.pause)
            return self._measured
        stray = resets and gained <= _STRAY
        self._fast = stray or not self._fast
        if self._fast:
            return Ration(now, max(fast_rate, least_rate), wait=REFILL, climbing=False)
        self.rationing = True
        if self._paced is None:
            self._rate = max(LEAST_RATE, _CAUTION * gained / span)
        else:
            self._rate = max(LEAST_RATE, _CAUTION * self._paced.rate)
        self._paced = Ration(now, max(self._rate, least_rate), climbing=self._paced is None)
        return self._paced

    def _proven(self, span: float) -> bool:
        """Whether silence is real after a round of ``span`` seconds."""
        if self._measured is None:
            return self._fast and self._in_vain > 0
        return self._in_vain > (1 if span < _SHORT else 0)

"""Rounds: how the silent ports of a host that may ration its answers are asked until silence is
believed.

A closed port that gave no answer may have found the host's ration used up. So its host gets a pause
in which every bucket gains a token (Linux: one ICMP error per second), and then all its silent
ports are asked once, fast. If not one of them answers, no token was spent, so each question found
one: the silence of all of them is real, and it took little more than the pause to know.

If some answer, the rest may still have been rationed. They are asked again at the ration itself
(engine.core.ration), and then fast once more, in turn, until a fast round finds nothing.
"""

from __future__ import annotations

from engine.core.ration import LEAST_RATE, Ration

REFILL = 1.1
"""Seconds of pause before a fast round."""
MOST_ROUNDS = 24
"""Rounds after which what is still silent is taken for silent."""
_CAUTION = 0.8


class Rounds:
    """The rounds of one host.

    Attributes:
        rationing: the last fast round found ports that had been silent before.
    """

    def __init__(self) -> None:
        self._count = 0
        self._fast = False
        self._began = 0.0
        self._rate = LEAST_RATE
        self._paced: Ration | None = None
        self.rationing = False

    @property
    def begun(self) -> bool:
        """Whether there was a round."""
        return self._count > 0

    def next(self, now: float, gained: int, fast_rate: float, least_rate: float) -> Ration | None:
        """How to ask in the next round, when the last found ``gained`` ports; None when silence is
        real. ``fast_rate`` and ``least_rate``: bounds in questions per second."""
        ended = self._fast and not gained
        span = max(now - self._began, 1e-3)
        self._began = now
        if self._count >= MOST_ROUNDS or ended:
            self.rationing = False
            return None
        self._count += 1
        self._fast = not self._fast
        if self._fast:
            return Ration(now, max(fast_rate, least_rate), wait=REFILL, climbing=False)
        self.rationing = True
        if self._paced is None:
            self._rate = max(LEAST_RATE, _CAUTION * gained / span)
        else:
            self._rate = max(LEAST_RATE, _CAUTION * self._paced.rate)
        self._paced = Ration(now, max(self._rate, least_rate), climbing=self._paced is None)
        return self._paced

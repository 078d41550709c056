"""Meter: probes, answers and decisions per second over about the last second."""

from __future__ import annotations

from collections import deque

_WINDOW = 1.0
_STEP = 0.1
"""Seconds between two samples."""


class Meter:
    """Probes, answers and decisions per second. Times in seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, int, int]] = deque()

    def note(self, now: float, sent: int, answered: int, decided: int) -> None:
        """Take in the totals at ``now``; cheap enough to call in every round."""
        if self._samples and now - self._samples[-1][0] < _STEP:
            return
        self._samples.append((now, sent, answered, decided))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW + _STEP:
            self._samples.popleft()

    def rates(self, now: float, sent: int, answered: int, decided: int) -> tuple[float, ...]:
        """Probes, answers and decisions per second."""
        if not self._samples:
            return 0.0, 0.0, 0.0
        since, *before = self._samples[0]
        span = max(now - since, 1e-3)
        return tuple(
            max(0.0, (total - old) / span)
            for total, old in zip((sent, answered, decided), before, strict=True)
        )

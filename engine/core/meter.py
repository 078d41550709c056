"""Meter: rates over about the last second, and whether answers follow the probes."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from engine.core.forecast import Measured

_WINDOW = 1.0
_STEP = 0.1
_MEMORY = 0.5
"""Seconds over which answers are compared with probes, and seconds between two counts."""
_FINE = 0.005
_TELLING = 48
"""Ports or probes below which a share or a rate says little."""


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


@dataclass(frozen=True, slots=True)
class _Count:
    """Totals at a time."""

    at: float
    sent: int
    asked: int
    answered: int


class Following:
    """Compares what was asked with what was answered a round trip later. Times in seconds."""

    def __init__(self) -> None:
        self._counts: deque[_Count] = deque()
        self._best = 0.0

    def note(self, now: float, sent: int, asked: int, answered: int, lag: float) -> None:
        """Take in totals: probes sent, ports asked and ports answered in this pass. ``lag``: the
        round trip."""
        counts = self._counts
        if counts and asked < counts[-1].asked:
            counts.clear()  # another pass has begun
            self._best = 0.0
        if counts and now - counts[-1].at < _FINE:
            return
        counts.append(_Count(now, sent, asked, answered))
        while len(counts) > 2 and counts[1].at < now - _MEMORY - lag:
            counts.popleft()
        earlier = self._before(now - lag).asked
        if earlier >= _TELLING:
            self._best = max(self._best, min(answered / earlier, 1.0))

    def _before(self, when: float) -> _Count:
        """The totals at a time, or the oldest remembered."""
        place = bisect_right(self._counts, when, key=lambda count: count.at)
        return self._counts[max(place - 1, 0)]

    def measured(self, now: float, lag: float, *, steady: bool) -> Measured:
        """What is known now. ``steady``: there was always a probe to send lately."""
        if not self._counts:
            return Measured(None, 0.0, 0, 0.0, 1.0)
        newest, since = self._counts[-1], self._before(now - _MEMORY)
        span = max(newest.at - since.at, _FINE)
        answers, sent = newest.answered - since.answered, newest.sent - since.sent
        asked = self._before(now - lag).asked
        return Measured(
            sending=sent / span if steady and sent >= _TELLING else None,
            answering=max(answers / span, 1e-6),
            answers=answers,
            share=min(newest.answered / asked, 1.0) if asked else 0.0,
            best_share=self._best or 1.0,
        )

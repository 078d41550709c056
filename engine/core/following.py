"""Following: whether answers follow the probes, and how fast ports are decided."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from engine.core.forecast import Measured

_MEMORY = 0.5
"""Seconds over which answers are compared with probes, ..."""
_FINE = 0.005
"""... and between two counts."""
_COARSE = 0.02
_MOST = 128
"""The same of the whole pass, at first, and how many counts of it are kept."""
_LATELY = 0.5
"""Share of a pass over which answers and decisions are counted: where a limit makes them few they
come in waves."""
_TELLING = 48
"""Ports or probes below which a share or a rate says little."""


@dataclass(frozen=True, slots=True)
class _Count:
    """Totals at a time."""

    at: float
    sent: int
    asked: int
    answered: int
    decided: int


class _Course:
    """Counts of a whole pass, the farther apart the longer it lasts."""

    def __init__(self) -> None:
        self._counts: list[_Count] = []
        self._apart = _COARSE

    def note(self, count: _Count) -> None:
        counts = self._counts
        if counts and count.at - counts[-1].at < self._apart:
            return
        counts.append(count)
        if len(counts) > _MOST:
            del counts[1::2]
            self._apart *= 2

    def lately(self, now: float) -> _Count:
        """The totals at the beginning of the last part of the pass."""
        span = max(_MEMORY, (now - self._counts[0].at) * _LATELY)
        place = bisect_right(self._counts, now - span, key=lambda count: count.at)
        return self._counts[max(place - 1, 0)]


class Following:
    """Compares what was asked with what was answered a round trip later. Times in seconds."""

    def __init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._counts: deque[_Count] = deque()
        self._course = _Course()
        self._best = 0.0

    def note(
        self, now: float, sent: int, asked: int, answered: int, decided: int, lag: float
    ) -> None:
        """Take in totals: probes sent, and ports asked, answered and decided in this pass. ``lag``:
        the round trip."""
        if self._counts and asked < self._counts[-1].asked:
            self._begin_anew()  # another pass
        counts = self._counts
        if counts and now - counts[-1].at < _FINE:
            return
        counts.append(_Count(now, sent, asked, answered, decided))
        self._course.note(counts[-1])
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
            return Measured(None, 0.0, 0, 0.0, 0.0, 1.0)
        newest, since = self._counts[-1], self._before(now - _MEMORY)
        span = max(newest.at - since.at, _FINE)
        sent = newest.sent - since.sent
        asked = self._before(now - lag).asked
        earlier = self._course.lately(now)
        longer = max(newest.at - earlier.at, _FINE)
        answers = newest.answered - earlier.answered
        return Measured(
            sending=sent / span if steady and sent >= _TELLING else None,
            answering=max(answers / longer, 1e-6),
            answers=answers,
            deciding=max(newest.decided - earlier.decided, 0) / longer,
            share=min(newest.answered / asked, 1.0) if asked else 0.0,
            best_share=self._best or 1.0,
        )

"""MeasuredRation: how a host is asked whose ration of answers is known.

The ration is a bucket (see engine.core.ration): an answer costs a token, tokens come at a steady
rate. Here the rate has been measured, so the bucket is modelled for what it is: tokens come a
little slower than they do there, every answer takes one, and every question that may still be
answered keeps back as much of one as questions have lately cost, the share of them that was
answered. A host whose ports answer is asked at its ration, one with few such ports faster, and
silent ports cost little time. And as never more answers are called for than there are tokens, the
target's bucket is not empty when it is asked: silence means what it says.
"""

from __future__ import annotations

import math
from collections import deque

from engine.spec.timing import TimingTemplate

_CAUTION = 0.95
"""Share of the measured rate that is used."""
_RESERVE = 3.0
"""Tokens the target's bucket is taken to hold when it is full; nft's holds five, Linux's six. Those
for questions under way come on top."""
_STORED = 0.02
"""Seconds of tokens it is taken to hold at least."""
_DOUBTING = 0.7
"""Share of the rate at which tokens come where no question is answered: silence may mean that the
ration is taken for more than it is, and has to show as more answers than tokens."""
_MEMORY = 40.0
"""Answers over which the share of answered questions is taken."""
_OVERDRAWN = -1.0
"""Level below which more was answered than was called for, ..."""
_SURPRISE = 3
"""... so that an answer counts as so many."""
_TELLING = 0.9
"""Share of answered questions above which a missing answer was lost on the way."""
_CHEAPEST = 1 / 256
"""Least share of a token that a question keeps back."""
_SLACK = 0.02
"""Seconds by which answers may come later than after one and a half round trips."""
_HANDFUL = 0.005
"""Seconds of questions that are asked at once where there are many."""


class MeasuredRation:
    """A bucket of questions for one host. Times in seconds, rates per second.

    Attributes:
        changed_at: since when questions that are not answered are known to be lost on the way.
        most: questions per second that are asked at most, whatever is answered.
    """

    uncertain = False

    def __init__(self, now: float, rate: float) -> None:
        """``rate``: the answers per second that came when more were asked for."""
        self._rate = rate * _CAUTION
        self._level = 0.0
        self._time = self._began = now
        self._asked: deque[tuple[float, int]] = deque()
        self._outstanding = 0
        self._total = 0
        self._patience = math.inf
        self._answered_share = _Share()
        self._room = 1.0
        self.most = math.inf
        self.changed_at = now

    @property
    def rate(self) -> float:
        """Questions per second that are answered."""
        return self._rate

    @property
    def _income(self) -> float:
        """Tokens per second."""
        return self._rate * (_DOUBTING + (1 - _DOUBTING) * self._answered_share.value)

    @property
    def _reserve(self) -> float:
        return max(_RESERVE, self._rate * _STORED)

    @property
    def _cost(self) -> float:
        """Tokens a question is taken to cost."""
        return max(self._answered_share.value, _CHEAPEST)

    def rest(self, now: float, wait: float) -> None:
        """Another round of questions begins ``wait`` seconds from now, and is asked no faster than
        the fastest was on the whole."""
        self._advance(now)
        went_well = max(self._total / max(now - self._began, wait), self._rate)
        self.most = went_well if math.isinf(self.most) else max(self.most, went_well)
        self._total, self._began = 0, now + wait
        self._time = max(self._time, self._began)
        self._room = 1.0

    def _advance(self, now: float) -> None:
        """Let tokens come, and believe that questions will not be answered whose answer is late."""
        if now <= self._time:
            return
        gone, self._time = now - self._time, now
        most = self._reserve + self._outstanding * self._cost
        self._level = min(self._level + gone * self._income, most)
        self._room = min(self._room + gone * self.most, max(1.0, self.most * _STORED))
        while self._asked and self._asked[0][0] + self._patience <= now:
            _, silent = self._asked.popleft()
            self._outstanding -= silent
            self._answered_share.note(0, silent)

    @property
    def _spare(self) -> float:
        """Questions for which there are tokens."""
        return self._level / self._cost - self._outstanding

    def allowance(self, now: float) -> int:
        """How many questions may be asked now."""
        self._advance(now)
        return max(0, int(min(self._spare, self._room) + 1e-6)) if now >= self._time else 0

    def next_allowed(self, now: float, waiting: int) -> float:
        """When the next of ``waiting`` questions may be asked, or a handful where there are many
        and they pass quickly."""
        self._advance(now)
        pace = min(self._income / self._cost, self.most)
        wanted = max(1.0, min(pace * _HANDFUL, waiting, self._reserve / self._cost / 2))
        lacking = max(0.0, wanted - self._spare) * self._cost / self._income
        if lacking and self._asked:
            lacking = min(lacking, max(0.0, self._asked[0][0] + self._patience - now))
        held = max(0.0, wanted - self._room) / self.most
        return max(now, self._time) + max(lacking, held)

    def note_sent(self, count: int) -> None:
        """``count`` questions were asked."""
        self._room -= count
        self._outstanding += count
        self._total += count
        self._asked.append((self._time, count))

    def note_silence(self, count: int) -> None:
        """``count`` questions were given up. Here they were already, when their answer was late."""

    def note_answers(self, now: float, count: int, told: int, lost: int) -> None:
        """``count`` questions were answered; the oldest, presumably."""
        self._level -= count
        overdrawn = self._level < _OVERDRAWN
        if overdrawn or self._answered_share.value < _TELLING:
            self.changed_at = now
        self._answered_share.note(count * (_SURPRISE if overdrawn else 1), 0)
        while count and self._asked:
            asked, some = self._asked.popleft()
            taken = min(some, count)
            if some > taken:
                self._asked.appendleft((asked, some - taken))
            self._outstanding -= taken
            count -= taken

    def set_timing(self, timing: TimingTemplate) -> None:
        """A ration is the target's; only a least rate asked for by the user goes before it."""
        self._rate = max(self._rate, timing.min_rate)

    def tick(self, now: float, round_trip: float | None, timeout: float) -> None:
        """Learn how long answers take."""
        late = math.inf if round_trip is None else 1.5 * round_trip + _SLACK
        self._patience = min(timeout, late)


class _Share:
    """Share of the latest questions that were answered; all of them, to begin with."""

    def __init__(self) -> None:
        self._answered = self._asked = 4.0

    @property
    def value(self) -> float:
        """The share, 0..1."""
        return self._answered / self._asked

    def note(self, answered: int, silent: int) -> None:
        """Some more questions were answered, or not."""
        fade = max(0.0, 1.0 - (answered + silent) * self.value / _MEMORY)
        self._answered = self._answered * fade + answered
        self._asked = self._asked * fade + answered + silent

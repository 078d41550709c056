"""Following: whether answers follow the probes, and how fast ports are decided."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from engine.core.forecast import Measured

_MEMORY = 3.0
"""Seconds over which probes are counted at most, ..."""
_FINE = 0.005
"""... and between two counts."""
_COARSE = 0.02
_MOST = 128
"""The same of the whole pass, at first, and how many counts of it are kept."""
_LATELY = 0.5
"""Share of the pass over which is counted: the pace of a span scan grows, machines are busy with
other things now and then, and where a limit makes answers few they come in waves."""
_SHORTEST, _SHORT = 0.05, 0.5
"""Seconds over which probes, and answers and decisions, are counted at least."""
_LONGEST_GAP = 0.3
"""Seconds between two answers; in longer pauses nothing was asked, presumably."""
_DENSE = 10.0
"""Answers per second among which such a pause is one."""
_SOME = 16
"""Answers that make a rate worth believing."""
_QUEUED, _SLACK = 2.0, 0.005
"""Times the least round trip, and seconds more, above which answers wait somewhere."""
_SEASONED = 2.0
"""Times that it takes to call a port silent after which most such ports are called so."""
_MOSTLY = 0.7
"""Share of answers to first copies above which the missing ones are taken for lost."""
_TELLING = 48
"""Ports or probes below which a share or a rate says little."""


class Totals(Struct, frozen=True):
    """Totals ``at`` a time: probes sent; ports asked, answered and decided in this pass; answers to
    first and to second copies; up to when answers were taken in (``heard``); and seconds in which
    answers came one soon after the other (``flowing``)."""

    at: float
    sent: int
    asked: int
    answered: int
    decided: int
    firsts: int
    seconds: int
    heard: float
    flowing: float = 0.0


class Times(Struct, frozen=True):
    """What to measure by, in seconds: the round trip (``lag``), from one copy to the next
    (``timeout``), until a port is called silent (``silence``), and when, on the clock, the pace was
    last lowered or restored (``changed_at``)."""

    lag: float
    timeout: float
    silence: float
    changed_at: float


class _Course:
    """Counts of a whole pass, the farther apart the longer it lasts."""

    def __init__(self) -> None:
        self._counts: list[Totals] = []
        self._apart = _COARSE

    def note(self, count: Totals) -> None:
        counts = self._counts
        if counts and count.at - counts[-1].at < self._apart:
            return
        counts.append(count)
        if len(counts) > _MOST:
            del counts[1::2]
            self._apart *= 2

    @property
    def begin(self) -> Totals:
        """The first totals."""
        return self._counts[0]

    def since(self, when: float) -> Totals:
        """The totals at about a time."""
        place = bisect_right(self._counts, when, key=lambda count: count.at)
        return self._counts[max(place - 1, 0)]

    def flowed(self, seconds: float) -> Totals:
        """The totals when answers had come for so long."""
        place = bisect_right(self._counts, seconds, key=lambda count: count.flowing)
        return self._counts[max(place - 1, 0)]


class Following:
    """Compares what was asked with what was answered a round trip later. Times in seconds."""

    def __init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._counts: deque[Totals] = deque()
        self._course = _Course()
        self._best = 0.0
        self._least_lag = math.inf
        self._answered_at = 0.0

    def note(self, totals: Totals, lag: float) -> None:
        """Take in totals. ``lag``: the round trip."""
        counts, now = self._counts, totals.at
        if counts and totals.asked < counts[-1].asked:
            self._begin_anew()  # another pass
            counts = self._counts
        if counts and now - counts[-1].at < _FINE:
            return
        if counts:
            totals = replace(totals, flowing=counts[-1].flowing)
            if totals.answered > counts[-1].answered:
                pause = min(now - self._answered_at, _LONGEST_GAP)
                totals = replace(totals, flowing=totals.flowing + pause)
                self._answered_at = now
        counts.append(totals)
        self._course.note(totals)
        while len(counts) > 2 and counts[1].at < now - _MEMORY - lag:
            counts.popleft()
        if lag:
            self._least_lag = min(self._least_lag, lag)
        earlier = self._before(totals.heard - lag).asked
        if earlier >= _TELLING:
            self._best = max(self._best, min(totals.answered / earlier, 1.0))

    def _before(self, when: float) -> Totals:
        """The totals at a time, or the oldest remembered."""
        place = bisect_right(self._counts, when, key=lambda count: count.at)
        return self._counts[max(place - 1, 0)]

    def measured(self, now: float, times: Times, *, steady: bool) -> Measured:
        """What is known now. ``steady``: there was always a probe to send lately."""
        if not self._counts:
            return Measured(None, math.inf, 0, 0.0, 0.0, 1.0, 0.0, 0, False)
        newest = self._counts[-1]
        span = (now - self._course.begin.at) * _LATELY
        steadily = min(span, now - times.changed_at, _MEMORY)
        since = self._before(now - max(steadily, _SHORTEST))
        sent = newest.sent - since.sent
        asked = self._before(newest.heard - times.lag).asked
        share = min(newest.answered / asked, 1.0) if asked else 0.0
        earlier = self._course.since(now - max(_SHORT, span))
        longer = max(newest.at - earlier.at, _FINE)
        answers = newest.answered - earlier.answered
        return Measured(
            sending=sent / max(newest.at - since.at, _FINE)
            if steady and sent >= _TELLING
            else None,
            flowing=self._flowing(newest, max(answers, 1) / longer),
            answers=answers,
            deciding=max(newest.decided - earlier.decided, 0) / longer,
            share=share,
            best_share=self._best or 1.0,
            loss=self._loss(newest, now - times.timeout, share),
            seasoned=self._course.since(now - _SEASONED * times.silence).asked,
            queueing=times.lag > _QUEUED * self._least_lag + _SLACK,
        )

    def _flowing(self, newest: Totals, sparse: float) -> float:
        """Answers per second of the time in which some came, or ``sparse`` where they are far
        between; infinity while they were few."""
        if newest.answered - self._course.begin.answered < _SOME:
            return math.inf
        earlier = self._course.flowed(newest.flowing - max(_SHORT, newest.flowing * _LATELY))
        gone = max(newest.flowing - earlier.flowing, _FINE)
        dense = (newest.answered - earlier.answered) / gone
        return dense if dense >= _DENSE else sparse

    def _loss(self, newest: Totals, then: float, share: float) -> float:
        """Of the ports that answered the first copy or would have answered the second by now, the
        share that did the second: those that answered the first by ``then``, a timeout ago, are of
        the same age. Before that, what is missing of nearly all answers is taken for lost."""
        begin = self._course.begin
        firsts = self._course.since(then).firsts - begin.firsts
        if firsts >= _TELLING:
            return min((newest.seconds - begin.seconds) / firsts, 1.0)
        return 1.0 - share if share > _MOSTLY else 0.0

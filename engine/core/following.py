"""Following: whether answers follow the probes, and how fast ports are decided."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from engine.core.course import Course, Totals
from engine.core.forecast import Measured
from engine.core.lost_copies import FirstLoss, Missing, later_loss

_MEMORY = 3.0
"""Seconds over which probes are counted at most, ..."""
_FINE = 0.005
"""... and between two counts."""
_LATELY = 0.5
"""Share of the pass over which is counted: the pace of a span scan grows, machines are busy with
other things now and then, and where a limit makes answers few they come in waves."""
_JUST_NOW = 0.25
"""The same where answers come densely: a link that fills up lets more and more pass."""
_BRIEF, _SHORTEST, _SHORT = 0.02, 0.05, 0.1
"""Seconds over which probes, dense answers, and others and decisions are counted at least."""
_LONGEST_GAP = 0.3
"""Seconds between two answers; in longer pauses nothing was asked, presumably."""
_WINK = 0.03
"""Seconds of answers that say the most while their rate still grows."""
_DENSE = 10.0
"""Answers per second among which such a pause is one."""
_SOME = 16
"""Answers that make a rate worth believing."""
_QUEUED, _SLACK = 1.5, 0.005
"""Times the least round trip, and seconds more, above which answers wait somewhere."""
_SEASONED = 2.0
"""Times that it takes to call a port silent after which most such ports are called so."""
_TELLING = 48
"""Ports or probes below which a share or a rate says little."""


class Times(Struct, frozen=True):
    """What to measure by, in seconds: the round trip (``lag``), until a port is called silent
    (``silence``), and when, on the clock, the pace was last lowered or restored (``changed_at``) or
    has last grown fast (``grown_at``)."""

    lag: float
    silence: float
    changed_at: float
    grown_at: float


class Following:
    """Compares what was asked with what was answered a round trip later. Times in seconds."""

    def __init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._counts: deque[Totals] = deque()
        self._course = Course()
        self._loss = FirstLoss()
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
        earlier = self._asked(totals.heard - lag)
        if earlier >= _TELLING:
            self._best = max(self._best, min(totals.answered / earlier, 1.0))

    def _before(self, when: float) -> Totals:
        """The totals at a time, or the oldest remembered."""
        place = bisect_right(self._counts, when, key=lambda count: count.at)
        return self._counts[max(place - 1, 0)]

    def _asked(self, when: float) -> float:
        """Ports that had been asked by a time: so many more from one count to the next that the
        share of answers would look better than it is without what lies between."""
        place = bisect_right(self._counts, when, key=lambda count: count.at)
        earlier = self._counts[max(place - 1, 0)]
        if place in (0, len(self._counts)):
            return earlier.asked
        later = self._counts[place]
        gone = (when - earlier.at) / (later.at - earlier.at)
        return earlier.asked + gone * (later.asked - earlier.asked)

    def measured(self, now: float, times: Times, *, steady: bool) -> Measured:
        """What is known now. ``steady``: there was always a probe to send lately."""
        if not self._counts:
            return Measured(None, math.inf, 0, 0.0, 0.0, 1.0, 0.0, None, math.inf, 0, False)
        newest = self._counts[-1]
        span = (now - self._course.begin.at) * _LATELY
        changed = now - times.changed_at
        steadily = min(span, changed, now - times.grown_at, _MEMORY)
        since = self._before(now - max(steadily, _BRIEF))
        sent = newest.sent - since.sent
        asked = self._asked(newest.heard - times.lag)
        share = min(newest.answered / asked, 1.0) if asked else 0.0
        missing = Missing(1.0 - share, asked)
        earlier = self._course.since(now - max(_SHORT, span))
        longer = max(newest.at - earlier.at, _FINE)
        answers = newest.answered - earlier.answered
        return Measured(
            sending=sent / max(newest.at - since.at, _FINE)
            if steady and sent >= _TELLING and changed >= _SHORTEST
            else None,
            flowing=self._flowing(newest, max(answers, 1) / longer),
            answers=answers,
            deciding=max(newest.decided - earlier.decided, 0) / longer,
            share=share,
            best_share=self._best or 1.0,
            loss=self._loss.share(self._course, newest, times.changed_at, times.lag, missing),
            later_loss=later_loss(self._course, newest),
            least_timeout=self._course.least_timeout,
            seasoned=self._course.since(now - _SEASONED * times.silence).asked,
            queueing=times.lag > _QUEUED * self._least_lag + _SLACK,
        )

    def _flowing(self, newest: Totals, sparse: float) -> float:
        """Answers per second of the time in which some came, or ``sparse`` where they are far
        between; infinity while they were few."""
        if newest.answered - self._course.begin.answered < _SOME:
            return math.inf
        dense = 0.0
        for lately in (_SHORT, max(_SHORTEST, newest.flowing * _JUST_NOW), _WINK):
            earlier = self._course.flowed(newest.flowing - lately)
            gone = max(newest.flowing - earlier.flowing, _FINE)
            dense = max(dense, (newest.answered - earlier.answered) / gone)
        return dense if dense >= _DENSE else sparse

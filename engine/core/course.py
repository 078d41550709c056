"""Course: what was asked and answered in the course of a pass of a scan."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

_APART = 0.02
"""Seconds between two counts, at first ..."""
_MOST = 128
"""... and how many are kept."""


class Totals(Struct, frozen=True):
    """Totals ``at`` a time: probes sent; ports asked, answered and decided in this pass; up to when
    answers were taken in (``heard``), and how long they were waited for (``timeout``); answers to
    first, to second and to third copies; and seconds in which answers came one soon after the other
    (``flowing``)."""

    at: float
    sent: int
    asked: int
    answered: int
    decided: int
    heard: float
    timeout: float
    firsts: int
    seconds: int
    thirds: int
    flowing: float = 0.0


class Course:
    """Counts of a whole pass, the farther apart the longer it lasts."""

    def __init__(self) -> None:
        self._counts: list[Totals] = []
        self._apart = _APART

    def note(self, count: Totals) -> None:
        """Take in totals; some are passed over."""
        counts = self._counts
        if counts and count.at - counts[-1].at < self._apart:
            return
        counts.append(count)
        if len(counts) > _MOST:
            del counts[1::2]
            self._apart *= 2

    @property
    def least_timeout(self) -> float:
        """How long answers were waited for when that was shortest, in seconds."""
        return min(count.timeout for count in self._counts)

    @property
    def begin(self) -> Totals:
        """The first totals."""
        return self._counts[0]

    def since(self, when: float) -> Totals:
        """The totals at about a time."""
        place = bisect_right(self._counts, when, key=lambda count: count.at)
        return self._counts[max(place - 1, 0)]

    def timed_out(self, now: float) -> Totals:
        """The latest totals at which probes left whose time is up. Timeouts grow and shrink."""
        over = (count for count in reversed(self._counts) if count.at + count.timeout <= now)
        return next(over, self._counts[0])

    def flowed(self, seconds: float) -> Totals:
        """The totals when answers had come for so long."""
        place = bisect_right(self._counts, seconds, key=lambda count: count.flowing)
        return self._counts[max(place - 1, 0)]

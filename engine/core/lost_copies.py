"""Lost copies: which share of the probes gets lost, by which copies are answered.

Ports that answered the second copy are compared with those that answered the first a timeout
earlier: they were asked at the same time. So the loss is known while the scan is still too young to
call a port silent.
"""

from __future__ import annotations

import math

from msgspec import Struct

from engine.core.course import Course, Totals

_TELLING = 48
"""Ports below which a share says little."""
_FEW = 0.3
"""Share of the first copies below which missing answers are taken for lost."""
_DOUBT = 200
"""Ports' worth of belief that no answer is missing: how many were asked a round trip ago is not
known to the millisecond while the rate doubles."""
_HALF_LIFE = 0.5
"""Seconds in which a loss that was higher is half forgotten."""


class Missing(Struct, frozen=True):
    """Share of ``asked`` ports without an answer, 0..1."""

    share: float
    asked: float

    @property
    def lost(self) -> float:
        """The share that is taken for lost."""
        if self.asked < _TELLING or self.share >= _FEW:
            return 0.0
        return self.share * self.asked / (self.asked + _DOUBT)


class FirstLoss:
    """Which share of the first copies is lost. It grows at once and shrinks slowly: while a queue
    fills up, answers to second copies are behind those to first ones, and look too few."""

    def __init__(self) -> None:
        self._share = 0.0
        self._at = self._changed_at = -math.inf

    def share(
        self, course: Course, newest: Totals, changed_at: float, lag: float, missing: Missing
    ) -> float:
        """See first_loss(); what was lost before the pace ``changed_at``, and is known a round trip
        (``lag``) later, does not count."""
        if changed_at != self._changed_at:
            self._share, self._changed_at = 0.0, changed_at
        faded = self._share * 0.5 ** ((newest.at - self._at) / _HALF_LIFE)
        self._share = max(first_loss(course, newest, changed_at + lag, missing), faded)
        self._at = newest.at
        return self._share


def first_loss(course: Course, newest: Totals, since: float, missing: Missing) -> float:
    """Which share of the first copies answered from ``since`` on was lost, 0..1. Until second ones
    tell, ``missing`` answers to a few of all ports are taken for lost."""
    begin = course.since(since)
    whole = begin is course.begin
    asked_again = begin if whole else course.since(since + begin.timeout)
    firsts = course.timed_out(newest.at).firsts - begin.firsts
    if firsts >= _TELLING:
        return min(max(newest.seconds - asked_again.seconds, 0) / firsts, 1.0)
    return missing.lost


def later_loss(course: Course, newest: Totals) -> float | None:
    """Which share of the second copies was lost, 0..1; None unknown. What is asked again is less at
    once, and may fare better."""
    begin = course.begin
    seconds = course.timed_out(newest.at).seconds - begin.seconds
    if seconds < _TELLING:
        return None
    lately = (newest.seconds - begin.seconds) / 2  # many come at once when a queue empties
    return min((newest.thirds - begin.thirds) / max(seconds, lately), 1.0)

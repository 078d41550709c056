"""Lost copies: which share of the probes gets lost, by which copies are answered.

Ports that answered the second copy are compared with those that answered the first a timeout
earlier: they were asked at the same time. So the loss is known while the scan is still too young to
call a port silent.
"""

from __future__ import annotations

from engine.core.course import Course, Totals

_TELLING = 48
"""Ports below which a share says little."""
_MOSTLY = 0.7
"""Share of answers to first copies above which the missing ones are taken for lost."""


def first_loss(course: Course, newest: Totals, since: float, share: float) -> float:
    """Which share of the first copies that were answered from ``since`` on was lost, 0..1. Until
    second copies tell, what is missing of nearly all answers (``share`` came) is taken for lost."""
    begin = course.since(since)
    whole = begin is course.begin
    asked_again = begin if whole else course.since(since + begin.timeout)
    firsts = course.timed_out(newest.at).firsts - begin.firsts
    if firsts >= _TELLING:
        return min(max(newest.seconds - asked_again.seconds, 0) / firsts, 1.0)
    return 1.0 - share if share > _MOSTLY else 0.0


def later_loss(course: Course, newest: Totals) -> float | None:
    """Which share of the second copies was lost, 0..1; None unknown. What is asked again is less at
    once, and may fare better."""
    begin = course.begin
    seconds = course.timed_out(newest.at).seconds - begin.seconds
    if seconds < _TELLING:
        return None
    lately = (newest.seconds - begin.seconds) / 2  # many come at once when a queue empties
    return min((newest.thirds - begin.thirds) / max(seconds, lately), 1.0)

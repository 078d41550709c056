"""What is measured of a scan to foresee its end."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from engine.core.course import Totals
from engine.core.following import Following, Times
from engine.core.forecast import Measured

TIMES = Times(lag=0.02, silence=0.2, changed_at=0.0, grown_at=0.0)
TIMEOUT = 0.1


def measured(*course: Totals, times: Times = TIMES, steady: bool = True) -> Measured:
    following = Following()
    for totals in course:
        following.note(totals, times.lag)
    return following.measured(course[-1].at, times, steady=steady)


def totals(at: float, asked: float, answered: float, seconds: float = 0.0) -> Totals:
    done = int(answered)
    return Totals(
        at=at,
        sent=int(asked),
        asked=int(asked),
        answered=done,
        decided=done,
        heard=at,
        timeout=TIMEOUT,
        firsts=done - int(seconds),
        seconds=int(seconds),
        thirds=0,
    )


def steady_course(until: float, share: float = 1.0) -> list[Totals]:
    """1,000 probes a second, a share of which is answered 20 ms later."""
    times = [step / 100 for step in range(round(until * 100) + 1)]
    return [totals(at, 1000 * at, 1000 * share * max(at - 0.02, 0.0)) for at in times]


def test_nothing_is_known_before_the_first_totals() -> None:
    nothing = Following().measured(5.0, TIMES, steady=True)
    assert (nothing.sending, nothing.answers, nothing.seasoned) == (None, 0, 0)


def test_answers_that_wait_to_be_taken_in_are_not_missing() -> None:
    late = [replace(now, heard=now.at - 0.03) for now in steady_course(0.5, share=1.0)]
    course = [replace(now, answered=max(now.answered - 30, 0)) for now in late]
    assert measured(*course).share > 0.95
    assert measured(*(replace(now, heard=now.at) for now in course)).share < 0.95


def test_the_share_of_answers_is_right_while_the_pace_doubles() -> None:
    def asked(at: float) -> float:
        return 100 * 2 ** (max(at, 0.0) / 0.02)

    # counted when it suits the scan, which is seldom a round trip apart
    times = [0.006 * step for step in range(17)]
    course = [totals(at, asked(at), 0.9 * asked(at - 0.02) * (at > 0.02)) for at in times]
    assert measured(*course).share == pytest.approx(0.9, abs=0.03)


def test_the_rates_are_those_of_late() -> None:
    now = measured(*steady_course(4.0))
    assert now.sending == pytest.approx(1000, rel=0.02)
    assert now.flowing == pytest.approx(1000, rel=0.02)
    assert now.share == pytest.approx(1.0, abs=0.02)


def test_the_rate_is_unknown_while_probes_are_lacking() -> None:
    assert measured(*steady_course(4.0), steady=False).sending is None


def test_the_rate_is_measured_since_the_pace_was_restored() -> None:
    slow = steady_course(2.0)
    fast = [totals(2 + step / 100, 2000 + 50 * step, 1980 + 10 * step) for step in range(1, 31)]
    now = measured(*slow, *fast, times=replace(TIMES, changed_at=2.0))
    assert now.sending == pytest.approx(5000, rel=0.05)


def test_second_answers_tell_of_the_loss_as_soon_as_they_come() -> None:
    course = [
        totals(at, 1000 * at, 900 * at + 90 * max(at - 0.1, 0.0), 90 * max(at - 0.1, 0.0))
        for at in (step / 100 for step in range(51))
    ]
    assert measured(*course).loss == pytest.approx(0.1, abs=0.03)


def test_a_pause_of_the_scan_does_not_slow_the_flow() -> None:
    course = steady_course(1.0)
    pause = [totals(1 + step / 10, 1000, 980) for step in range(1, 21)]
    now = measured(*course, *pause)
    assert now.flowing == pytest.approx(1000, rel=0.1)


def test_where_answers_dried_up_one_may_be_about_to_come() -> None:
    few = [totals(float(step), 100, min(step, 20)) for step in range(100)]
    assert measured(*few).flowing == pytest.approx(1 / 50, rel=0.1)


def test_few_answers_have_no_flow() -> None:
    assert measured(totals(0.0, 0, 0), totals(1.0, 900, 3)).flowing == math.inf


def test_longer_round_trips_tell_of_a_queue() -> None:
    following = Following()
    following.note(totals(0.0, 1, 1), 0.02)
    following.note(totals(1.0, 900, 800), 0.09)
    assert following.measured(1.0, replace(TIMES, lag=0.09), steady=True).queueing
    assert not following.measured(1.0, TIMES, steady=True).queueing


def test_another_pass_begins_anew() -> None:
    again = measured(*steady_course(3.0), totals(3.1, 10, 0))
    assert again.sending is None and again.seasoned == 10

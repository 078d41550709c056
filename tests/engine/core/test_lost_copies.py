"""How many probes get lost, by which copies are answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from engine.core.course import Course, Totals
from engine.core.lost_copies import FirstLoss, Missing, first_loss, later_loss

RATE, LOSS = 1_000.0, 0.1
NONE = Missing(0.0, 1_000.0)


def counts(at: float, timeout: Callable[[float], float]) -> Totals:
    """Of 1,000 probes a second, one in ten of which is lost, and so are further copies."""

    def left(when: float, copies: int) -> float:
        """When a copy was sent whose predecessors timed out until now."""
        for _ in range(copies):
            when -= timeout(when)
        return max(when, 0.0)

    first, second, third = (
        int(RATE * left(at, copy) * LOSS**copy * (1 - LOSS)) for copy in range(3)
    )
    answered = first + second + third
    sent = int(RATE * at)
    return Totals(at, sent, sent, answered, answered, at, timeout(at), first, second, third)


def course(until: float, timeout: Callable[[float], float]) -> Course:
    taken = Course()
    for step in range(round(until * 50) + 1):
        taken.note(counts(step / 50, timeout))
    return taken


def test_second_answers_tell_how_many_first_copies_were_lost() -> None:
    now = counts(3.0, lambda when: 0.1)
    assert first_loss(course(3.0, lambda when: 0.1), now, 0.0, NONE) == pytest.approx(LOSS, rel=0.1)


def test_a_timeout_that_has_grown_is_not_taken_for_loss() -> None:
    def timeout(when: float) -> float:
        return 0.1 if when < 0.9 else 0.6

    now = counts(1.0, timeout)
    # second copies answered now left when they were waited for only 0.1 s
    told = first_loss(course(1.0, lambda when: 0.1), now, 0.0, NONE)
    assert told <= 1.2 * LOSS


def test_third_answers_tell_how_many_second_copies_were_lost() -> None:
    now = counts(6.0, lambda when: 0.1)
    told = later_loss(course(6.0, lambda when: 0.1), now)
    assert told == pytest.approx(LOSS, rel=0.2)


def test_without_second_answers_nothing_is_said_of_further_copies() -> None:
    assert later_loss(course(0.2, lambda when: 0.1), counts(0.2, lambda when: 0.1)) is None


def test_losses_from_before_the_pace_changed_do_not_count() -> None:
    full = [
        Totals(at / 50, 20 * at, 20 * at, 10 * at, 10 * at, at / 50, 0.1, 5 * at, 5 * at, 0)
        for at in range(51)
    ]
    slower = [
        Totals(
            1 + at / 50,
            1000 + 10 * at,
            1000 + 10 * at,
            500 + 10 * at,
            500 + 10 * at,
            1 + at / 50,
            0.1,
            250 + 10 * at,
            250,
            0,
        )
        for at in range(1, 51)
    ]
    taken = Course()
    for one in full + slower:
        taken.note(one)
    assert first_loss(taken, slower[-1], 0.0, NONE) > 0.3
    assert first_loss(taken, slower[-1], 1.0, NONE) == 0.0


def test_a_loss_is_forgotten_slowly_unless_the_pace_changed() -> None:
    taken = course(3.0, lambda when: 0.1)
    loss, now = FirstLoss(), counts(3.0, lambda when: 0.1)
    assert loss.share(taken, now, 0.0, 0.02, NONE) == pytest.approx(LOSS, rel=0.1)
    # a queue fills up, and no second answer comes for a while
    later = replace(now, at=3.25, heard=3.25, firsts=now.firsts * 4)
    for step in range(1, 14):
        taken.note(replace(later, at=3 + step / 50))
    assert 0.06 < loss.share(taken, later, 0.0, 0.02, NONE) < LOSS
    assert loss.share(taken, later, 2.9, 0.02, NONE) < 0.02


def test_missing_answers_to_few_ports_say_little_of_the_path() -> None:
    few, many, silent = Missing(0.2, 60.0), Missing(0.2, 20_000.0), Missing(0.9, 20_000.0)
    assert few.lost < 0.05
    assert many.lost == pytest.approx(0.2, rel=0.02)
    assert silent.lost == 0.0  # so many are silent ports

"""When the engine rests."""

from __future__ import annotations

from engine.rest import Rest


def calm() -> Rest:
    rest = Rest()
    for _ in range(20):
        rest.after(2, 1, awaited=False)
    return rest


def test_nobody_rests_before_it_is_known_that_the_pace_is_moderate() -> None:
    assert Rest().after(2, 1, awaited=False) == 0.0


def test_after_some_turns_with_little_to_do_the_engine_rests() -> None:
    assert calm().after(2, 1, awaited=False) > 0.0


def test_a_turn_with_much_to_do_ends_it() -> None:
    rest = calm()
    assert rest.after(100, 0, awaited=False) == 0.0
    assert rest.after(2, 1, awaited=False) == 0.0


def test_nobody_rests_while_answers_are_awaited_or_nothing_happens() -> None:
    assert calm().after(1, 1, awaited=True) == 0.0
    assert calm().after(0, 0, awaited=False) == 0.0

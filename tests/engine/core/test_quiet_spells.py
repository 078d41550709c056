"""When hosts were not to be heard."""

from __future__ import annotations

import numpy as np

from engine.core.quiet_spells import QuietSpells


def covered(spells: QuietSpells, *asked: tuple[int, float]) -> list[bool]:
    hosts = np.array([host for host, _ in asked], np.uint32)
    times = np.array([time for _, time in asked])
    found: list[bool] = spells.cover(hosts, times).tolist()
    return found


def test_nothing_is_covered_before_a_host_was_quiet() -> None:
    spells = QuietSpells()
    assert not spells
    assert covered(spells, (3, 1.0)) == [False]


def test_what_left_while_its_host_was_quiet_is_covered() -> None:
    spells = QuietSpells()
    spells.note(3, 1.0, 2.0)
    assert spells
    asked = ((3, 0.9), (3, 1.5), (4, 1.5), (3, 2.5))
    assert covered(spells, *asked) == [False, True, False, False]


def test_what_left_last_before_it_and_what_was_heard_after_it_is_not() -> None:
    spells = QuietSpells()
    spells.note(3, 1.0, 2.0)
    assert covered(spells, (3, 1.0), (3, 2.0)) == [False, False]


def test_only_the_last_spell_of_each_host_counts() -> None:
    spells = QuietSpells()
    spells.note(3, 1.0, 2.0)
    spells.note(5, 1.0, 4.0)
    spells.note(3, 6.0, 7.0)
    assert covered(spells, (3, 1.5), (3, 6.5), (5, 1.5)) == [False, True, True]


def test_a_host_is_waited_for_twelve_times() -> None:
    spells = QuietSpells()
    for number in range(12):
        assert not spells.enough(3)
        spells.note(3, number, number + 0.5)
    assert spells.enough(3)
    assert not spells.enough(4)


def test_or_for_twenty_five_seconds_in_all() -> None:
    spells = QuietSpells()
    spells.note(3, 0.0, 24.0)
    assert not spells.enough(3)
    spells.note(3, 30.0, 31.0)
    assert spells.enough(3)

"""How ids are told apart, and packets counted by them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transport.idle.id_series import IdSeries, classify

ids = st.integers(0, 0xFFFF)
gaps = st.lists(st.integers(1, 10), min_size=5, max_size=5)


def series(start: int, distances: list[int]) -> list[int]:
    found = [start]
    for distance in distances:
        found.append((found[-1] + distance) & 0xFFFF)
    return found


def swapped(number: int) -> int:
    return (number & 0xFF) << 8 | number >> 8


@given(ids, gaps)
def test_a_quiet_counter_counts_across_the_wrap(start: int, distances: list[int]) -> None:
    found = series(start, distances)
    kind = classify(found)
    assert kind is (
        IdSeries.BY_TWO if all(one % 2 == 0 for one in distances) else IdSeries.INCREMENTAL
    )
    assert IdSeries.INCREMENTAL.packets(found[0], found[-1]) == sum(distances)


@given(ids, gaps)
def test_two_up_and_swapped_bytes_are_recognised(start: int, distances: list[int]) -> None:
    doubled = series(start, [2 * one for one in distances])
    assert classify(doubled) is IdSeries.BY_TWO
    assert IdSeries.BY_TWO.packets(doubled[0], doubled[-1]) == sum(distances)
    little = [swapped(one) for one in series(start, distances)]
    assert classify(little) is IdSeries.LITTLE_ENDIAN
    assert IdSeries.LITTLE_ENDIAN.packets(little[0], little[-1]) == sum(distances)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([0, 0, 0, 0, 0, 0], IdSeries.CONSTANT),
        ([7, 7, 7, 7, 7, 7], IdSeries.CONSTANT),
        ([10, 60, 200, 230, 900, 901], IdSeries.BUSY),
        ([65_500, 20, 100, 300, 301, 333], IdSeries.BUSY),
        ([5, 4, 3, 2, 1, 0], IdSeries.RANDOM),
        ([1, 1, 2, 2, 3, 3], IdSeries.RANDOM),
        ([40_000, 3, 60_111, 9, 1_000, 30_000], IdSeries.RANDOM),
    ],
)
def test_what_cannot_be_counted_is_named(found: list[int], kind: IdSeries) -> None:
    assert classify(found) is kind
    assert not kind.counts


@given(st.lists(ids, min_size=2, max_size=8))
def test_any_ids_are_of_some_kind(found: list[int]) -> None:
    kind = classify(found)
    if kind.counts:
        assert all(1 <= kind.packets(*pair) <= 10 for pair in pairwise(found))


def test_ids_of_four_bytes_wrap_later() -> None:
    found = [0xFFFF_FFFE, 0xFFFF_FFFF, 1, 2]
    assert classify(found, 4) is IdSeries.INCREMENTAL
    assert IdSeries.INCREMENTAL.packets(found[0], found[-1], 4) == 4
    assert IdSeries.LITTLE_ENDIAN.packets(0x01000000, 0x03000000, 4) == 2
    assert classify([0xFFFF, 0x1_0000, 0x1_0002, 0x1_0003], 4) is IdSeries.INCREMENTAL


def test_an_odd_distance_belongs_to_no_counter_by_two() -> None:
    assert IdSeries.BY_TWO.packets(10, 13) == -1

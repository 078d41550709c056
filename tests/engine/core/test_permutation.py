"""The order of probes: every item once, anywhere computable, the same under the same seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.permutation import Permutation

sizes = st.integers(1, 5_000)
seeds = st.integers(0, 2**63 - 1)


@settings(max_examples=80, deadline=None)
@given(sizes, seeds)
def test_every_item_stands_at_one_place(size: int, seed: int) -> None:
    order = Permutation(size, seed)
    items = order.items(0, size)
    assert np.array_equal(np.sort(items), np.arange(size))


@settings(max_examples=50, deadline=None)
@given(sizes, seeds, st.integers(0, 6_000), st.integers(0, 6_000))
def test_any_part_can_be_computed_alone(size: int, seed: int, start: int, count: int) -> None:
    order = Permutation(size, seed)
    assert np.array_equal(order.items(start, count), order.items(0, size)[start : start + count])


@given(st.integers(2**32, 2**62), seeds, st.integers(0, 2**31))
def test_huge_spaces_cost_nothing(size: int, seed: int, start: int) -> None:
    order = Permutation(size, seed)
    items = order.items(start, 20)
    assert len(np.unique(items)) == 20 and (items < size).all() and (items >= 0).all()


def test_nothing_to_order() -> None:
    assert len(Permutation(0, 1).items(0, 10)) == 0


def test_seeds_give_different_orders_that_look_random() -> None:
    one, other = Permutation(5_000, 1).items(0, 5_000), Permutation(5_000, 2).items(0, 5_000)
    assert np.count_nonzero(one == other) < 20
    assert abs(np.corrcoef(one, np.arange(5_000))[0, 1]) < 0.1
    assert np.count_nonzero(np.abs(np.diff(one)) == 1) < 30

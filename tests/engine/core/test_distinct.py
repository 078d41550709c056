"""Distinct values against Python's own sets."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.core.distinct import distinct, distinct_bytes, firsts, groups, tally

few = st.lists(st.integers(0, 5), max_size=20)


@given(few)
def test_the_values_that_occur(numbers: list[int]) -> None:
    values = np.array(numbers, np.uint32)
    assert distinct(values).tolist() == sorted(set(numbers))
    assert distinct_bytes(values.astype(np.uint8)) == sorted(set(numbers))


@given(few)
def test_how_often_each_occurs(numbers: list[int]) -> None:
    found, counts = tally(np.array(numbers, np.uint32))
    assert dict(zip(found.tolist(), counts.tolist(), strict=True)) == Counter(numbers)
    assert found.tolist() == sorted(set(numbers))


@given(few)
def test_where_each_occurs_first(numbers: list[int]) -> None:
    places = firsts(np.array(numbers, np.int64)).tolist()
    assert places == [numbers.index(number) for number in sorted(set(numbers))]


@given(few)
def test_which_of_them_each_is(numbers: list[int]) -> None:
    found, of = groups(np.array(numbers, np.uint64))
    assert found.tolist() == sorted(set(numbers))
    assert [found[place] for place in of] == numbers

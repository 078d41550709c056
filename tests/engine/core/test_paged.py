"""Paged arrays: what plain arrays do, in memory for what was written only."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.paged import PagedArray

HOSTS = 5_000
hosts = st.lists(st.integers(0, HOSTS - 1), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["write", "clear", "grow"]), hosts), max_size=12))
def test_a_paged_array_is_an_array(steps: list[tuple[str, list[int]]]) -> None:
    paged, plain = PagedArray(HOSTS, np.int32), np.zeros(2 * HOSTS, np.int32)
    for number, (what, some) in enumerate(steps, 1):
        chosen = np.array(some, np.uint32)
        if what == "write":
            paged[chosen] = plain[chosen] = number
        elif what == "clear":
            paged.clear(chosen)
            plain[chosen] = 0
        else:
            paged.grow(HOSTS + 10 * number)
        assert paged[np.arange(paged.count)].tolist() == plain[: paged.count].tolist()
    paged.clear(np.arange(paged.count))
    assert paged.page_count == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(hosts, min_size=1, max_size=8))
def test_a_picture_stays_as_it_was(steps: list[list[int]]) -> None:
    paged, plain = PagedArray(HOSTS, np.float32), np.zeros(HOSTS, np.float32)
    pictures = []
    for number, some in enumerate(steps, 1):
        pictures.append((paged.frozen(), plain.copy()))
        chosen = np.array(some, np.uint32)
        paged[chosen] = plain[chosen] = number
    for picture, then in pictures:
        assert [picture[host] for host in range(HOSTS)] == then.tolist() and len(picture) == HOSTS


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, HOSTS), st.integers(1, 600), st.integers(0, 3)), max_size=12)
)
def test_pages_of_equal_values_share_memory_unseen(steps: list[tuple[int, int, int]]) -> None:
    paged, plain = PagedArray(HOSTS, np.int16), np.zeros(HOSTS, np.int16)
    pictures = []
    for first, count, value in steps:
        chosen = np.arange(first, min(first + count, HOSTS))
        paged[chosen] = plain[chosen] = value
        paged.fold(chosen)
        assert np.array_equal(paged[np.arange(HOSTS)], plain)
        pictures.append((paged.frozen(), plain.copy()))
    for picture, then in pictures:
        every = np.arange(HOSTS)
        assert np.array_equal(picture.all(), then) and np.array_equal(picture.take(every), then)
        assert np.array_equal(picture.where(lambda values: values == 2), np.flatnonzero(then == 2))
        counts = picture.tally(lambda values: values)
        assert np.array_equal(counts, np.bincount(then, minlength=len(counts)))
    paged.rewrite(lambda values: np.copyto(values, 3, where=values == 2))
    plain[plain == 2] = 3
    paged.fold(np.arange(HOSTS))
    assert np.array_equal(paged[np.arange(HOSTS)], plain)


def test_a_million_alike_take_one_page() -> None:
    paged = PagedArray(1 << 20, np.dtype([("a", np.uint8), ("b", np.float64)]))
    for first in range(0, 1 << 20, 1 << 14):
        chosen = np.arange(first, first + (1 << 14))
        paged.field("a")[chosen] = 7
        paged.fold(chosen)
        assert paged.page_count <= 1
    paged.field("b")[np.array([70_000])] = 0.5
    assert paged.page_count == 2 and paged[70_000].item() == (7, 0.5)
    assert paged.field("a")[np.array([5, 69_999, 70_001])].tolist() == [7, 7, 7]


def test_a_picture_copies_what_was_written_since_the_last() -> None:
    paged = PagedArray(1 << 20, np.int32)
    every = np.arange(1 << 20)
    paged[every] = every
    before = paged.frozen()
    paged[np.array([5])] = 7
    after = paged.frozen()
    differing = [a is not b for a, b in zip(before.chunks, after.chunks, strict=True)]
    assert sum(differing) == 1 and before[5] == 5 and after[5] == 7


def test_memory_goes_with_what_was_written() -> None:
    tracemalloc.start()
    try:
        paged = PagedArray(1 << 26, np.int64)
        paged[np.arange(0, 1 << 26, 1 << 20)] = 1
        table, pages = (1 << 19) * 4, 64 * 128 * 8
        assert tracemalloc.get_traced_memory()[0] < table + 3 * pages
    finally:
        tracemalloc.stop()


def test_records_are_read_by_field() -> None:
    paged = PagedArray(300, np.dtype([("a", np.uint8), ("b", np.float32)]))
    paged[np.array([1, 299])] = np.array([(3, 0.5), (4, 1.5)], [("a", "u1"), ("b", "f4")])
    assert paged[np.array([299, 0, 1])]["b"].tolist() == [1.5, 0.0, 0.5]

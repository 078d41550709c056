"""Distinct values of small arrays.

numpy.unique loads numpy.ma when it is first called, which costs a scan of one port more than the
scan itself.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", bound=np.number)


def distinct(values: NDArray[_Number]) -> NDArray[_Number]:
    """The values that occur, ascending."""
    if _are_alike(values):
        return values[:1].copy()
    ordered = np.sort(values)
    fresh = np.ones(len(values), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def tally(values: NDArray[_Number]) -> tuple[NDArray[_Number], NDArray[np.intp]]:
    """The values that occur, ascending, and how often each does."""
    if _are_alike(values):
        return values[:1].copy(), np.array([len(values)], np.intp)
    ordered = np.sort(values)
    ends = np.flatnonzero(np.concatenate([ordered[1:] != ordered[:-1], np.ones(1, bool)]))
    ends = ends[: len(values)]
    return ordered[ends], np.diff(ends, prepend=-1)


def _are_alike(values: NDArray[_Number]) -> bool:
    """Whether there is one value only, as with the hosts of a scan of one host; seen at once."""
    return len(values) > 0 and bool((values == values[0]).all())


def distinct_bytes(values: NDArray[np.uint8]) -> list[int]:
    """The values that occur in a uint8 array, ascending."""
    counts: list[int] = np.flatnonzero(np.bincount(values)).tolist()
    return counts


def firsts(values: NDArray[np.int64]) -> NDArray[np.intp]:
    """Places of the first occurrence of each value, in ascending order of the values."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    fresh = np.ones(len(values), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return order[fresh]


def groups(values: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """The distinct values, ascending, and for each entry which of them it is."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    fresh = np.ones(len(values), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    inverse = np.empty(len(values), np.intp)
    inverse[order] = np.cumsum(fresh) - 1
    return ordered[fresh], inverse

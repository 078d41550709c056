"""AddressRuns: neighbouring addresses with neighbouring host indices, a few numbers per run.

Most target sets are few runs: a CIDR block is one, however wide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.spec.octets import V4Box, runs, values
from engine.spec.spans import V6Span

_WORD = (1 << 64) - 1
_OCTET = 256

RUN = np.dtype([("first", np.int64), ("count", np.int64), ("high", np.uint64), ("low", np.uint64)])
"""One run: the index of its first host, how many hosts, and the first address: its upper and lower
64 bits (IPv4: the lower 32 of them)."""


def run_number(box: V4Box) -> int:
    """How many runs an IPv4 box is."""
    place = _last_partial(box)
    stretches = sum(1 for _ in runs(box.octets[place]))
    return math.prod((mask.bit_count() for mask in box.octets[:place]), start=stretches)


def box_runs(box: V4Box, first: int) -> NDArray[np.void]:
    """The RUNs of an IPv4 box whose first host has index ``first``, ascending."""
    place = _last_partial(box)
    size = _OCTET ** (3 - place)
    stretches = np.array(list(runs(box.octets[place])), np.uint64)
    starts = stretches[:, 0] * np.uint64(size)
    counts = (stretches[:, 1] - stretches[:, 0] + np.uint64(1)).astype(np.int64) * size
    for outer in range(place - 1, -1, -1):
        octets = np.array(values(box.octets[outer]), np.uint64) * np.uint64(_OCTET ** (3 - outer))
        starts = (octets[:, None] + starts[None, :]).reshape(-1)
        counts = np.tile(counts, len(octets))
    found = np.zeros(len(starts), RUN)
    found["low"], found["count"] = starts, counts
    found["first"] = first + np.cumsum(counts) - counts
    return found


def _last_partial(box: V4Box) -> int:
    """Place of the last octet that leaves values out; behind it a run goes on unbroken."""
    partial = (place for place in (3, 2, 1) if box.octets[place].bit_count() != _OCTET)
    return next(partial, 0)


def span_runs(spans: Iterable[tuple[V6Span, int]]) -> NDArray[np.void]:
    """A RUN for each IPv6 span and the index of its first host."""
    rows = [(first, span.count, span.first >> 64, span.first & _WORD) for span, first in spans]
    return np.array(rows, RUN)


def words(addresses: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The upper and lower halves of IPv6 addresses, shape (n, 16)."""
    halves = np.ascontiguousarray(addresses).view(">u8").reshape(-1, 2).astype(np.uint64)
    return halves[:, 0], halves[:, 1]


class AddressRuns:
    """Finds hosts by address among RUNs whose addresses do not overlap.

    Attributes:
        count: how many hosts there are.
    """

    def __init__(self, table: NDArray[np.void]) -> None:
        self._sorted = table[np.lexsort((table["low"], table["high"]))]
        self._one_high = _share_upper_half(self._sorted)
        self._before = np.cumsum(self._sorted["count"]) - self._sorted["count"]
        self.count = int(table["count"].sum())

    def find(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Host index of each address; -1 for strangers."""
        if not self.count:
            return np.full(len(low), -1, np.int64)
        run, offset, inside = self._place(high, low)
        return np.where(inside, self._sorted["first"][run] + offset, -1)

    def ranks(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Place of each address, which must be in the table, among all of it."""
        run, offset, _ = self._place(high, low)
        ranks: NDArray[np.int64] = self._before[run] + offset
        return ranks

    def _place(
        self, high: NDArray[np.uint64], low: NDArray[np.uint64]
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
        """Number of the run that each address may be in, how far, and whether it is."""
        table = self._sorted
        if self._one_high:
            run = np.maximum(np.searchsorted(table["low"], low, side="right") - 1, 0)
            offset = low - table["low"][run]  # wraps around for those below the first run
            same = high == table["high"][0]
        else:
            found = _search(table, high, low)
            run = np.maximum(found, 0)
            offset = low - table["low"][run]
            carried = high - table["high"][run] - (low < table["low"][run])
            same = (found >= 0) & (carried == 0)
        inside = same & (offset < table["count"][run].astype(np.uint64))
        return run, offset.astype(np.int64), inside


def _share_upper_half(table: NDArray[np.void]) -> bool:
    """Whether all addresses have the same upper 64 bits, so that the lower ones tell them apart."""
    last = table["low"] + (table["count"] - 1).astype(np.uint64)
    return bool((table["high"] == table["high"][:1]).all() and (last >= table["low"]).all())


def _search(
    table: NDArray[np.void], high: NDArray[np.uint64], low: NDArray[np.uint64]
) -> NDArray[np.intp]:
    """The last run that begins at or before each address; -1 for none."""
    starts = _keys(table["high"], table["low"])
    return np.searchsorted(starts, _keys(high, low), side="right") - 1


def _keys(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.bytes_]:
    """128-bit numbers as 16 bytes that sort as they do."""
    words = np.empty((len(high), 2), ">u8")
    words[:, 0], words[:, 1] = high, low
    return words.view("S16").reshape(-1)

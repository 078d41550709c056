"""How a host chooses the IP ids of its packets (RFC 791 section 3.1 leaves it free; RFC 6864)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

_QUIET = 10
"""Most packets a zombie may send between two probes and still count as idle."""
_COUNTING = 1_000
"""Most ids between two probes that still look like one counter on a busy host."""


class IdSeries(Enum):
    """What a series of ids, each from the answer to one probe, looks like."""

    INCREMENTAL = "one up with each packet"
    BY_TWO = "two up with each packet"
    LITTLE_ENDIAN = "one up with each packet, its bytes swapped"
    CONSTANT = "always the same"
    BUSY = "counting up, but many at a time"
    RANDOM = "not predictable"

    @property
    def counts(self) -> bool:
        """Whether packets can be counted by it."""
        return self in (IdSeries.INCREMENTAL, IdSeries.BY_TWO, IdSeries.LITTLE_ENDIAN)

    def packets(self, before: int, after: int) -> int:
        """Packets sent from the one with the id ``before`` to the one with ``after`` (0..65535,
        wrapping); -1 when the two cannot belong to one counter. Only for series that count."""
        if self is IdSeries.LITTLE_ENDIAN:
            return (_swapped(after) - _swapped(before)) & 0xFFFF
        distance = (after - before) & 0xFFFF
        if self is not IdSeries.BY_TWO:
            return distance
        return -1 if distance % 2 else distance // 2


def classify(ids: Sequence[int]) -> IdSeries:
    """The kind of series that at least two ids, 0..65535, in the order they came, belong to."""
    for series in (IdSeries.BY_TWO, IdSeries.INCREMENTAL, IdSeries.LITTLE_ENDIAN):
        if all(1 <= series.packets(*pair) <= _QUIET for pair in pairwise(ids)):
            return series
    if len(set(ids)) == 1:
        return IdSeries.CONSTANT
    counting = all(1 <= IdSeries.INCREMENTAL.packets(*pair) <= _COUNTING for pair in pairwise(ids))
    return IdSeries.BUSY if counting else IdSeries.RANDOM


def _swapped(number: int) -> int:
    return (number & 0xFF) << 8 | number >> 8

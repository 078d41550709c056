"""How a host chooses the IP ids of its packets: 2 bytes in IPv4 (RFC 791 section 3.1, RFC 6864), 4
in IPv6's fragment header (RFC 8200 section 4.5)."""

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

    def packets(self, before: int, after: int, size: int = 2) -> int:
        """Packets sent from the one with the id ``before`` to the one with ``after``, wrapping ids
        of ``size`` bytes; -1 when the two cannot belong to one counter. Only for series that
        count."""
        if self is IdSeries.LITTLE_ENDIAN:
            before, after = _swapped(before, size), _swapped(after, size)
        distance = (after - before) % (1 << 8 * size)
        if self is not IdSeries.BY_TWO:
            return distance
        return -1 if distance % 2 else distance // 2


def classify(ids: Sequence[int], size: int = 2) -> IdSeries:
    """The kind of series that at least two ids of ``size`` bytes, in the order they came, belong
    to."""

    def within(series: IdSeries, most: int) -> bool:
        return all(1 <= series.packets(*pair, size) <= most for pair in pairwise(ids))

    for series in (IdSeries.BY_TWO, IdSeries.INCREMENTAL, IdSeries.LITTLE_ENDIAN):
        if within(series, _QUIET):
            return series
    if len(set(ids)) == 1:
        return IdSeries.CONSTANT
    return IdSeries.BUSY if within(IdSeries.INCREMENTAL, _COUNTING) else IdSeries.RANDOM


def _swapped(number: int, size: int) -> int:
    return int.from_bytes(number.to_bytes(size, "big"), "little")

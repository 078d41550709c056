"""Bucket: how many probes may leave now, at a rate that is given.

A token bucket: it is filled at the rate, never above a handful, and each probe takes one out. More
may be taken than are in it; then others wait until the debt is paid.
"""

from __future__ import annotations


class Bucket:
    """Probes that may leave. Times in seconds, rates in probes per second."""

    def __init__(self, now: float | None = None, level: float = 1.0) -> None:
        """``now``: since when it is filled; without it since the first fill(). ``level``: how many
        it holds then."""
        self._level = level
        self._filled_at = now

    @property
    def begun(self) -> bool:
        """Whether it is being filled."""
        return self._filled_at is not None

    def fill(self, now: float, rate: float, most: float) -> int:
        """Fill it up to now, with ``most`` at most. Returns how many probes may leave, none while
        there is a debt."""
        gained = 0.0 if self._filled_at is None else max(now - self._filled_at, 0.0) * rate
        self._filled_at = now if self._filled_at is None else max(now, self._filled_at)
        self._level = min(self._level + gained, most)
        return max(int(self._level + 1e-9), 0)

    def take(self, count: int) -> None:
        """``count`` probes left."""
        self._level -= count

    def give_back(self, count: int, most: float) -> None:
        """``count`` that left did not count, as far as it holds ``most``."""
        self._level = min(self._level + count, most)

    def limit(self, most: float) -> None:
        """It holds less from now on."""
        self._level = min(self._level, most)

    def holds(self, wanted: float, now: float, rate: float) -> float:
        """When it will hold ``wanted`` probes, ``now`` at the earliest."""
        filled_at = now if self._filled_at is None else self._filled_at
        return max(now, filled_at + max(wanted - self._level, 0.0) / rate)

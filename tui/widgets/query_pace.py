"""QueryPace: how often the results table may ask for its rows while results stream in."""

from __future__ import annotations

import math

from engine.results.query import SortColumn

QUERY_EVERY = 0.25
SORT_EVERY = 0.5
HANDS_OFF = 1.0
SHARE = 0.1

FIXED = frozenset({SortColumn.HOST, SortColumn.PORT, SortColumn.SERVICE})
"""Columns whose values never change: a new row cannot make the old ones change places."""


class QueryPace:
    """Decides when the next query may run. Times in seconds of any steady clock.

    Queries take at most SHARE of the time. Orders by a value that changes are renewed less often,
    and not while the user moves the cursor: rows must not jump away under a finger.
    """

    def __init__(self) -> None:
        self._next = -math.inf
        self._moved = -math.inf
        self._ended = -math.inf

    def wait(self, now: float, sort: SortColumn) -> float:
        """Seconds until a query may run; 0 when it may run now."""
        ready = self._next
        if sort not in FIXED:
            ready = max(ready, self._ended + SORT_EVERY, self._moved + HANDS_OFF)
        return max(0.0, ready - now)

    def ran(self, started: float, ended: float) -> None:
        """Note that a query took from ``started`` to ``ended``."""
        self._ended = ended
        self._next = ended + max(QUERY_EVERY, (ended - started) * (1 / SHARE - 1))

    def moved(self, now: float) -> None:
        """Note that the user moved the cursor."""
        self._moved = now

"""WorkClock: how long a scan has been worked on."""

from __future__ import annotations


class WorkClock:
    """A clock that stands while nothing is worked on. Times in seconds; both clocks have the same
    zero and agree until the first time that is left out."""

    def __init__(self) -> None:
        self._left_out = 0.0
        self._looked_at: float | None = None
        self._went_on_at = float("-inf")

    def look(self, now: float) -> None:
        """The scan is being worked on; to be called again and again."""
        self._looked_at = now

    def leave_out(self, now: float) -> None:
        """Nothing was worked on since the last look."""
        if self._looked_at is not None:
            self._left_out += now - self._looked_at
            self._went_on_at = now
        self._looked_at = now

    def at(self, when: float) -> float:
        """The time on this clock; one before work last went on counts as that moment."""
        return max(when, self._went_on_at) - self._left_out

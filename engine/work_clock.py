"""WorkClock: how long a scan has been worked on."""

from __future__ import annotations

STANDSTILL = 1.0
"""Seconds without a look and without use of the processor after which the process is taken to have
been stopped (Ctrl+Z, SIGSTOP): between two looks a scan waits for a fraction of that."""


class WorkClock:
    """A clock that stands while nothing is worked on. Times in seconds; both clocks have the same
    zero and agree until the first time that is left out."""

    def __init__(self) -> None:
        self._left_out = 0.0
        self._looked_at: float | None = None
        self._used = 0.0
        self._went_on_at = float("-inf")

    def look(self, now: float, used: float | None = None) -> None:
        """The scan is being worked on; to be called again and again. ``used``: processor time of
        this process so far, to find out whether it was stopped since the last look."""
        if used is not None:
            if self._looked_at is not None:
                idle = now - self._looked_at - (used - self._used)
                if idle > STANDSTILL:
                    self.leave_out(now)
            self._used = used
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

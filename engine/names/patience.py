"""When to stop asking: DNS that is dead must not hold up a scan."""

from __future__ import annotations

SILENCE = 4.0
"""Seconds without any answer after which servers may be given up; also how long one question
waits in all."""

IN_A_ROW = 10
"""Questions in a row that got no answer, before servers that did answer are given up. A few lost
ones are no sign: some zones have no living server."""


class Patience:
    """Whether it still makes sense to ask."""

    def __init__(self) -> None:
        self._quiet_since = 0.0
        self._ever_answered = False
        self._unanswered = 0

    def begin(self, now: float) -> None:
        """A question is asked while none was outstanding: silence counts from here."""
        self._quiet_since = now

    def answered(self, now: float) -> None:
        """Somebody answered."""
        self._quiet_since = now
        self._ever_answered = True
        self._unanswered = 0

    def gave_up(self) -> None:
        """One more question is given up."""
        self._unanswered += 1

    def is_over(self, now: float) -> bool:
        """Whether asking on is pointless."""
        enough = self._unanswered >= (IN_A_ROW if self._ever_answered else 1)
        return enough and now - self._quiet_since >= SILENCE

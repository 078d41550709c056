"""Rest: when the engine does nothing for a moment although it could go on.

A turn of the engine costs about a millisecond, for a few probes and answers as for hundreds. At a
moderate pace there would always be two or three to take care of, and a processor would be busy with
them all the time. So after some turns with little to do it rests a little, and what comes meanwhile
comes together. When answers came is known from the kernel, so a rest makes no round trip longer.
"""

from __future__ import annotations

_SECONDS = 0.002
_MANY = 48
"""Probes and answers of a turn that are worth it."""
_SETTLED = 16
"""Turns with little to do that come before the first rest: a fast path shows itself sooner."""


class Rest:
    """Says how long to rest after each turn."""

    def __init__(self) -> None:
        self._calm = 0

    def after(self, probes: int, answers: int, *, awaited: bool) -> float:
        """Seconds, after a turn with so many of both. ``awaited``: each answer lets the next probe
        go, so nobody rests."""
        both = probes + answers
        self._calm = self._calm + 1 if both < _MANY else 0
        return _SECONDS if both and not awaited and self._calm > _SETTLED else 0.0

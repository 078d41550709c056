"""FigurePace: how often the panes' figures are drawn while they change all the time."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from engine.results.snapshot import Phase, Snapshot

FIGURES_EVERY = 0.25
"""Seconds. Nobody reads figures faster, and every picture costs a slow line its bytes."""
PAUSED_FIGURES_EVERY = 0.9
"""Seconds, while only the clock goes on."""


class FigurePace:
    """Decides which snapshots' figures are drawn. ``now`` is any steady clock, in seconds.

    What the user or the end of the scan has changed is shown at once.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._serial = -1
        self._news: object = None
        self._next = -math.inf

    def due(self, snapshot: Snapshot) -> bool:
        """Whether to draw ``snapshot`` now; it is taken to be drawn then."""
        if snapshot.serial == self._serial:
            return False
        news = _news(snapshot)
        now = self._now()
        if news == self._news and now < self._next:
            return False
        every = PAUSED_FIGURES_EVERY if snapshot.phase is Phase.PAUSED else FIGURES_EVERY
        self._serial, self._news, self._next = snapshot.serial, news, now + every
        return True


def _news(snapshot: Snapshot) -> object:
    """What does not change by itself while a scan runs."""
    return (
        snapshot.phase,
        snapshot.timing,
        snapshot.scan_types,
        snapshot.skipped,
        snapshot.view.host_count,
        len(snapshot.view.channels),
    )

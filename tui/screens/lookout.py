"""Lookout: how often a screen looks at its scan."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.screen import Screen
from textual.timer import Timer

LOOKS_PER_SECOND = 12.0
CALM_LOOKS_PER_SECOND = 2.0
AFTERWARDS = 1.0
"""Seconds for which to look often after something happened."""


class Lookout:
    """Looks often while something happens, now and then while nothing does, and never while the
    screen is hidden: each look costs a program that only waits some of its processor time.

    Until ``begin`` nothing has any effect. ``now`` is any steady clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._often: Timer | None = None
        self._seldom: Timer | None = None
        self._awake = False
        self._calm_at = 0.0
        self._look: Callable[[], object] = bool

    @property
    def begun(self) -> bool:
        """True since ``begin``."""
        return self._often is not None

    def begin(self, screen: Screen[None], look: Callable[[], object], *, awake: bool) -> None:
        """Call ``look`` from now on; if not ``awake``, as soon as the screen is shown."""
        self._often = screen.set_interval(1 / LOOKS_PER_SECOND, self._look_often, pause=True)
        self._seldom = screen.set_interval(1 / CALM_LOOKS_PER_SECOND, look, pause=True)
        self._look = look
        if awake:
            self.wake()

    def wake(self) -> None:
        """The screen is shown."""
        self._awake = True
        if self._seldom is not None:
            self._seldom.resume()
        self.hurry()

    def rest(self) -> None:
        """The screen is hidden."""
        self._awake = False
        for timer in (self._often, self._seldom):
            if timer is not None:
                timer.pause()

    def hurry(self) -> None:
        """Something happens, or is about to."""
        self._calm_at = self._now() + AFTERWARDS
        if self._often is not None and self._awake:
            self._often.resume()

    def note(self, happens: bool) -> None:
        """Whether anything happens by itself."""
        if happens:
            self.hurry()

    def _look_often(self) -> None:
        self._look()
        if self._often is not None and self._now() >= self._calm_at:
            self._often.pause()

"""PanePlan: which panes fit, and which the user wants."""

from __future__ import annotations

from collections.abc import Mapping

WIDE = 100
"""Columns from which hosts and detail stand beside the results."""
TALL = 30
"""Lines from which the log is unfolded."""


class PanePlan:
    """Shown panes for a size. What the user folds or unfolds stays so until the size class changes.

    Args:
        standing: panes to show or hide at every size unless the user says otherwise; others are
            shown where there is room.

    Attributes:
        narrow: there is no room beside the results.
        short: there is no room for a full progress pane.
    """

    def __init__(self, standing: Mapping[str, bool | None] | None = None) -> None:
        self._standing = {name: wish for name, wish in (standing or {}).items() if wish is not None}
        self.narrow = False
        self.short = False
        self._wishes: dict[str, bool] = {}

    def resize(self, width: int, height: int) -> None:
        """Note the screen's size, in cells."""
        narrow, short = width < WIDE, height < TALL
        if (narrow, short) != (self.narrow, self.short):
            self.narrow, self.short = narrow, short
            self._wishes.clear()

    def shows(self, pane: str) -> bool:
        """True when ``hosts``, ``detail`` or ``log`` is unfolded."""
        fits = {"hosts": not self.narrow, "detail": not self.narrow, "log": not self.short}
        return self._wishes.get(pane, self._standing.get(pane, fits[pane]))

    def toggle(self, pane: str) -> bool:
        """Fold or unfold; True when it is now shown.

        On a short and narrow screen the detail and the log take each other's place.
        """
        shown = not self.shows(pane)
        self._wishes[pane] = shown
        other = {"detail": "log", "log": "detail"}.get(pane)
        if shown and other and self.short and self.narrow:
            self._wishes[other] = False
        return shown

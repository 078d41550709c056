"""Palette: Textual's command palette, safe from keys typed ahead of it."""

from __future__ import annotations

from textual.command import CommandPalette
from textual.widgets import Input

from tui.screens.closes_once import ClosesOnce

MOST_TYPED = 200


class Palette(CommandPalette, ClosesOnce[None]):
    """Commands to search; it closes nothing but itself."""

    def on_mount(self) -> None:
        """The cursor blinks unless animations are off, and control characters stay out."""
        line = self.query_one(Input)
        line.max_length, line.restrict = MOST_TYPED, r"[^\x00-\x1f\x7f-\x9f]*"
        if self.app.animation_level == "none":
            line.cursor_blink = False

"""Palette: Textual's command palette, safe from keys typed ahead of it."""

from __future__ import annotations

from textual.command import CommandPalette
from textual.widgets import Input

from tui.screens.closes_once import ClosesOnce


class Palette(CommandPalette, ClosesOnce[None]):
    """Commands to search; it closes nothing but itself."""

    def on_mount(self) -> None:
        """The cursor blinks unless animations are off."""
        if self.app.animation_level == "none":
            self.query_one(Input).cursor_blink = False

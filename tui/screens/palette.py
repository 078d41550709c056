"""Palette: Textual's command palette, safe from keys typed ahead of it."""

from __future__ import annotations

from textual.command import CommandPalette

from tui.screens.closes_once import ClosesOnce


class Palette(CommandPalette, ClosesOnce[None]):
    """Commands to search; it closes nothing but itself."""

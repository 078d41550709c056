"""Figures drawn in characters: bars of a share and sparklines of a series."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"


def bar(fraction: float, width: int) -> str:
    """A share (0..1) as a bar of ``width`` cells; full only when the share is whole."""
    filled = int(min(max(fraction, 0.0), 1.0) * width + 1e-9)
    return "█" * filled + "░" * (width - filled)


def level(fraction: float) -> str:
    """A share (0..1) in one cell; the full block only when the share is whole."""
    return LEVELS[int(min(max(fraction, 0.0), 1.0) * (len(LEVELS) - 1) + 1e-9)]


def sparkline(values: Sequence[float], width: int) -> str:
    """The last ``width`` values as bars from zero to their maximum, newest at the right."""
    shown = [max(value, 0.0) for value in values[-width:]] if width > 0 else []
    top = max(shown, default=0.0) or 1.0
    return "".join(level(value / top) for value in shown).rjust(width)

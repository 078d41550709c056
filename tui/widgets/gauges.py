"""Figures drawn in characters: bars of a share, sparklines and charts of a series.

A value that is not known is NaN and leaves a blank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " " + LEVELS


def bar(fraction: float, width: int) -> str:
    """A share (0..1) as a bar of ``width`` cells; full only when the share is whole."""
    filled = int(min(max(fraction, 0.0), 1.0) * width + 1e-9)
    return "█" * filled + "░" * (width - filled)


def level(fraction: float) -> str:
    """A share (0..1) in one cell; the full block only when the share is whole."""
    return LEVELS[int(min(max(fraction, 0.0), 1.0) * (len(LEVELS) - 1) + 1e-9)]


def peak(values: Sequence[float]) -> float:
    """The greatest value that is known, at least 0."""
    return max((value for value in values if value > 0.0), default=0.0)


def sparkline(values: Sequence[float], width: int, top: float = 0.0) -> str:
    """The last ``width`` values as bars from zero to their maximum, or to ``top`` when that is
    greater; the newest at the right."""
    shown = values[-width:] if width > 0 else ()
    top = max(peak(shown), top) or 1.0
    return "".join(" " if math.isnan(one) else level(one / top) for one in shown).rjust(width)


def chart(values: Sequence[float], width: int, height: int, top: float = 0.0) -> list[str]:
    """The same on ``height`` lines, the highest first: eight levels to a line. What is known and
    above nothing can be seen, however small."""
    shown = values[-width:] if width > 0 else ()
    top = max(peak(shown), top) or 1.0
    columns = [_eighths(value / top, height) for value in shown]
    return [
        "".join(_EIGHTHS[min(max(column - 8 * row, 0), 8)] for column in columns).rjust(width)
        for row in reversed(range(height))
    ]


def _eighths(share: float, height: int) -> int:
    """How many eighths of a cell a share (0..1) of ``height`` cells takes; at least one when the
    share is known."""
    if math.isnan(share):
        return 0
    return max(round(min(share, 1.0) * 8 * height), 1)

"""What the value of a command-line option may be, for argparse's ``type``."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from ``low`` to ``high``, in decimal digits."""

    def whole_number(text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"{shown(text)!r} is not a whole number from {low} to {high}"
            )
        return number

    return whole_number


def rate(text: str) -> float:
    """Probes per second, more than 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= 1e9:
        raise argparse.ArgumentTypeError(
            f"{shown(text)!r} is not a rate; write probes per second, for example 500"
        )
    return number


def shown(text: str) -> str:
    """A word from the command line as a message may repeat it: short and printable."""
    short = text if len(text) <= 40 else text[:39] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)

"""Figures as short text: durations, counts, rates, shares, and text cut to a width with a mark."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

UNKNOWN = "-"
ELLIPSIS = "…"
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*(%.*)?", re.IGNORECASE)


def count(number: int) -> str:
    """A whole number with thousands separators: ``65,535``."""
    return f"{number:,}"


def short_count(number: float) -> str:
    """At most four characters: ``950``, ``9.4k``, ``65k``, ``1.2M``. Cut, never rounded up."""
    number = max(number, 0.0)
    for limit, scale, unit in ((1e3, 1.0, ""), (1e6, 1e3, "k"), (1e9, 1e6, "M")):
        if number < limit:
            scaled = number / scale
            if scale > 1 and scaled < 10:
                return f"{int(scaled * 10) / 10:.1f}{unit}"
            return f"{int(scaled)}{unit}"
    return f"{min(int(number / 1e9), 999)}G"


def plural(number: int, noun: str) -> str:
    """``1 port``, ``1,000 ports``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(fraction: float) -> str:
    """A share (0..1) as whole percent, rounded down: 100 % means all of it."""
    return f"{int(min(max(fraction, 0.0), 1.0) * 100 + 1e-9)} %"


def loss(fraction: float) -> str:
    """A loss share (0..1) in percent with one digit below ten: ``0 %``, ``0.4 %``, ``12 %``."""
    value = min(max(fraction, 0.0), 1.0) * 100
    if value and value < 0.05:
        return "<0.1 %"
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"


def clock(seconds: float | None) -> str:
    """Seconds as a stopwatch: ``0:07``, ``12:40``, ``3:02:01``, ``4d 03:12``."""
    if seconds is None:
        return UNKNOWN
    whole = int(max(seconds, 0.0))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days:,}d {hour:02}:{minute:02}"
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def latency(seconds: float | None) -> str:
    """A round-trip time: ``43 µs``, ``0.43 ms``, ``12 ms``, ``1.25 s``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0.0001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.00995:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds * 1e3:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def rate(per_second: float) -> str:
    """A rate: ``4,980/s``, ``0.4/s``."""
    return f"{per_second:,.0f}/s" if not 0 < per_second < 9.5 else f"{per_second:.1f}/s"


def moment(seconds: float) -> str:
    """A time since the start: ``3.214 s`` in the first 100 seconds, then a stopwatch."""
    return f"{seconds:.3f} s" if seconds < 100 else clock(seconds)


def cut(text: str, width: int, *, host: bool = False) -> str:
    """``text`` in at most ``width`` terminal cells; what is left out is marked with an ellipsis.

    Where the text is a ``host`` and that is an address, the beginning is left out instead of the
    end: addresses beside each other differ at their ends, names at their beginnings.
    """
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    if not (host and _ADDRESS.fullmatch(text)):
        return set_cell_size(text, width - 1).rstrip() + ELLIPSIS
    tail = text
    while cell_len(tail) > width - 1:
        tail = tail[1:]
    return ELLIPSIS + tail


def fit(text: str, width: int, *, right: bool = False, host: bool = False) -> str:
    """``text`` cut or padded to exactly ``width`` terminal cells."""
    shown = cut(text, width, host=host)
    blank = " " * (width - cell_len(shown))
    return blank + shown if right else shown + blank


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` characters, broken between words where possible."""
    return textwrap.wrap(text, width) or [""]


def flow(pieces: Sequence[str], separator: str, width: int) -> list[str]:
    """``pieces`` joined by ``separator``, on as many lines as it takes to cut none of them."""
    lines: list[str] = []
    for piece in pieces:
        if lines and cell_len(lines[-1] + separator + piece) <= width:
            lines[-1] += separator + piece
        else:
            lines.append(piece)
    return lines

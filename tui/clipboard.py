"""The terminal's clipboard (OSC 52 of xterm's control sequences): what it takes, and what to say.

The terminal never answers, so PyScan can know that it sent something, not that it arrived.
"""

from __future__ import annotations

from collections.abc import Mapping

MAX_BYTES = 74_000
"""More than about 100,000 characters of base64 is refused by many terminals, without a word."""

_OBSTACLES: tuple[tuple[str, str, str], ...] = (
    ("TMUX", "", "tmux passes it on after: tmux set -g set-clipboard on"),
    ("STY", "", "GNU screen does not pass it on"),
    ("TERM_PROGRAM", "Apple_Terminal", "macOS's own Terminal does not take it"),
)
"""An environment variable, its value (empty: any), and what stands between PyScan and the
clipboard."""


def sent_notice(what: str, environ: Mapping[str, str]) -> str:
    """What may truthfully be said after ``what`` was sent."""
    for variable, value, words in _OBSTACLES:
        found = environ.get(variable, "")
        if found and value in ("", found):
            return f"Sent {what} to the terminal's clipboard; {words}."
    return f"Sent {what} to the terminal's clipboard; terminals do not say whether they took it."

"""KeyHints: a dialog's line of keys; a click on a key does what the key does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.widgets import Static

NAMES: Mapping[str, str] = {
    "Enter": "enter", "Esc": "escape", "Space": "space", "Tab": "tab", "Shift+Tab": "shift+tab",
    "Del": "delete", "PgUp": "pageup", "PgDn": "pagedown", "↑": "up", "↓": "down", "←": "left",
    "→": "right", "+": "plus", "-": "minus", ".": "full_stop",
}  # fmt: skip
"""How keys are written for people, and what Textual calls them; any other single character is a key
by itself."""
_ENTRY = re.compile(r"\S+(?: \S+)*")
_WORD = re.compile(r"\S+")
_KEY = "key-hint"
"""Where a piece's style keeps the name of its key."""


class KeyHints(Static):
    """Shows ``text``: entries parted by two spaces or more, each with its keys before its words.

    The words stand for the key, too, where there is only one.
    """

    def __init__(self, text: str, *, classes: str | None = None) -> None:
        line = Text(text)
        for start, end, key in pieces(text):
            line.stylize(Style(meta={_KEY: key}), start, end)
        super().__init__(line, markup=False, classes=classes)

    def on_click(self, event: Click) -> None:
        """Press the key that was clicked."""
        key = event.style.meta.get(_KEY)
        if key:
            self.app.simulate_key(key)


def pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Places in ``text`` that stand for a key: from, to, and the key as Textual calls it."""
    for entry in _ENTRY.finditer(text):
        keys = []
        for word in _WORD.finditer(text, entry.start(), entry.end()):
            written = word[0].removesuffix(",") or word[0]
            if written not in NAMES and len(written) > 1:
                break
            keys.append((word.start(), word.end(), NAMES.get(written, written)))
        if len(keys) == 1:
            yield entry.start(), entry.end(), keys[0][2]
        else:
            yield from keys

"""LineInput: an input that takes pasted text as one harmless line."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Input

from engine.sanitize import clean

BLINK_FOR = 5.0
"""Seconds without a key after which the cursor stands still: every blink is drawn and sent."""


class LineInput(Input):
    """Lines that are pasted are joined by blanks, and control characters are made visible.

    Textual's own input takes only the first line of what is pasted, and hands escape sequences on
    to the terminal. The cursor blinks, unless animations are off, for a while after each key.
    """

    cursor_blink = reactive(False, init=False)
    _rest_timer: Timer | None = None

    class TooLong(Message):
        """More was pasted than ``limit`` characters; nothing of it was taken."""

        def __init__(self, limit: int) -> None:
            super().__init__()
            self.limit = limit

    def take(self, text: str) -> None:
        """Have this text in place of what there is, and the cursor behind it for more: as a rule
        text is selected when the line gets the focus, so that typing replaces it."""
        self.value = text
        self.cursor_position = len(text)
        if not self.has_focus:
            self.select_on_focus = False
            self.focus()

    def on_focus(self, event: events.Focus) -> None:
        """Show where one types."""
        self._blink()

    def on_key(self, event: events.Key) -> None:
        """Show it anew."""
        self._blink()

    def on_blur(self, event: events.Blur) -> None:
        """Nobody types here."""
        self.select_on_focus = True
        self._rest()

    def _blink(self) -> None:
        self._rest()
        if self.app.animation_level != "none":
            self.cursor_blink = True
            self._rest_timer = self.set_timer(BLINK_FOR, self._rest)

    def _rest(self) -> None:
        self.cursor_blink = False
        if self._rest_timer is not None:
            self._rest_timer.stop()

    def on_paste(self, event: events.Paste) -> None:
        """Insert what was pasted in place of the selection."""
        event.stop()
        event.prevent_default()
        limit = self.max_length or 0
        text = clean(" ".join(event.text.split()), limit + 1)
        if len(self.value) + len(text) > limit:
            self.post_message(self.TooLong(limit))
        else:
            self.replace(text, *sorted(self.selection))

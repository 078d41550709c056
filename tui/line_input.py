"""LineInput: an input that takes pasted text as one harmless line."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input

from engine.sanitize import clean


class LineInput(Input):
    """Lines that are pasted are joined by blanks, and control characters are made visible.

    Textual's own input takes only the first line of what is pasted, and hands escape sequences on
    to the terminal.
    """

    class TooLong(Message):
        """More was pasted than ``limit`` characters; nothing of it was taken."""

        def __init__(self, limit: int) -> None:
            super().__init__()
            self.limit = limit

    def on_mount(self) -> None:
        """The cursor blinks unless animations are off."""
        if self.app.animation_level == "none":
            self.cursor_blink = False

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

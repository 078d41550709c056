"""Confirm: a question with two answers. Message: lines to read."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from tui.screens.dialog import Dialog


class Confirm(Dialog[bool]):
    """Asks ``question``; gives True for yes. ``yes`` and ``no`` are the words on the buttons."""

    heading = "Are you sure?"
    keys = "y yes   n no   Esc no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, *, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._question = question
        self._yes = yes
        self._no = no

    def compose_parts(self) -> ComposeResult:
        """The question over two buttons; "no" has the focus."""
        yield Static(Text(self._question), classes="question", markup=False)
        with Horizontal(classes="buttons"):
            yield Button(self._no, id="no", compact=True)
            yield Button(self._yes, id="yes", variant="warning", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer with a key."""
        self.dismiss(answer)


class Message(Dialog[None]):
    """Shows lines of text, word for word; they can be longer than the screen."""

    keys = "Esc or Enter close   ↑ ↓ scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "give_up", "Close", show=False),
    ]

    def __init__(self, heading: str, lines: tuple[str, ...]) -> None:
        super().__init__()
        self.heading = heading
        self._lines = lines

    def compose_parts(self) -> ComposeResult:
        """The lines, scrollable."""
        with VerticalScroll(classes="lines"):
            yield Static(Text("\n".join(self._lines)), markup=False)

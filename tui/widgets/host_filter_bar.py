"""HostFilterBar: where the user types which hosts the hosts pane should list."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui.line_input import LineInput
from tui.widgets.host_rows import MAX_FILTER

EXAMPLE = "part of an address, name or reason; up, down, unknown, skipped, problem; -not this"


class HostFilterBar(Horizontal):
    """One line; the filter takes effect with every key. Enter keeps it, Escape takes it away; both
    say so with ``Closed``."""

    DEFAULT_CSS = """
    HostFilterBar { height: 1; display: none; }
    HostFilterBar.open { display: block; }
    HostFilterBar .label { width: 8; text-style: bold; }
    HostFilterBar Input, HostFilterBar Input:focus {
        border: none; height: 1; padding: 0; width: 1fr;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Clear", show=False)]

    class Changed(Message):
        """The pane should list what ``text`` lets through."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The user is done with the bar."""

    def compose(self) -> ComposeResult:
        """A label and the input."""
        yield Static(" hosts: ", classes="label", markup=False)
        yield LineInput(placeholder=EXAMPLE, max_length=MAX_FILTER)

    @property
    def text(self) -> str:
        """What is written in the bar."""
        return self.query_one(Input).value

    def open(self) -> None:
        """Let the user type."""
        self.add_class("open")
        self.query_one(Input).focus()

    def clear(self) -> None:
        """Take the filter away and fold the bar."""
        self.query_one(Input).value = ""
        self.remove_class("open")

    @on(Input.Changed)
    def _read(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.clear()
        self.post_message(self.Closed())

    def action_give_up(self) -> None:
        """Take the filter away and leave."""
        self.clear()
        self.post_message(self.Closed())

"""Dialogs over saved filters: choose or remove one, and give one a name."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static

from engine.sanitize import clean
from tui.config import MAX_NAME
from tui.line_input import LineInput
from tui.saved_filters import SavedFilterError, SavedFilters
from tui.screens.choose import Choice, Choose
from tui.screens.dialog import Dialog, Verdict


class FilterPicker(Choose):
    """Gives the name of a filter; Delete removes one that was saved by the program."""

    keys = "Enter choose   ↑ ↓ move   Del remove   Esc keep as it is"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("delete", "remove", "Remove", show=False)]

    def __init__(self, saved: SavedFilters, text: str) -> None:
        self._saved = saved
        self._text = text
        now = next((name for name, filter in saved.all.items() if filter == text), "")
        choices = [Choice(name, name, filter) for name, filter in saved.all.items()]
        super().__init__("Saved filters", choices, now)

    def action_remove(self) -> None:
        """Forget the highlighted filter."""
        lines = self.query_one("#choices", OptionList)
        if lines.highlighted is None:
            return
        choice = self._choices[lines.highlighted]
        try:
            self._saved.remove(choice.name)
        except SavedFilterError as error:
            for about in self.query("#about").results(Static):
                about.update(Text(f"✗ {clean(str(error), 200)}"))
            return
        self._choices = tuple(one for one in self._choices if one is not choice)
        at = min(lines.highlighted, len(self._choices) - 1)
        lines.clear_options().add_options(self.options())
        if self._choices:
            lines.highlighted = at
        else:
            self.dismiss(None)


class FilterName(Dialog[str]):
    """Gives the name to save ``text`` under."""

    heading = "Save the filter"
    keys = "Enter save   Esc close"

    def __init__(self, saved: SavedFilters, text: str) -> None:
        super().__init__()
        self._saved = saved
        self._text = text

    def compose_parts(self) -> ComposeResult:
        """The filter, its name, and whether that is possible."""
        yield Static(clean(self._text, 200), classes="header", markup=False)
        yield LineInput(placeholder="a name for it", max_length=MAX_NAME, id="name")
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Verdict).say("Type a name.")
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say with every key what saving would do."""
        self._check(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the name, when it can be one."""
        if self._check(event.value.strip()):
            self.dismiss(event.value.strip())

    def _check(self, name: str) -> bool:
        verdict = self.query_one(Verdict)
        if not name:
            verdict.say("Type a name.")
            return False
        try:
            self._saved.check_name(name)
        except SavedFilterError as error:
            verdict.refuse(f"{error}.")
            return False
        old = self._saved.own.get(name)
        verdict.accept(f"In place of: {clean(old, 100)}" if old else "A new filter")
        return True

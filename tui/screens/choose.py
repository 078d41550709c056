"""Choose: pick one thing from a list (scan type, timing template, theme)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.dialog import Dialog


class Choice(Struct, frozen=True):
    """One line of the list.

    Attributes:
        name: what is given back.
        title: the line.
        about: shown below the list while the line is highlighted.
        key: a character that chooses the line at once; may be empty.
    """

    name: str
    title: str
    about: str = ""
    key: str = ""


class Chosen(Struct, frozen=True):
    """The user's choice, and whether the extra box was ticked."""

    name: str
    extra: bool = False


class TickBox(Static):
    """A box whose tick can be told without colour."""

    def __init__(self, label: str, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._label = label
        self.ticked = False

    def on_mount(self) -> None:
        """Show the empty box."""
        self._show()

    def on_click(self) -> None:
        """A click ticks it, too."""
        self.toggle()

    def toggle(self) -> None:
        """Tick it, or take the tick away."""
        self.ticked = not self.ticked
        self._show()

    def _show(self) -> None:
        self.update(Text(f"[{'x' if self.ticked else ' '}] {self._label}"))


class Choose(Dialog[Chosen]):
    """A list with ``current`` marked.

    Args:
        heading: title of the box.
        choices: the lines.
        current: name of the choice in force.
        header: a line above the list, such as column titles.
        extra: label of a tick box below the list; no box when empty.
        preview: called with the name of each line the highlight reaches.
    """

    keys = "Enter choose   ↑ ↓ move   Esc keep as it is"

    def __init__(
        self,
        heading: str,
        choices: Sequence[Choice],
        current: str = "",
        *,
        header: str = "",
        extra: str = "",
        preview: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.heading = heading
        self._choices = tuple(choices)
        self._current = current
        self._header = header
        self._extra = extra
        self._preview = preview
        if extra:
            self.keys = "Enter choose   ↑ ↓ move   Space tick the box   Esc keep as it is"

    def compose_parts(self) -> ComposeResult:
        """Header, list, explanation of the highlighted line, tick box."""
        if self._header:
            yield Static("    " + self._header, classes="header", markup=False)
        yield OptionList(*self.options(), id="choices")
        if any(choice.about for choice in self._choices):
            yield Static("", id="about", markup=False)
        if self._extra:
            yield TickBox(self._extra, id="extra")

    def on_mount(self) -> None:
        """Highlight what is in force."""
        names = [choice.name for choice in self._choices]
        choices = self.query_one("#choices", OptionList)
        choices.highlighted = names.index(self._current) if self._current in names else 0
        choices.focus()

    def options(self) -> list[Option]:
        """The lines as the list wants them."""
        return [Option(self._line(choice), choice.name) for choice in self._choices]

    def _line(self, choice: Choice) -> Text:
        mark = "●" if choice.name == self._current else " "
        return Text(f"{mark} {choice.key or ' '} {choice.title}", no_wrap=True, overflow="ellipsis")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Explain, and preview."""
        choice = self._named(event.option_id)
        if choice is None:
            return
        for about in self.query("#about").results(Static):
            about.update(Text(choice.about))
        if self._preview is not None:
            self._preview(choice.name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give back the line under the highlight."""
        choice = self._named(event.option_id)
        if choice is not None:
            self._give(choice)

    def _named(self, name: str | None) -> Choice | None:
        """The choice of this name; None when it is among the choices no longer."""
        return next((one for one in self._choices if one.name == name), None)

    def on_key(self, event: events.Key) -> None:
        """Choose by a line's own key; Space ticks the box from anywhere."""
        if event.key == "space" and self._extra:
            event.stop()
            self.query_one(TickBox).toggle()
            return
        for choice in self._choices:
            if choice.key and choice.key == event.character:
                event.stop()
                self._give(choice)
                return

    def _give(self, choice: Choice) -> None:
        extra = bool(self._extra) and self.query_one(TickBox).ticked
        self.dismiss(Chosen(choice.name, extra))

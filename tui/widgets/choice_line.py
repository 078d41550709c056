"""ChoiceLine: one of a few choices on a single line, changed with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

CHOSEN, OTHER = "●", "○"


class ChoiceLine(Widget, can_focus=True):
    """A label and its choices, the chosen one marked; ``Changed`` tells of another choice.

    Args:
        label: what is chosen.
        choices: the words.
        chosen: index of the choice in force.
    """

    DEFAULT_CSS = """
    ChoiceLine {
        height: 1;
        &:focus { background: $block-cursor-blurred-background; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "Before", show=False),
        Binding("right,l,space", "step(1)", "Next", show=False),
        Binding("up", "app.focus_previous", "Up", show=False),
        Binding("down", "app.focus_next", "Down", show=False),
    ]

    class Changed(Message):
        """Another choice was made: ``line`` has it."""

        def __init__(self, line: ChoiceLine) -> None:
            super().__init__()
            self.line = line

    def __init__(
        self, label: str, choices: Sequence[str], chosen: int, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._label = label
        self._choices = tuple(choices)
        self.chosen = chosen

    def render(self) -> Text:
        """The label and every choice."""
        line = Text(f"{'▸' if self.has_focus else ' '}{self._label}", no_wrap=True, end="")
        for number, words in enumerate(self._choices):
            here = number == self.chosen
            line.append(f"  {CHOSEN if here else OTHER} {words}", Style(bold=here))
        return line

    def watch_has_focus(self, has_focus: bool) -> None:
        """Draw the mark of the focus."""
        super().watch_has_focus(has_focus)
        self.refresh()

    def _choose(self, number: int) -> None:
        if number != self.chosen:
            self.chosen = number
            self.refresh()
            self.post_message(self.Changed(self))

    def action_step(self, step: int) -> None:
        """The choice beside; the first follows the last."""
        self._choose((self.chosen + step) % len(self._choices))

    def on_click(self, event: Click) -> None:
        """A click chooses."""
        place = event.get_content_offset(self)
        start = 1 + cell_len(self._label)
        for number, words in enumerate(self._choices):
            end = start + 4 + cell_len(words)
            if place is not None and start <= place.x < end:
                self._choose(number)
            start = end

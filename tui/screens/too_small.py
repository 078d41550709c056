"""TooSmall: what a terminal shows that has no room for the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.panes import LEAST_HEIGHT, LEAST_WIDTH

if TYPE_CHECKING:
    from tui.app import PyScanApp


def is_too_small(size: Size) -> bool:
    """True when a terminal of ``size`` cells has no room for the main screen."""
    return size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT


class TooSmall(ModalScreen[None]):
    """Covers everything for as long as the main screen keeps it."""

    DEFAULT_CSS = """
    TooSmall { background: $background; align: center middle; }
    TooSmall > Static { width: 1fr; height: auto; text-align: center; }
    """

    app: PyScanApp

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(self._text(), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Say it for the size at hand."""
        self.say()

    def say(self) -> None:
        """Say it anew if the size is another, or a scan began or ended."""
        text = self._text()
        for said in self.query(Static):
            if said.content != text:
                said.update(text)

    def _text(self) -> Text:
        width, height = self.app.size
        going_on = any(tab.phase and not tab.phase.over for tab in self.app.tabs)
        lines = (
            f"{width} x {height} is too small.",
            f"PyScan needs {LEAST_WIDTH} x {LEAST_HEIGHT}.",
            *(["A scan goes on."] if going_on else []),
            "Ctrl+Q leaves.",
        )
        return Text("\n".join(lines[: max(height, 1)]))

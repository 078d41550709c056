"""TooSmall: what a terminal shows that has no room for the main screen."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.panes import LEAST_HEIGHT, LEAST_WIDTH


def is_too_small(size: Size) -> bool:
    """True when a terminal of ``size`` cells has no room for the main screen."""
    return size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT


class TooSmall(ModalScreen[None]):
    """Covers everything for as long as the main screen keeps it."""

    DEFAULT_CSS = """
    TooSmall { background: $background; align: center middle; }
    TooSmall > Static { width: 1fr; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    def on_mount(self) -> None:
        """Say it for the size at hand."""
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        """Say it anew."""
        self._look()

    def _look(self) -> None:
        width, height = self.app.size
        lines = (
            f"{width} x {height} is too small.",
            f"PyScan needs {LEAST_WIDTH} x {LEAST_HEIGHT}.",
            "A scan goes on.",
            "Ctrl+Q leaves.",
        )
        self.query_one(Static).update(Text("\n".join(lines[: max(height, 1)])))

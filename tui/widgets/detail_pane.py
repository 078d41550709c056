"""DetailPane: everything known about the port under the cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.results.layers import EarlierResult
from engine.results.row import Row
from engine.results.snapshot import Snapshot
from tui.widgets.detail_text import DIM, Explained, detail_text
from tui.widgets.state_styles import state_styles

NOTHING = "Move the cursor to a result to see what is known about it."


class DetailPane(VerticalScroll, can_focus=True):
    """State, reason, figures, probe and reply of one port in plain words; scrolls when long."""

    DEFAULT_CSS = """
    DetailPane { scrollbar-size-vertical: 1; }
    DetailPane > Static { height: auto; min-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Row | None, Explained | None] = (None, None)
        self._besides: tuple[str, tuple[EarlierResult, ...]] = ("", ())

    def compose(self) -> ComposeResult:
        """One block of text."""
        yield Static(Text(NOTHING, style=DIM), markup=False)

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._renew())

    def show_row(
        self, snapshot: Snapshot, key: int | None, explanation: Explained | None = None
    ) -> None:
        """Show the result ``key`` (None: nothing is under the cursor).

        A fresh explanation may follow later; until then, and for the same port, the earlier one
        stays away, because it may explain another state.
        """
        row = None if key is None else snapshot.row(key)
        besides: tuple[str, tuple[EarlierResult, ...]] = ("", ())
        if row is not None:
            besides = (snapshot.doubts.get(row.host, ""), snapshot.earlier(row.key))
        if (row, explanation) == self._shown and besides == self._besides:
            return
        self._besides = besides
        before, self._shown = self._shown[0], (row, explanation)
        self._renew()
        if (before and before.key) != key and self.scroll_offset.y:
            self.scroll_home(animate=False)

    def clear(self) -> None:
        """Show nothing: another scan begins."""
        self._shown = (None, None)
        self._renew()

    def _renew(self) -> None:
        row, explanation = self._shown
        if row is None:
            text = Text(NOTHING, style=DIM)
        else:
            style, (doubt, earlier) = state_styles(self.app)[row.state], self._besides
            text = detail_text(row, explanation, style, doubt=doubt, earlier=earlier)
        block = self.query_one(Static)
        block.update(text, layout=False)
        if not self._fits(block):
            block.refresh(layout=True)  # costs ten times the rest: every pane is placed anew

    def _fits(self, block: Static) -> bool:
        """Whether the block is as high as its text and as the pane, whichever is more."""
        width, height = block.size
        needed = block.visual.get_height({}, width) if width else 0
        return bool(width) and height == max(needed, self.scrollable_content_region.height)

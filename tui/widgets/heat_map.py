"""HeatMap: what was found in the space of 65,536 ports, 64 cells to a row."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, MouseEvent, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.widget import Widget

from engine.results.view import STATE_COUNT
from engine.spec.port_state import PortState
from tui.widgets.port_space import COLUMNS, NOT_SCANNED, PORTS, Window, leading_states
from tui.widgets.state_styles import state_styles

LABEL = 6
"""Cells for the first port of a row."""
MOST_ROWS = 32


class HeatMap(Widget, can_focus=True):
    """Each cell stands for as many ports as the zoom says, by the glyph and colour of the state
    that leads among them; dim while some of them are pending, blank where none is scanned.

    The rows fill the widget's height, as far as that is a power of two. Cells are twice as wide
    where there is room.
    """

    DEFAULT_CSS = """
    HeatMap { height: 1fr; text-wrap: nowrap; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Left", show=False),
        Binding("right,l", "move(1)", "Right", show=False),
        Binding("up,k", f"move(-{COLUMNS})", "Up", show=False),
        Binding("down,j", f"move({COLUMNS})", "Down", show=False),
        Binding("plus,equals_sign", "zoom(True)", "Closer", show=False),
        Binding("minus", "zoom(False)", "Further away", show=False),
        Binding("enter", "choose", "List these ports", show=False),
    ]

    class Moved(Message):
        """The cursor or the window is elsewhere."""

    class Chosen(Message):
        """The user wants to see the ports under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.window = Window.whole(16)
        self._port = 0
        self._counts: NDArray[np.int64] | None = None
        self._states: NDArray[np.int8] | None = None

    @property
    def ports(self) -> tuple[int, int]:
        """The first and the last port under the cursor."""
        return self.window.ports(self._cell)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Ports under the cursor by state: shape (STATE_COUNT,)."""
        return np.zeros(STATE_COUNT, np.int64) if self._counts is None else self._counts[self._cell]

    @property
    def _cell(self) -> int:
        return self.window.cell(self._port)

    @property
    def _wide(self) -> int:
        return 2 if self.size.width >= LABEL + 2 * COLUMNS else 1

    def show(self, window: Window, counts: NDArray[np.int64]) -> None:
        """Show ports per cell and state; nothing when the map has gone to another window."""
        if window == self.window:
            self._counts, before = counts, self._states
            self._states = leading_states(counts)
            if before is None or not np.array_equal(before, self._states) or self._fading():
                self.refresh()

    def _fading(self) -> bool:
        """Cells are dim that may be bright now."""
        return self._counts is not None and bool(self._counts[:, PortState.PENDING].any())

    def on_resize(self, event: Resize) -> None:
        """As many rows as fit."""
        rows = min(1 << max(event.size.height, 1).bit_length() - 1, MOST_ROWS)
        if rows != self.window.rows:
            self._go(Window.whole(rows), self._port)

    def _go(self, window: Window, port: int) -> None:
        self._port = min(max(port, 0), PORTS - 1)
        window = window.around(self._port)
        if window != self.window:
            self.window, self._counts, self._states = window, None, None
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, cells: int) -> None:
        """Move by cells; beyond the edge comes the next window."""
        port = self._port + cells * self.window.each
        if 0 <= port < PORTS:
            self._go(self.window, port)

    def action_zoom(self, closer: bool) -> None:
        """Fewer ports to a cell, or more."""
        self._go(self.window.zoomed(self._port, closer), self._port)

    def action_choose(self) -> None:
        """Ask for the ports under the cursor."""
        self.post_message(self.Chosen())

    def _cell_at(self, event: MouseEvent) -> int | None:
        """The cell under the pointer."""
        place = event.get_content_offset(self)
        column = -1 if place is None else (place.x - LABEL) // self._wide
        if place is None or not (0 <= column < COLUMNS and place.y < self.window.rows):
            return None
        return place.y * COLUMNS + column

    def on_click(self, event: Click) -> None:
        """Move to the cell that was clicked; choose it when the cursor is there already."""
        cell = self._cell_at(event)
        if cell == self._cell:
            self.action_choose()
        elif cell is not None:
            self._go(self.window, self.window.ports(cell)[0])

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel zooms closer to what is under the pointer."""
        self._wheel(event, closer=True)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel zooms further away."""
        self._wheel(event, closer=False)

    def _wheel(self, event: MouseEvent, *, closer: bool) -> None:
        event.stop()
        cell = self._cell_at(event)
        port = self._port if cell is None else self.window.ports(cell)[0]
        window = self.window.zoomed(port, closer)
        if window != self.window:
            self._go(window, port)

    # Drawing

    def render(self) -> Text:
        """A line for each row: its first port, and the cells."""
        styles = state_styles(self.app)
        picture = Text(no_wrap=True, end="")
        for row in range(self.window.rows):
            label = f"{self.window.ports(row * COLUMNS)[0]:>{LABEL - 1}} "
            picture.append("\n" if row else "").append(label, Style(dim=True))
            for (look, dim, here), cells in groupby(self._looks(row)):
                text = PortState(look).glyph if look != NOT_SCANNED else " "
                style = styles[PortState(look)] if look != NOT_SCANNED else Style.null()
                style += Style(dim=dim, reverse=here)
                picture.append(text.ljust(self._wide) * len(list(cells)), style)
        return picture

    def _looks(self, row: int) -> list[tuple[int, bool, bool]]:
        """State, unfinished, under the cursor: for each cell of a row."""
        cells = range(row * COLUMNS, (row + 1) * COLUMNS)
        here = self._cell
        if self._states is None or self._counts is None:
            return [(NOT_SCANNED, False, cell == here) for cell in cells]
        states = self._states[cells.start : cells.stop].tolist()
        pending = (self._counts[cells.start : cells.stop, PortState.PENDING] > 0).tolist()
        return [
            (*look, cell == here)
            for look, cell in zip(zip(states, pending, strict=True), cells, strict=True)
        ]

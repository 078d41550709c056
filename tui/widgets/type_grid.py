"""TypeGrid: the scan types in two columns under their protocols, with ticks and a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, Key
from textual.message import Message
from textual.widget import Widget

from engine.spec.scan_type import Protocol, ScanType
from tui import format as fmt

TITLES = {
    Protocol.TCP: "TCP",
    Protocol.UDP: "UDP",
    Protocol.SCTP: "SCTP",
    Protocol.IP: "IP protocols (alone)",
}
COLUMNS: tuple[tuple[Protocol, ...], ...] = (
    (Protocol.TCP,),
    (Protocol.UDP, Protocol.SCTP, Protocol.IP),
)
WIDTH = 38
"""Cells of a column."""

_Cell = Protocol | ScanType | None


def column_cells(protocols: Iterable[Protocol]) -> list[_Cell]:
    """One column from the top: titles, their types, and a gap before the next title."""
    cells: list[_Cell] = []
    for protocol in protocols:
        cells += [None] if cells else []
        cells += [protocol, *(one for one in ScanType if one.protocol is protocol)]
    return cells


GRID = tuple(tuple(column_cells(protocols)) for protocols in COLUMNS)
HEIGHT = max(len(column) for column in GRID)


def together(one: ScanType, other: ScanType) -> bool:
    """Whether two types fit into one run: one for each protocol, IP protocol scans alone."""
    alone = Protocol.IP in (one.protocol, other.protocol)
    return one.protocol is not other.protocol and not alone


class TypeGrid(Widget, can_focus=True):
    """Arrow keys move; Space or a type's letter is told as ``Pressed``, Enter as ``Entered``.

    Args:
        current: the types in force: ticked, and the cursor on the first.
        missing: types that cannot be used here.
    """

    DEFAULT_CSS = """
    TypeGrid {
        height: 10;
        & > .type-grid--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"type-grid--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("left,h", "cross", "Other column", show=False),
        Binding("right,l", "cross", "Other column", show=False),
        Binding("space", "press", "Tick", show=False),
        Binding("enter", "enter", "Choose", show=False),
    ]

    class Moved(Message):
        """The cursor is on another type."""

    class Pressed(Message):
        """The user wants ``scan_type`` ticked, or its tick taken away."""

        def __init__(self, scan_type: ScanType) -> None:
            super().__init__()
            self.scan_type = scan_type

    class Entered(Message):
        """Enter."""

    def __init__(
        self, current: Sequence[ScanType], missing: frozenset[ScanType], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.ticked = set(current)
        self.cursor = current[0] if current else ScanType.CONNECT
        self._missing = missing

    def tick(self, one: ScanType) -> None:
        """Tick ``one`` and untick what does not go with it; or take its tick away."""
        if one in self.ticked:
            self.ticked.remove(one)
        else:
            self.ticked = {other for other in self.ticked if together(one, other)} | {one}
        self.cursor = one
        self.refresh()

    def render(self) -> Text:
        """The two columns."""
        lines = Text(no_wrap=True, end="")
        for y in range(HEIGHT):
            lines.append("\n" if y else "")
            for column in GRID:
                self._draw(lines, column[y] if y < len(column) else None)
        return lines

    def _draw(self, lines: Text, cell: _Cell) -> None:
        if isinstance(cell, ScanType):
            here = cell is self.cursor
            mark = "✗" if cell in self._missing else "x" if cell in self.ticked else " "
            text = f"{'▸' if here else ' '}[{mark}] {cell.option} {cell.title}"
            style = Style(dim=cell in self._missing)
            if here:
                style = self.get_component_rich_style("type-grid--cursor", partial=True)
            lines.append(fmt.fit(text, WIDTH - 2), style).append("  ")
        else:
            text = TITLES[cell] if cell is not None else ""
            lines.append(fmt.fit(text, WIDTH), Style(bold=True))

    # Moving and choosing

    def _go(self, one: ScanType) -> None:
        self.cursor = one
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, step: int) -> None:
        """To the next type above or below; the columns follow each other."""
        types = [one for column in GRID for one in column if isinstance(one, ScanType)]
        self._go(types[(types.index(self.cursor) + step) % len(types)])

    def action_cross(self) -> None:
        """To the nearest type in the other column."""
        at = 0 if self.cursor in GRID[0] else 1
        y = GRID[at].index(self.cursor)
        other = [(abs(i - y), one) for i, one in enumerate(GRID[1 - at])]
        self._go(min((far, one) for far, one in other if isinstance(one, ScanType))[1])

    def action_press(self) -> None:
        """Space."""
        self.post_message(self.Pressed(self.cursor))

    def action_enter(self) -> None:
        """Enter."""
        self.post_message(self.Entered())

    def on_key(self, event: Key) -> None:
        """A type's letter, as it is written behind ``-s``."""
        by_letter = {one.option[2:]: one for one in ScanType}
        chosen = by_letter.get(event.character or "")
        if chosen is not None:
            event.stop()
            self._go(chosen)
            self.post_message(self.Pressed(chosen))

    def on_click(self, event: Click) -> None:
        """A click ticks."""
        place = event.get_content_offset(self)
        if place is None:
            return
        column = GRID[min(place.x // WIDTH, len(GRID) - 1)]
        cell = column[place.y] if place.y < len(column) else None
        if isinstance(cell, ScanType):
            self._go(cell)
            self.post_message(self.Pressed(cell))

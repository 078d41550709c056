"""Rows of the results table as strips: which columns fit, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.results.query import SortColumn
from engine.results.row import Row
from engine.spec.port_state import PortState
from tui import format as fmt

GUTTER = 2
"""Cells before the first column: the cursor's glyph and the mark."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes:
        width: cells it needs; widest: cells it may grow to when there is room.
        drop: columns with higher figures leave first when the table is narrow; 0 never leaves.
        text: what stands in it for a row.
        keep_end: too long a text loses its beginning instead of its end.
    """

    title: str
    sort: SortColumn
    width: int
    widest: int
    drop: int
    text: Callable[[Row], str]
    right: bool = False
    keep_end: bool = False


def _state(row: Row) -> str:
    return f"{row.state.glyph}{'~' if row.stale else ' '}{row.state.label}"


COLUMNS: tuple[Column, ...] = (
    Column("HOST", SortColumn.HOST, 15, 39, 1, lambda r: r.name or r.address, keep_end=True),
    Column(
        "PORT", SortColumn.PORT, 10, 10, 0, lambda r: f"{r.port}/{r.protocol.label}", right=True
    ),
    Column("STATE", SortColumn.STATE, 15, 17, 0, _state),
    Column("SERVICE", SortColumn.SERVICE, 8, 18, 2, lambda r: r.service),
    Column("REASON", SortColumn.REASON, 11, 19, 3, lambda r: r.reason.label),
    Column("RTT", SortColumn.RTT, 7, 7, 4, lambda r: fmt.latency(r.rtt), right=True),
    Column("TTL", SortColumn.TTL, 5, 5, 5, lambda r: str(r.ttl or fmt.UNKNOWN), right=True),
    Column("TRIES", SortColumn.TRIES, 7, 7, 6, lambda r: str(r.tries), right=True),
    Column(
        "SCAN", SortColumn.SCAN, 7, 7, 7,
        lambda r: r.technique.label if r.technique else fmt.UNKNOWN,
    ),
    Column("TIME", SortColumn.TIME, 9, 9, 8, lambda r: fmt.moment(r.time), right=True),
)  # fmt: skip
"""The columns in display order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands: first cell and width in cells."""

    column: Column
    start: int
    width: int


@lru_cache(maxsize=64)
def lay_out(width: int, host_width: int) -> tuple[Place, ...]:
    """The columns that fit in ``width`` cells, in order.

    ``host_width`` is the length of the longest host name; 0 leaves the HOST column out, because
    every row would say the same.
    """
    columns = [c for c in COLUMNS if host_width or c.sort is not SortColumn.HOST]
    while _needed(columns) > width and any(c.drop for c in columns):
        columns.remove(max(columns, key=lambda c: c.drop))
    spare = max(0, width - _needed(columns))
    widths = []
    for column in columns:
        most = column.widest
        if column.sort is SortColumn.HOST:
            most = min(max(host_width, column.width), column.widest)
        grown = min(spare, most - column.width)
        spare -= grown
        widths.append(column.width + grown)
    places, start = [], GUTTER
    for column, cells in zip(columns, widths, strict=True):
        places.append(Place(column, start, cells))
        start += cells + 1
    return tuple(places)


def _needed(columns: list[Column]) -> int:
    return GUTTER + sum(column.width + 1 for column in columns) - 1


@dataclass(frozen=True)
class RowStyles:
    """Styles of a table's lines; ``states`` are laid over ``base``."""

    base: Style
    header: Style
    cursor: Style
    marked: Style
    quiet: Style
    states: Mapping[PortState, Style]


def row_strip(
    row: Row, places: tuple[Place, ...], styles: RowStyles, *, cursor: bool, marked: bool
) -> Strip:
    """One row. The cursor and the mark have a glyph each, so that neither needs its colour."""
    over = Style(dim=True) if row.stale else Style.null()
    if marked:
        over += styles.marked
    if cursor:
        over += styles.cursor
    segments = [Segment(("▸" if cursor else " ") + ("✓" if marked else " "), styles.base + over)]
    for number, place in enumerate(places):
        column = place.column
        style = styles.base
        if column.sort is SortColumn.STATE:
            style += styles.states[row.state]
        text = fmt.fit(column.text(row), place.width, right=column.right, keep_end=column.keep_end)
        segments.append(Segment(" " + text if number else text, style + over))
    return Strip(segments)


def header_strip(
    places: tuple[Place, ...], styles: RowStyles, sort: SortColumn, descending: bool
) -> Strip:
    """The line of titles; the sort column carries an arrow for its direction."""
    segments = [Segment(" " * GUTTER, styles.header)]
    for number, place in enumerate(places):
        column = place.column
        title = column.title
        if column.sort is sort:
            title += " ▼" if descending else " ▲"
        text = fmt.fit(title, place.width, right=column.right)
        segments.append(Segment(" " + text if number else text, styles.header))
    return Strip(segments)


def column_at(places: tuple[Place, ...], x: int) -> SortColumn | None:
    """The column drawn at cell ``x`` of a line, or None beside all columns."""
    for place in places:
        if place.start <= x < place.start + place.width:
            return place.column.sort
    return None

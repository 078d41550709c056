"""Rows of the results table as strips: which columns fit, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.results.query import SortColumn
from engine.results.row import Row
from engine.spec.port_state import PortState
from tui import format as fmt

GUTTER = 2
"""Cells before the first column: the cursor's glyph and the mark."""


class Column(Struct, frozen=True):
    """One column of the table.

    Attributes:
        text: what stands in it for a row.
        width: cells it wants.
        widest: cells it may grow to when there is room; 0 as many as it wants.
        least: cells it can do with when all other columns have gone; 0 as many as it wants.
        drop: columns with higher figures leave first when the table is narrow; for that of 1 the
            others shrink first; 0 never leaves.
        host: its texts are names and addresses of hosts.
    """

    title: str
    sort: SortColumn
    text: Callable[[Row], str]
    width: int
    widest: int = 0
    least: int = 0
    drop: int = 0
    right: bool = False
    host: bool = False


def _state(row: Row) -> str:
    mark = "~" if row.stale else "*" if row.was else " "
    return f"{row.state.glyph}{mark}{row.state.label}"


def _scan(row: Row) -> str:
    return row.technique.label if row.technique else fmt.UNKNOWN


COLUMNS: tuple[Column, ...] = (
    Column("HOST", SortColumn.HOST, lambda r: r.name or r.address, 15, 39, 8, host=True),
    Column("PORT", SortColumn.PORT, lambda r: f"{r.port}/{r.protocol.label}", 9, right=True),
    Column("STATE", SortColumn.STATE, _state, 15, least=10),
    Column("SERVICE", SortColumn.SERVICE, lambda r: r.service, 8, 18, drop=1),
    Column("REASON", SortColumn.REASON, lambda r: r.reason.label, 11, 19, drop=2),
    Column("RTT", SortColumn.RTT, lambda r: fmt.latency(r.rtt), 7, drop=3, right=True),
    Column("TTL", SortColumn.TTL, lambda r: str(r.ttl or fmt.UNKNOWN), 5, drop=4, right=True),
    Column("TRIES", SortColumn.TRIES, lambda r: str(r.tries), 7, drop=5, right=True),
    Column("SCAN", SortColumn.SCAN, _scan, 7, drop=6),
    Column("TIME", SortColumn.TIME, lambda r: fmt.moment(r.time), 9, drop=7, right=True),
)
"""The columns in display order."""


class Place(Struct, frozen=True):
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
    columns = [_sized(column, host_width) for column in COLUMNS]
    columns = [column for column in columns if column.width]
    while (last := max(columns, key=lambda column: column.drop)).drop:
        if _needed(columns, least=last.drop == 1) <= width:
            break
        columns.remove(last)
    while _needed(columns, least=True) > width and len(columns) > 1:
        columns.pop(0 if columns[0].sort is SortColumn.HOST else -1)
    widths = _shared(columns, width - _needed(columns))
    places, start = [], GUTTER
    for column, cells in zip(columns, widths, strict=True):
        places.append(Place(column, start, cells))
        start += cells + 1
    return tuple(places)


def _sized(column: Column, host_width: int) -> Column:
    """The HOST column no wider than its names; every other as it is."""
    if column.sort is not SortColumn.HOST:
        return column
    most = min(column.widest, host_width)
    width = min(column.width, most)
    return replace(column, width=width, widest=most, least=min(column.least, width))


def _shared(columns: list[Column], spare: int) -> list[int]:
    """Widths for ``spare`` cells too many or too few: the first grow first, the last shrink."""
    widths = [column.width for column in columns]
    order = range(len(columns)) if spare > 0 else reversed(range(len(columns)))
    for at in order:
        column = columns[at]
        bound = (column.widest if spare > 0 else column.least) or column.width
        change = bound - column.width
        change = min(change, spare) if spare > 0 else max(change, spare)
        widths[at] += change
        spare -= change
    return widths


def _needed(columns: list[Column], *, least: bool = False) -> int:
    """Cells for the columns and the gaps between them."""
    widths = [(least and column.least) or column.width for column in columns]
    return GUTTER + sum(widths) + len(widths) - 1


class RowStyles(Struct, frozen=True):
    """Styles of a table's lines; ``states`` are laid over the others.

    ``cursor_covers``: the cursor's own colour replaces that of the state, which might not show on
    it; glyph and word remain.
    """

    base: Style
    header: Style
    cursor: Style
    cursor_covers: bool
    heading: Style
    marked: Style
    quiet: Style
    states: Mapping[PortState, Style]


def row_strip(
    row: Row,
    places: tuple[Place, ...],
    width: int,
    styles: RowStyles,
    *,
    cursor: bool,
    marked: bool,
) -> Strip:
    """One row, ``width`` cells long.

    The cursor and the mark have a glyph each, so that neither needs its colour.
    """
    line = styles.base
    if marked:
        line += styles.marked
    if cursor:
        line += styles.cursor
    if row.stale:
        line += Style(dim=True)
    segments = [Segment(("▸" if cursor else " ") + ("✓" if marked else " "), line)]
    for number, place in enumerate(places):
        column = place.column
        style = line
        if column.sort is SortColumn.STATE and not (cursor and styles.cursor_covers):
            style += styles.states[row.state]
        text = fmt.fit(column.text(row), place.width, right=column.right, host=column.host)
        segments.append(Segment(" " + text if number else text, style))
    return Strip(segments).extend_cell_length(width, line)


def heading_strip(
    text: str, width: int, styles: RowStyles, *, collapsed: bool, cursor: bool
) -> Strip:
    """The heading of a group, ``width`` cells long: a sign that tells whether it is collapsed."""
    style = styles.base + styles.heading
    if cursor:
        style += styles.cursor
    sign = ("▸" if cursor else " ") + ("+" if collapsed else "-")
    strip = Strip([Segment(fmt.cut(f"{sign} {text}", width), style)])
    return strip.extend_cell_length(width, style)


def header_strip(
    places: tuple[Place, ...], styles: RowStyles, sort: SortColumn, descending: bool
) -> Strip:
    """The line of titles; the sort column carries an arrow for its direction.

    Where every row is of the same host, an order by host is one by port.
    """
    shown = sort_shown(places, sort)
    segments = [Segment(" " * GUTTER, styles.header)]
    for number, place in enumerate(places):
        column = place.column
        title = column.title
        if column.sort is shown:
            title += " ▼" if descending else " ▲"
        text = fmt.fit(title, place.width, right=column.right)
        segments.append(Segment(" " + text if number else text, styles.header))
    return Strip(segments)


def sort_shown(places: tuple[Place, ...], sort: SortColumn) -> SortColumn | None:
    """The column whose title carries the arrow; None when it did not fit."""
    columns = [place.column.sort for place in places]
    if sort is SortColumn.HOST and sort not in columns:
        return SortColumn.PORT
    return sort if sort in columns else None


def column_at(places: tuple[Place, ...], x: int) -> SortColumn | None:
    """The column drawn at cell ``x`` of a line, or None beside all columns."""
    for place in places:
        if place.start <= x < place.start + place.width:
            return place.column.sort
    return None

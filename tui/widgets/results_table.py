"""ResultsTable: a virtual table over a snapshot; it draws only the lines that can be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from engine.results.cell import DOUBTED, split_key
from engine.results.query import Query, SortColumn
from engine.results.snapshot import Snapshot
from tui import format as fmt
from tui.keymap import Keymap
from tui.widgets.empty_words import awaited_text, empty_text, no_scan_text
from tui.widgets.line_view import BLANK, Line
from tui.widgets.result_list import EVERY_OPEN_PORT, ResultList
from tui.widgets.results_text import counts_line, heading_text
from tui.widgets.row_renderer import (
    GUTTER,
    Place,
    RowStyles,
    column_at,
    header_strip,
    heading_strip,
    lay_out,
    row_strip,
    sort_shown,
)
from tui.widgets.state_styles import state_styles

OUR_KEYS = Keymap().keys


class ResultsTable(ResultList):
    """The decided ports a query asks for, one per line, between a header and a line of counts.

    Which rows there are, cursor and marks are ResultList's business; this is the drawing of it.
    ``keys`` are those of the actions, which texts in place of rows and folded rows name.
    """

    HEAD = 1
    FOOT = 1
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "results-table--header",
        "results-table--heading",
        "results-table--marked",
    }
    DEFAULT_CSS = """
    ResultsTable {
        overflow-y: scroll;
        & > .results-table--header { text-style: bold; background: $panel; color: $foreground; }
        & > .results-table--heading { text-style: bold; background: $surface; }
        & > .results-table--marked { text-style: bold; background: $secondary 25%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Details", show=False),
    ]

    class RowChosen(Message):
        """Enter or a double click on the result ``key``."""

        def __init__(self, key: int) -> None:
            super().__init__()
            self.key = key

    class CountsClicked(Message):
        """A click on the line that says what is shown and what is hidden."""

    class SortRequested(Message):
        """A click on the title of ``column``."""

        def __init__(self, column: SortColumn) -> None:
            super().__init__()
            self.column = column

    def __init__(
        self,
        query: Query = EVERY_OPEN_PORT,
        *,
        keys: Mapping[str, str] = OUR_KEYS,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(query, id=id, classes=classes)
        self.keys = keys
        self.refusal = ""
        self.awaited = ""
        self._styles_now: RowStyles | None = None

    # Drawing

    def forget_strips(self) -> None:
        """Forget the styles too."""
        super().forget_strips()
        self._styles_now = None

    def line_at(self, y: int) -> Line:
        """What line ``y`` of the widget shows."""
        rows, query, snapshot = self._rows, self._rows.query, self._rows.snapshot
        if y == 0:
            return ("header", query.sort, query.descending)
        if snapshot is None:
            return self._text_line(no_scan_text(self.refusal, self.keys, self.awaited), y)
        if y >= self.size.height - 1:
            before = list(self._before_counts())
            return ("counts", counts_line(rows.row_set, len(rows.marks), self.line_width, before))
        if not len(rows):
            return self._text_line(empty_text(snapshot, query, rows.row_set, self.keys), y)
        at = self.row_at(y)
        key = None if at is None else rows.line_at(at)
        if key is None:
            return BLANK
        if key < 0 and rows.groups is not None:
            text = heading_text(rows.groups, ~key, snapshot)
            if rows.marks:
                marked = len(rows.marks.intersection(rows.groups.keys_of(~key).tolist()))
                text += f" · {marked:,} marked" * bool(marked)
            return ("heading", text, ~key in rows.collapsed, at == rows.cursor)
        cell = snapshot.view.cell(key)
        looks = b"" if cell is None else cell.tobytes()
        if rows.folded and cell is not None and cell["flags"] & DOUBTED:
            return ("folded", key, self._doubt_text(snapshot, key), at == rows.cursor)
        return ("row", key, looks, at == rows.cursor, key in rows.marks)

    def _text_line(self, text: str, y: int) -> Line:
        """Line ``y`` of a table that has a text in place of rows."""
        lines = fmt.wrap(text, max(1, self.line_width - 4))
        return ("text", lines[y - 2]) if 2 <= y < len(lines) + 2 else BLANK

    def refuse(self, why: str) -> None:
        """Say in place of rows why a scan could not start; with nothing, no longer."""
        self.refusal = why
        self.forget_strips()
        self.refresh()

    def await_scan(self, targets: str, *, queued: bool = False) -> None:
        """Say in place of rows that a scan of ``targets`` will begin; with nothing, no longer."""
        words = awaited_text(targets, queued, self.keys) if targets else ""
        if words != self.awaited:
            self.awaited = words
            self.forget_strips()
            self.refresh()

    def _doubt_text(self, snapshot: Snapshot, key: int) -> str:
        """One line in place of all ports of a host that calls every one of them open."""
        host = split_key(key)[0]
        name = snapshot.names.name(host) or snapshot.names.text(host)
        why = snapshot.doubts.get(host, "answers on every port")
        return f"{name}: {why} ({self.keys['doubted']} lists its ports)"

    def _before_counts(self) -> Iterator[str]:
        """What else there is to know about the rows; the order where no title can tell it."""
        rows, query = self._rows, self.current_query
        if sort_shown(self._places, query.sort) is None:
            yield f"by {query.sort.value} {'▼' if query.descending else '▲'}"
        if rows.folded:
            yield f"{rows.folded:,} doubted, {self.keys['doubted']} lists them"
        if rows.follows:
            yield "following"
        if rows.groups is not None:
            yield fmt.plural(len(rows.groups), rows.grouping.value)

    def draw(self, line: Line) -> Strip:
        """One line: titles, a row, the counts, or text."""
        styles = self.row_styles
        match line:
            case ("header", SortColumn() as sort, bool(descending)):
                strip = header_strip(self._places, styles, sort, descending)
                return strip.adjust_cell_length(self.line_width, styles.header)
            case ("row", int(key), _, bool(cursor), bool(marked)) if self._rows.snapshot:
                row = self._rows.snapshot.row(key)
                if row is not None:
                    width = self.line_width
                    return row_strip(row, self._places, width, styles, cursor=cursor, marked=marked)
            case ("folded", _, str(text), bool(cursor)):
                line_style = styles.base + (styles.cursor if cursor else Style.null())
                text = fmt.cut(("▸ " if cursor else "  ") + text, self.line_width)
                strip = Strip([Segment(text, line_style)])
                return strip.extend_cell_length(self.line_width, line_style)
            case ("heading", str(text), bool(collapsed), bool(cursor)):
                return heading_strip(
                    text, self.line_width, styles, collapsed=collapsed, cursor=cursor
                )
            case ("counts", str(text)):
                return Strip([Segment(fmt.cut(text, self.line_width), styles.quiet)])
            case ("text", str(text)):
                return Strip([Segment("  " + text, styles.quiet)])
        return Strip.blank(self.line_width, styles.base)

    @property
    def _places(self) -> tuple[Place, ...]:
        return lay_out(self.line_width, self._rows.host_width)

    @property
    def row_styles(self) -> RowStyles:
        """The styles lines are drawn with, in the present theme."""
        if self._styles_now is None:
            self._styles_now = RowStyles(
                base=self.rich_style,
                header=self.get_component_rich_style("results-table--header"),
                cursor=self.cursor_style,
                cursor_covers=self.has_focus,
                heading=self.get_component_rich_style("results-table--heading"),
                marked=self.get_component_rich_style("results-table--marked"),
                quiet=self.quiet_style,
                states=state_styles(self.app),
            )
        return self._styles_now

    # Choosing

    def action_choose(self) -> None:
        """Ask for the details of the row under the cursor; collapse or unfold a heading's group."""
        if self.toggle_heading():
            return
        if (key := self.cursor_key) is not None:
            self.post_message(self.RowChosen(key))

    def on_click(self, event: Click) -> None:
        """A click on a title sorts; on a row it moves the cursor, twice it asks for details; before
        a row it marks it, before a heading it collapses the group or unfolds it. A click on the
        line of counts asks for what it says is hidden."""
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y == 0:
            if (column := column_at(self._places, place.x)) is not None:
                self.post_message(self.SortRequested(column))
            return
        if place.y >= self.size.height - self.FOOT:
            self.post_message(self.CountsClicked())
            return
        at = self.row_at(place.y)
        if at is not None:
            self.go(at)
            if place.x < GUTTER:
                self.toggle_row()
            elif event.chain == 2:
                self.action_choose()

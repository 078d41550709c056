"""ResultList: the results of a query with a cursor and marks, as a widget without its looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from engine.results.query import Query, RowSet, SortColumn
from engine.results.snapshot import Snapshot
from engine.spec.scan_type import Protocol
from tui.widgets.cursor_list import CursorList
from tui.widgets.result_rows import ResultRows
from tui.widgets.row_groups import Grouping

EVERY_OPEN_PORT = Query()


class ResultList(CursorList):
    """Shows snapshots, and keeps the cursor's row on its line of the screen while rows change.

    How cursor and marks keep to their ports is ResultRows' business.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark; on a heading, its rows", show=False),
        Binding("asterisk", "mark_all", "Mark all", show=False),
        Binding("left", "collapse", "To the group's heading; collapse", show=False),
        Binding("right", "unfold", "Unfold the group; so does Enter", show=False),
        Binding("minus", "collapse_all", "Collapse all groups, or unfold them", show=False),
    ]

    class CursorMoved(Message, namespace="results_table"):
        """The cursor is on another line: ``key``, or None on a heading or when there is no row."""

        def __init__(self, key: int | None) -> None:
            super().__init__()
            self.key = key

    def __init__(self, query: Query, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows = ResultRows(query)
        self._later: Timer | None = None

    # What others read and set

    @property
    def rows(self) -> ResultRows:
        """What is shown, without the drawing."""
        return self._rows

    @property
    def current_query(self) -> Query:
        """What is shown and in which order."""
        return self._rows.query

    @property
    def row_set(self) -> RowSet:
        """The rows shown, in display order."""
        return self._rows.row_set

    @property
    def cursor_key(self) -> int | None:
        """The key under the cursor, or None on a heading and when there are no rows."""
        return self._rows.cursor_key

    @property
    def cursor_keys(self) -> list[int]:
        """The rows the cursor stands for: its own, or on a heading those of the group."""
        return self._rows.cursor_keys

    @property
    def cursor_host(self) -> int | None:
        """The host the cursor's row or heading belongs to; None on a service's heading."""
        rows = self._rows
        if rows.cursor_key is not None:
            return rows.cursor_key >> 18
        return rows.cursor_group if rows.grouping is Grouping.HOST else None

    @property
    def chosen_keys(self) -> list[int]:
        """What a command about rows is about: the marked ones, or else those of the cursor."""
        return self.marked_keys or self.cursor_keys

    @property
    def selected(self) -> frozenset[int]:
        """The keys the user marked, shown or not."""
        return frozenset(self._rows.marks)

    @property
    def marked_keys(self) -> list[int]:
        """The marked keys: those shown in display order, then the others by host and port."""
        return self._rows.marked_keys()

    def show(self, snapshot: Snapshot) -> None:
        """Show ``snapshot``; rows are asked for again when it is time (see QueryPace)."""
        with self._cursor_in_place():
            wait = self._rows.show(snapshot)
        if wait is not None and self._later is None:
            self._later = self.set_timer(wait, self._show_again)

    def _show_again(self) -> None:
        self._later = None
        if self._rows.snapshot is not None:
            self.show(self._rows.snapshot)

    def set_query(self, query: Query) -> None:
        """Show what another query asks for, at once."""
        if query != self.current_query:
            with self._cursor_in_place():
                self._rows.query = query
                self._rows.ask()

    def sort_by(self, column: SortColumn) -> None:
        """Order by ``column``; by the same column again, in the other direction."""
        query = self.current_query
        descending = column is query.sort and not query.descending
        self.set_query(replace(query, sort=column, descending=descending))

    def clear(self) -> None:
        """Forget everything shown and marked: another scan begins."""
        with self._cursor_in_place():
            self._rows.clear()
            self.redraw()

    @property
    def lists_doubted(self) -> bool:
        """Whether every port of hosts that call all of them open is listed."""
        return self._rows.list_doubted

    def list_doubted(self, wanted: bool) -> None:
        """List the ports of such hosts one by one, or fold them into one row for each host."""
        with self._cursor_in_place():
            self._rows.list_doubted = wanted
            self._rows.ask()
        self.redraw()

    @property
    def grouping(self) -> Grouping:
        """What rows are parted by."""
        return self._rows.grouping

    def group_by(self, grouping: Grouping) -> None:
        """Part the rows by something else, or not at all."""
        with self._cursor_in_place():
            self._rows.group_by(grouping)
        self.redraw()

    def collapse(self, groups: set[int], wanted: bool) -> None:
        """Collapse groups or unfold them."""
        with self._cursor_in_place():
            self._rows.collapse(groups, wanted)
        self.show_cursor()

    @property
    def follows(self) -> bool:
        """Whether the cursor goes to the newest row whenever rows are asked for."""
        return self._rows.follows

    def follow(self, wanted: bool) -> None:
        """Keep the cursor on the newest row until it is moved by hand, or let it stay."""
        with self._cursor_in_place():
            self._rows.follows = wanted
            self._rows.ask()

    def clear_marks(self) -> None:
        """Take every mark away."""
        self._rows.marks.clear()
        self.repaint()

    def move_to(self, key: int) -> bool:
        """Put the cursor on ``key``. False when it is not among the rows shown."""
        at = self._rows.reveal(key)
        if at is not None:
            self.go(at)
        return at is not None

    def shows_port(self, port: int, protocol: Protocol | None = None) -> bool:
        """Whether a row shows the port; any protocol's when that is None."""
        return self._rows.find_port(port, protocol) is not None

    def go_to_port(self, port: int, protocol: Protocol | None = None) -> None:
        """Put the cursor on the port: the cursor's host's, or the next host's after that."""
        key = self._rows.find_port(port, protocol)
        if key is not None:
            self.move_to(key)

    @contextmanager
    def _cursor_in_place(self) -> Iterator[None]:
        """Rows may change inside; afterwards the cursor's row is on the same line of the screen."""
        rows = self._rows
        before, asked, host_width = rows.cursor_line, rows.lines, rows.host_width
        screen_line = rows.cursor - self.scroll_offset.y
        yield
        if rows.lines is not asked:
            if rows.host_width != host_width:
                self.redraw()
            self.scroll_to_line(rows.cursor - screen_line)
            if rows.cursor_line != before:
                self.post_message(self.CursorMoved(rows.cursor_key))
            if rows.follows:
                self.show_cursor()  # the wheel may have taken it out of sight
        self.repaint()

    def row_count(self) -> int:
        """How many rows and headings there are."""
        return len(self._rows)

    def cursor_row(self) -> int:
        """The cursor's row; 0 when there are none."""
        return self._rows.cursor

    def place_cursor(self, at: int) -> None:
        """Put the cursor on row ``at``, or on the nearest there is."""
        if self._rows.go(at):
            self.post_message(self.CursorMoved(self.cursor_key))

    def action_mark(self) -> None:
        """Mark what the cursor stands for, a row or all rows of a heading, or take the marks away,
        and go on to the next line."""
        self._rows.toggle_mark()
        self.repaint()
        self.go(self._rows.cursor + 1)

    def toggle_row(self) -> bool:
        """Mark the row under the cursor, or take its mark away; False when it is a heading. That is
        collapsed or unfolded."""
        if self.toggle_heading():
            return False
        self._rows.toggle_mark()
        self.repaint()
        return True

    def action_mark_all(self) -> None:
        """Mark every row shown; when all are marked already, none."""
        self._rows.toggle_all_marks()
        self.repaint()

    def toggle_heading(self) -> bool:
        """Collapse or unfold the group whose heading is under the cursor; False when none is."""
        group = self._rows.cursor_group
        if group is not None:
            self.collapse({group}, group not in self._rows.collapsed)
        return group is not None

    def action_collapse(self) -> None:
        """From a row go to the heading of its group; collapse the heading's group."""
        rows = self._rows
        if rows.cursor_group is not None:
            self.collapse({rows.cursor_group}, True)
        elif rows.groups is not None and rows.cursor_key is not None:
            self.go(rows.find(~rows.groups.group_of(rows.cursor_key)) or 0)

    def action_unfold(self) -> None:
        """Unfold the cursor's group; where it is unfolded, go to its first row."""
        group = self._rows.cursor_group
        if group is None:
            return
        if group in self._rows.collapsed:
            self.collapse({group}, False)
        else:
            self.go(self._rows.cursor + 1)

    def action_collapse_all(self) -> None:
        """Collapse every group; when all are collapsed already, unfold them."""
        groups = self._rows.groups
        if groups is not None:
            every = set(groups.groups.tolist())
            self.collapse(every, not every <= self._rows.collapsed)

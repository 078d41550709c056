"""ResultRows: the rows a query gives, with a cursor and marks that stay with their ports."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from engine.results.cell import DOUBTED, among
from engine.results.query import Query, RowSet, run_query
from engine.results.snapshot import Snapshot
from engine.results.view import StoreView
from engine.spec.scan_type import Protocol
from tui.widgets.query_pace import QueryPace
from tui.widgets.row_groups import Grouping, RowGroups

_NAMES_MEASURED = 256
NOTHING = RowSet(np.empty(0, np.int64), 0, 0, {}, None, np.empty(0, np.uint8))


class ResultRows:
    """What the results table shows, without the drawing.

    It is a list of lines: rows, and where they are grouped, headings (see RowGroups). Cursor and
    marks belong to a result's key, not to a line: they stay with their port when rows come, go or
    change places. Until the user moves it, the cursor stays on the first line.

    Attributes:
        snapshot: the newest one, or None before the first.
        row_set: the rows, in the order of the query.
        grouping: what they are parted by; groups: the parts, None when there are none.
        collapsed: groups of which only the heading is a line.
        lines: rows and headings in display order.
        cursor: index of the cursor's line; 0 when there are none.
        marks: keys of the marked results, shown or not.
        follows: the cursor goes to the newest row whenever rows are asked for, until it is moved.
        list_doubted: list every port of hosts that call all of them open; else each such host has
            one row, that of its first such port.
        folded: how many rows that leaves out.
    """

    def __init__(self, query: Query, now: Callable[[], float] = monotonic) -> None:
        self.query = query
        self.marks: set[int] = set()
        self.collapsed: set[int] = set()
        self.grouping = Grouping.NONE
        self.list_doubted = False
        self._now = now
        self.clear()

    def clear(self) -> None:
        """Forget everything shown, marked and collapsed."""
        self.snapshot: Snapshot | None = None
        self.row_set = NOTHING
        self.groups: RowGroups | None = None
        self.lines = NOTHING.keys
        self.cursor = 0
        self.folded = 0
        self._host_width = 0
        self.marks.clear()
        self.collapsed.clear()
        self._moved = self.follows = False
        self._answered: object = None
        self._pace = QueryPace()

    def __len__(self) -> int:
        return len(self.lines)

    def line_at(self, at: int) -> int | None:
        """What stands on line ``at``: a key, or ``~group`` for a heading; None beyond the last."""
        return int(self.lines[at]) if 0 <= at < len(self) else None

    @property
    def cursor_line(self) -> int | None:
        """What the cursor is on, or None when there are no lines."""
        return self.line_at(self.cursor)

    @property
    def cursor_key(self) -> int | None:
        """The key under the cursor, or None on a heading and when there are no rows."""
        line = self.cursor_line
        return None if line is None or line < 0 else line

    @property
    def cursor_group(self) -> int | None:
        """The group whose heading is under the cursor, or None."""
        line = self.cursor_line
        return None if line is None or line >= 0 else ~line

    @property
    def group_here(self) -> int | None:
        """The group the cursor is in, on its heading or on a row; None where there are none."""
        key = self.cursor_key
        return (
            self.cursor_group if self.groups is None or key is None else self.groups.group_of(key)
        )

    @property
    def cursor_keys(self) -> list[int]:
        """The rows the cursor stands for: its own, or on a heading those of the group."""
        if self.groups is not None and self.cursor_group is not None:
            return [int(key) for key in self.groups.keys_of(self.cursor_group)]
        return [] if self.cursor_key is None else [self.cursor_key]

    @property
    def keys(self) -> NDArray[np.int64]:
        """Every row in display order, those of collapsed groups included."""
        return self.row_set.keys if self.groups is None else self.groups.keys

    @property
    def host_width(self) -> int:
        """Cells the longest host name needs; 0 where no row needs to name its host."""
        return 0 if self.grouping is Grouping.HOST else self._host_width

    def show(self, snapshot: Snapshot) -> float | None:
        """Take ``snapshot``, and ask for its rows if it is time.

        Seconds to wait before :meth:`show` should be called again when it is not time yet (see
        QueryPace); None when the rows are those of the snapshot.
        """
        self.snapshot = snapshot
        if self._answered == _rows_depend_on(snapshot):
            return None
        wait = self._pace.wait(self._now(), self.query.sort)
        if not wait:
            self.ask()
        return wait or None

    def ask(self) -> None:
        """Run the query on the newest snapshot and keep the cursor on its line."""
        snapshot = self.snapshot
        if snapshot is None:
            return
        before = self.cursor_line if self._moved or self.follows else None
        started = self._now()
        self.row_set = run_query(snapshot, self.query)
        self.folded = 0
        if snapshot.doubts and not self.list_doubted:
            self._fold_doubted(snapshot)
        self._group(snapshot)
        self._pace.ran(started, self._now())
        self._answered = _rows_depend_on(snapshot)
        self._host_width = _host_width(snapshot)
        newest = self.row_set.newest if self.follows else None
        kept = None if newest is None else self.find(newest)
        if kept is None and before is not None:
            kept = self.find(before)
        last = max(len(self) - 1, 0)
        self.cursor = kept if kept is not None else min(self.cursor, last) if self._moved else 0

    # Groups

    def _group(self, snapshot: Snapshot) -> None:
        self.groups = None
        if self.grouping is not Grouping.NONE:
            self.groups = RowGroups(self.row_set, snapshot, self.query, self.grouping)
        self._lay_lines()

    def _lay_lines(self) -> None:
        groups = self.groups
        self.lines = self.row_set.keys if groups is None else groups.lines(self.collapsed)

    def group_by(self, grouping: Grouping) -> None:
        """Part the rows by something else; every group is unfolded, and the cursor stays on its
        row, or on the first of its heading."""
        before = next(iter(self.cursor_keys), None)
        self.grouping = grouping
        self.collapsed.clear()
        if self.snapshot is not None:
            self._group(self.snapshot)
            kept = None if before is None or not self._moved else self.find(before)
            self.cursor = kept or 0

    def collapse(self, groups: set[int], wanted: bool) -> None:
        """Collapse groups or unfold them. A cursor on a row that goes moves to its heading."""
        before = self.cursor_line
        if wanted:
            self.collapsed |= groups
        else:
            self.collapsed -= groups
        self._lay_lines()
        kept = None if before is None else self.find(before)
        self.cursor = kept or 0

    def _fold_doubted(self, snapshot: Snapshot) -> None:
        """Of the doubted rows of a host keep the first."""
        keys = self.row_set.keys
        doubted = among(keys, np.sort(doubted_keys(snapshot.view)))
        at = np.flatnonzero(doubted)
        doubted[at[_firsts(keys[at] >> 18)]] = False
        self.folded = int(np.count_nonzero(doubted))
        self.row_set = self.row_set.only(~doubted)

    def find(self, line: int) -> int | None:
        """Where a key or ``~group`` stands among the lines; the place of the heading for a row of a
        collapsed group. None when it is not there."""
        hits: NDArray[np.intp] = np.flatnonzero(self.lines == line)
        if len(hits):
            return int(hits[0])
        if line >= 0 and self.groups is not None:
            group = self.groups.group_of(line)
            if group in self.collapsed and (self.groups.keys_of(group) == line).any():
                return self.find(~group)
        return None

    def reveal(self, key: int) -> int | None:
        """Where the row ``key`` stands, after its group was unfolded; None when it is no row."""
        if self.groups is not None:
            group = self.groups.group_of(key)
            if group in self.collapsed and (self.groups.keys_of(group) == key).any():
                self.collapse({group}, False)
        return self.find(key)

    def find_port(self, port: int, protocol: Protocol | None = None) -> int | None:
        """The key of a port: that of the cursor's host, or, from there on, the next host's.

        None when no row shows it. Without ``protocol`` any will do.
        """
        keys = self.keys
        wanted = keys & 0xFFFF == port
        if protocol is not None:
            wanted &= keys >> 16 & 3 == protocol
        at: NDArray[np.intp] = np.flatnonzero(wanted)
        if not len(at):
            return None
        here = next(iter(self.cursor_keys))
        place = int(np.flatnonzero(keys == here)[0])
        if not wanted[place] or self.cursor_key is None:
            own = at[keys[at] >> 18 == here >> 18]
            if len(own):
                return int(keys[own[0]])
        behind = at[at > place]
        return int(keys[behind[0] if len(behind) else at[0]])

    def go(self, at: int) -> bool:
        """Put the cursor on line ``at``, or as near as there is one. True when it moved.

        It follows the newest row no more.
        """
        self._pace.moved(self._now())
        self._moved, self.follows = True, False
        at = min(max(at, 0), max(len(self) - 1, 0))
        moved, self.cursor = at != self.cursor, at
        return moved

    def toggle_mark(self) -> None:
        """Mark the rows the cursor stands for; when all are marked already, none of them."""
        self._toggle(set(self.cursor_keys))

    def marked_keys(self) -> list[int]:
        """The marks: those shown in display order, then the others in the order of keys."""
        marks = np.fromiter(self.marks, np.int64, len(self.marks))
        shown = [int(key) for key in self.keys[np.isin(self.keys, marks)]]
        return shown + sorted(self.marks.difference(shown))

    def toggle_all_marks(self) -> None:
        """Mark every row shown; when all are marked already, none of them."""
        self._toggle(set(self.row_set.keys.tolist()))

    def _toggle(self, keys: set[int]) -> None:
        if keys <= self.marks:
            self.marks -= keys
        else:
            self.marks |= keys


def _firsts(values: NDArray[np.int64]) -> NDArray[np.intp]:
    """Places of the first occurrence of each value."""
    order = np.argsort(values, kind="stable")
    fresh = np.ones(len(order), bool)
    fresh[1:] = np.diff(values[order]) != 0
    return order[fresh]


def _rows_depend_on(snapshot: Snapshot) -> object:
    """Equal for two snapshots of a scan in which every query finds the same rows."""
    view, doubts = snapshot.view, len(snapshot.doubts)
    return view.version, view.host_count, snapshot.hosts.version, doubts, snapshot.phase.over


def _host_width(snapshot: Snapshot) -> int:
    names = snapshot.names
    if names.count < 2:
        return 0
    some = range(min(names.count, _NAMES_MEASURED))
    return max(len(names.name(i) or names.text(i)) for i in some)


def doubted_keys(view: StoreView) -> NDArray[np.int64]:
    """Keys of every cell that is flagged DOUBTED."""
    found = [np.empty(0, np.int64)]
    for hosts, cells in view.parts():
        row, column = np.nonzero(cells["flags"] & DOUBTED)
        found.append(hosts[row].astype(np.int64) << 18 | view.channels[column])
    return np.concatenate(found)

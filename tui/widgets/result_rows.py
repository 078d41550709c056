"""ResultRows: the rows a query gives, with a cursor and marks that stay with their ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from engine.results.cell import DOUBTED
from engine.results.query import Query, RowSet, run_query
from engine.results.snapshot import Snapshot
from engine.results.view import StoreView
from engine.spec.scan_type import Protocol
from tui.widgets.query_pace import QueryPace

_NAMES_MEASURED = 256
NOTHING = RowSet(np.empty(0, np.int64), 0, 0, {})


class ResultRows:
    """What the results table shows, without the drawing.

    Cursor and marks belong to a result's key, not to a line: they stay with their port when rows
    come, go or change places. Until the user moves it, the cursor stays on the first row.

    Attributes:
        snapshot: the newest one, or None before the first.
        row_set: the rows, in display order.
        cursor: index of the cursor's row; 0 when there are none.
        marks: keys of the marked results, shown or not.
        follows: the cursor goes to the newest row whenever rows are asked for, until it is moved.
        list_doubted: list every port of hosts that call all of them open; else each such host has
            one row, that of its first such port.
        folded: how many rows that leaves out.
        host_width: cells the longest host name needs; 0 when there is one host only.
    """

    def __init__(self, query: Query, now: Callable[[], float] = monotonic) -> None:
        self.query = query
        self.marks: set[int] = set()
        self.list_doubted = False
        self._now = now
        self.clear()

    def clear(self) -> None:
        """Forget everything shown and marked."""
        self.snapshot: Snapshot | None = None
        self.row_set = NOTHING
        self.cursor = 0
        self.folded = 0
        self.host_width = 0
        self.marks.clear()
        self._moved = self.follows = False
        self._answered: object = None
        self._pace = QueryPace()

    def __len__(self) -> int:
        return len(self.row_set)

    def key_at(self, at: int) -> int | None:
        """The key of row ``at``, or None beyond the last."""
        return int(self.row_set.keys[at]) if 0 <= at < len(self) else None

    @property
    def cursor_key(self) -> int | None:
        """The key under the cursor, or None when there are no rows."""
        return self.key_at(self.cursor)

    def show(self, snapshot: Snapshot) -> float | None:
        """Take ``snapshot``, and ask for its rows if it is time.

        Seconds to wait before :meth:`show` should be called again when it is not time yet (see
        QueryPace); None when the rows are those of the snapshot.
        """
        self.snapshot = snapshot
        if self._answered is snapshot.view:
            return None
        wait = self._pace.wait(self._now(), self.query.sort)
        if not wait:
            self.ask()
        return wait or None

    def ask(self) -> None:
        """Run the query on the newest snapshot and keep the cursor on its key."""
        snapshot = self.snapshot
        if snapshot is None:
            return
        before = self.cursor_key if self._moved or self.follows else None
        started = self._now()
        self.row_set = run_query(snapshot, self.query)
        self.folded = 0
        if snapshot.doubts and not self.list_doubted:
            self._fold_doubted(snapshot)
        self._pace.ran(started, self._now())
        self._answered = snapshot.view
        self.host_width = _host_width(snapshot)
        newest = self.row_set.newest if self.follows else None
        kept = None if newest is None else self.find(newest)
        if kept is None and before is not None:
            kept = self.find(before)
        last = max(len(self) - 1, 0)
        self.cursor = kept if kept is not None else min(self.cursor, last) if self._moved else 0

    def _fold_doubted(self, snapshot: Snapshot) -> None:
        """Of the doubted rows of a host keep the first."""
        keys = self.row_set.keys
        doubted = np.isin(keys, doubted_keys(snapshot.view))
        at = np.flatnonzero(doubted)
        _, first = np.unique(keys[at] >> 18, return_index=True)
        doubted[at[first]] = False
        self.folded = int(np.count_nonzero(doubted))
        self.row_set = replace(self.row_set, keys=keys[~doubted])

    def find(self, key: int) -> int | None:
        """Where ``key`` stands among the rows, or None."""
        hits: NDArray[np.intp] = np.flatnonzero(self.row_set.keys == key)
        return int(hits[0]) if len(hits) else None

    def find_port(self, port: int, protocol: Protocol | None = None) -> int | None:
        """The row of a port: that of the cursor's host, or, from there on, the next host's.

        None when no row shows it. Without ``protocol`` any will do.
        """
        keys = self.row_set.keys
        wanted = keys & 0xFFFF == port
        if protocol is not None:
            wanted &= keys >> 16 & 3 == protocol
        at: NDArray[np.intp] = np.flatnonzero(wanted)
        if not len(at):
            return None
        if not wanted[self.cursor]:
            own = at[keys[at] >> 18 == keys[self.cursor] >> 18]
            if len(own):
                return int(own[0])
        behind = at[at > self.cursor]
        return int(behind[0] if len(behind) else at[0])

    def go(self, at: int) -> bool:
        """Put the cursor on row ``at``, or as near as there is one. True when it moved.

        It follows the newest row no more.
        """
        self._pace.moved(self._now())
        self._moved, self.follows = True, False
        at = min(max(at, 0), max(len(self) - 1, 0))
        moved, self.cursor = at != self.cursor, at
        return moved

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if (key := self.cursor_key) is not None:
            self.marks.symmetric_difference_update({key})

    def marked_keys(self) -> list[int]:
        """The marks: those shown in display order, then the others in the order of keys."""
        shown = [key for key in self.row_set.keys.tolist() if key in self.marks]
        return shown + sorted(self.marks.difference(shown))

    def toggle_all_marks(self) -> None:
        """Mark every row shown; when all are marked already, none of them."""
        shown = set(self.row_set.keys.tolist())
        if shown <= self.marks:
            self.marks -= shown
        else:
            self.marks |= shown


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

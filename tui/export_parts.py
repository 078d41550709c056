"""Which rows of the results table, or hosts of a list, can be written to a file of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.part import Part
from engine.results.snapshot import Snapshot
from engine.results.view import StoreView
from tui import format as fmt
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.result_rows import ResultRows
from tui.widgets.results_text import group_title
from tui.widgets.row_groups import Grouping

_TITLE_WIDTH = 16
"""Cells for the name of a group among the choices."""


class PartChoice(Struct, frozen=True, eq=False):
    """Something to choose: ``label`` for the user, ``words`` for the file, and how the ``part`` of
    a report with a view is made."""

    label: str
    words: str
    part: Callable[[StoreView], Part]

    @classmethod
    def of_rows(cls, label: str, words: str, keys: NDArray[np.int64]) -> PartChoice:
        """Rows with these keys."""
        return cls(label, words, lambda view: Part.of(words, keys, view))


def host_choices(pane: HostsPane) -> tuple[PartChoice, ...]:
    """What a list of hosts has to offer besides those that are up: the ones it lists."""
    words, listed = "the hosts listed", pane.listed
    if pane.filter_text.strip():
        words += f", filter {pane.filter_text.strip()}"
    elif not pane.shows_quiet:
        return ()
    if not listed:
        return ()
    part = Part.of_hosts(words, listed)
    return (PartChoice(f"{len(listed):,} listed", words, lambda view: part),)


def part_choices(rows: ResultRows) -> tuple[PartChoice, ...]:
    """What the table has to offer besides everything: the rows shown, where there are others, the
    group under the cursor, and the marked rows."""
    return () if rows.snapshot is None else tuple(_choices(rows, rows.snapshot))


def _choices(rows: ResultRows, snapshot: Snapshot) -> Iterator[PartChoice]:
    narrowed = "".join(f", {words}" for words in _narrowings(rows, snapshot))
    if narrowed and len(rows.keys):
        yield PartChoice.of_rows(
            f"{len(rows.keys):,} shown", f"the rows shown{narrowed}", rows.keys
        )
    group = rows.group_here
    if rows.groups is not None and group is not None:
        title = group_title(rows.groups, group, snapshot)
        words = f"the rows shown under {title}{narrowed}"
        yield PartChoice.of_rows(
            _group_label(rows, group, title), words, rows.groups.keys_of(group)
        )
    if rows.marks:
        marks = np.fromiter(rows.marks, np.int64, len(rows.marks))
        yield PartChoice.of_rows(f"{len(marks):,} marked", "the rows marked by hand", marks)


def _group_label(rows: ResultRows, group: int, title: str) -> str:
    by_host = rows.grouping is Grouping.HOST
    if by_host and rows.snapshot is not None:
        names = rows.snapshot.names
        title = names.name(group) or names.text(group)
    return f"group {fmt.cut(title, _TITLE_WIDTH, host=by_host)}"


def _narrowings(rows: ResultRows, snapshot: Snapshot) -> Iterator[str]:
    """Why rows are not shown."""
    query = rows.query
    if rows.row_set.hidden:
        yield "without closed and filtered ports"
    if query.host is not None and snapshot.view.host_count > 1:
        yield f"host {snapshot.names.text(query.host)}"
    if query.filter.terms:
        yield f"filter {query.filter}"
    if rows.folded:
        yield "one for each host that calls every port open"

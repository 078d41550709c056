"""RowGroups: rows under headings, by host or by service; groups collapse into their headings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.results.query import Query, RowSet, SortColumn
from engine.results.service_tables import service_ranks
from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState

_STATES = len(PortState)
_RADIX = 1 << 16
"""numpy sorts integers of 16 bits in linear time."""


class Grouping(StrEnum):
    """What rows are parted by."""

    NONE = "none"
    HOST = "host"
    SERVICE = "service"

    @property
    def next(self) -> Grouping:
        """The one after this, round and round."""
        kinds = tuple(Grouping)
        return kinds[(kinds.index(self) + 1) % len(kinds)]

    def groups(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The group of each row (shape (n,)): a host's index, or a service's place in the alphabet;
        nameless ports come last. A row's group is the same as long as the program runs."""
        if self is Grouping.SERVICE:
            groups: NDArray[np.int64] = service_ranks()[keys & 0x3FFFF].astype(np.int64)
        else:
            groups = keys >> 18
        return groups


_OWN_ORDER = {Grouping.HOST: SortColumn.HOST, Grouping.SERVICE: SortColumn.SERVICE}
"""The order of rows that is one of groups, too."""


class RowGroups:
    """The rows of one query, by group: groups in the order of addresses or of the alphabet, and in
    each its rows in the query's order. An order by the very thing that groups them, descending,
    turns the groups round.

    A line of the list is named by a number: a row by its key, the heading of a group by ``~group``,
    which is negative.

    Attributes:
        keys: all rows in display order (int64), those of collapsed groups included.
        groups: each group once (int64), in display order.
        counts: rows of each group.
    """

    def __init__(self, rows: RowSet, snapshot: Snapshot, query: Query, kind: Grouping) -> None:
        of_row = kind.groups(rows.keys)
        ranks = snapshot.names.sort_keys(of_row) if kind is Grouping.HOST else of_row
        backwards = query.descending and query.sort is _OWN_ORDER[kind]
        order = _stable_order(-ranks if backwards else ranks)
        of_row = of_row[order]
        first = np.ones(len(order), bool)
        first[1:] = of_row[1:] != of_row[:-1]
        starts = np.flatnonzero(first)
        self.kind = kind
        self.keys = rows.keys[order]
        self.groups = of_row[starts]
        self.counts = np.diff(starts, append=len(order))
        self._starts = starts
        self._states = rows.states[order]

    def __len__(self) -> int:
        return len(self.groups)

    def lines(self, collapsed: Collection[int]) -> NDArray[np.int64]:
        """Every heading, and the rows of the groups that are not collapsed."""
        shut = np.isin(self.groups, list(collapsed))
        shown = np.where(shut, 0, self.counts)
        headings = np.arange(len(self)) + np.cumsum(shown) - shown
        lines = np.empty(len(self) + int(shown.sum()), np.int64)
        is_row = np.ones(len(lines), bool)
        is_row[headings] = False
        lines[headings] = ~self.groups
        lines[is_row] = self.keys[np.repeat(~shut, self.counts)]
        return lines

    def group_of(self, key: int) -> int:
        """The group a row belongs to."""
        return int(self.kind.groups(np.array([key]))[0])

    def keys_of(self, group: int) -> NDArray[np.int64]:
        """The rows of a group, in display order."""
        return self.keys[self._span(group)]

    def tally(self, group: int) -> Mapping[PortState, int]:
        """How many rows of a group have each state."""
        place = np.flatnonzero(self.groups == group)
        row = self._tallies[place[0]] if len(place) else np.zeros(_STATES, np.int64)
        return {state: int(row[state]) for state in PortState if row[state]}

    @cached_property
    def _tallies(self) -> NDArray[np.int64]:
        """Rows by group and state: shape (groups, states)."""
        labels = np.repeat(np.arange(len(self)) * _STATES, self.counts) + self._states
        return np.bincount(labels, minlength=len(self) * _STATES).reshape(len(self), _STATES)

    def _span(self, group: int) -> slice:
        place = np.flatnonzero(self.groups == group)
        if not len(place):
            return slice(0)
        start = int(self._starts[place[0]])
        return slice(start, start + int(self.counts[place[0]]))


def _stable_order(ranks: NDArray[np.int64]) -> NDArray[np.intp]:
    """What puts rows in the order of their ranks and leaves equal ones as they are."""
    if len(ranks):
        least, most = int(ranks.min()), int(ranks.max())
        if most - least < _RADIX:
            return np.argsort((ranks - least).astype(np.uint16), kind="stable")
    return np.argsort(ranks, kind="stable")

"""Roster: per-host and per-ping memory of discovery, in arrays.

A *cell* is one ping of one host; the cells of a host lie next to each other, in the order of its
suite. A host is *open* while its cells still have to be answered or to time out. The hosts that
were closed last keep their cells, for late answers; those closed before are remembered by how many
copies they got, which is the same for nearly all, so that memory does not go with the number of
hosts (engine.core.paged).
"""

from __future__ import annotations

from collections import deque

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.batch import UNKNOWN_ATTEMPT, ProbeBatch
from engine.core.distinct import distinct
from engine.core.frozen_pages import PAGE_BITS
from engine.core.paged import PagedArray
from engine.discovery import cell_times
from engine.discovery.cell_times import CELL, DONE, FLYING, LAST_ATTEMPT, UNTIMED
from engine.discovery.layout import Layout
from engine.discovery.suites import NO_SUITE, SUITE_NEIGHBOUR
from engine.spec.host_state import HostState
from engine.spec.ping import PingProbe
from engine.spec.reason import Reason

Cells = NDArray[np.int64]

REMEMBERED = 1 << 18
"""Closed hosts that keep their cells."""

_HOST = np.dtype(
    [
        ("left", np.uint32),
        ("suite", np.uint8),
        ("state", np.uint8),
        ("reason", np.uint8),
        ("tries", np.uint8),
        ("copies", np.uint8),
        ("known", np.bool_),
        ("open", np.bool_),
        ("refused", np.bool_),
        ("dropped", np.bool_),
    ]
)
"""``left``: cells that are not DONE. ``tries``: most copies that any cell had that is DONE because
nothing came back. ``copies``: most copies that any cell had, of a host whose cells are forgotten,
else 0. ``known``: it was added. ``refused``: somebody else answered for it. ``dropped``: the user
skipped it."""


class Expansion(Struct, frozen=True):
    """The pings of some hosts and the cells they belong to, one entry per cell."""

    probes: ProbeBatch
    cells: Cells


class Roster:
    """What was asked of whom.

    Attributes:
        hosts: _HOST by host index; its fields ``state``, ``reason``, ``suite``, ``is_open`` and
            ``dropped`` apart.
        cells: CELL by cell.
        sizes: pings of each suite.
        open_hosts: how many hosts are open.
        in_flight: how many cells are FLYING.
    """

    def __init__(self, suites: tuple[tuple[PingProbe, ...], ...]) -> None:
        """``suites``: the pings of each suite, by its number."""
        self._layout = Layout(suites)
        self.sizes = self._layout.sizes
        self._bits = (max(int(self.sizes.max()), 1) - 1).bit_length()  # cells of a host
        self.hosts = PagedArray(0, _HOST)
        self.cells = PagedArray(0, CELL, page_bits=PAGE_BITS + self._bits)
        self.state, self.reason = self.hosts.field("state"), self.hosts.field("reason")
        self.suite, self.is_open = self.hosts.field("suite"), self.hosts.field("open")
        self.dropped, self._tries = self.hosts.field("dropped"), self.hosts.field("tries")
        self._left, self._copies = self.hosts.field("left"), self.hosts.field("copies")
        self._flags, self._cell_tries = self.cells.field("flags"), self.cells.field("tries")
        self._closed: deque[NDArray[np.uint32]] = deque()
        self._remembered = 0
        self.open_hosts = 0
        self.in_flight = 0

    def add(
        self,
        hosts: NDArray[np.uint32],
        suite: NDArray[np.uint8],
        state: NDArray[np.uint8],
        reason: NDArray[np.uint8],
    ) -> None:
        """Take in hosts that are not known yet, each once, with what is thought of them."""
        top = int(hosts.max(initial=0)) + 1
        self.hosts.grow(top)
        self.cells.grow(top << self._bits)
        records = np.zeros(len(hosts), _HOST)
        records["suite"], records["state"], records["reason"] = suite, state, reason
        records["known"] = True
        self.hosts[hosts] = records
        self.hosts.fold(hosts)

    def known(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """True for hosts that were added."""
        inside = hosts < self.hosts.count
        known: NDArray[np.bool_] = inside.copy()
        known[inside] = self.hosts.field("known")[hosts[inside]]
        return known

    def expand(self, hosts: NDArray[np.uint32]) -> Expansion:
        """All pings of these hosts, host by host, each as its next copy."""
        suite = self.suite[hosts]
        row, number = self._layout.grid(suite)
        cells = self._first_cells(hosts)[row] + number
        probes = self._layout.probes(suite[row], number)
        probes["host"] = hosts[row]
        probes["attempt"] = np.minimum(self._cell_tries[cells], LAST_ATTEMPT)
        return Expansion(probes, cells)

    def _cells_of(self, hosts: NDArray[np.uint32]) -> tuple[NDArray[np.intp], Cells]:
        """All cells of these hosts, and for each the place of its host."""
        row, number = self._layout.grid(self.suite[hosts])
        return row, self._first_cells(hosts)[row] + number

    def _first_cells(self, hosts: NDArray[np.uint32]) -> Cells:
        cells: Cells = hosts.astype(np.int64) << self._bits
        return cells

    def locate(self, records: NDArray[np.void]) -> Cells:
        """The cells that PROBE or REPLY records are about; -1 for strangers."""
        hosts = records["host"]
        inside = hosts < self.hosts.count
        if not inside.all():
            found = np.full(len(records), -1, np.int64)
            found[inside] = self.locate(records[inside])
            return found
        numbers = self._layout.numbers(self.suite[hosts], records)  # no suite, no number
        return np.where(numbers < 0, -1, self._first_cells(hosts) + numbers)

    def answered(self, records: NDArray[np.void]) -> tuple[NDArray[np.intp], Cells]:
        """Places of the REPLY records that answer copies that were sent, and their cells."""
        cells = self.locate(records)
        at = np.flatnonzero(cells >= 0)
        cells = cells[at]
        hosts = self.hosts[records["host"][at]]
        tries, attempt = self._cell_tries[cells], records["attempt"][at]
        tries = np.maximum(tries, hosts["copies"])
        fits = (tries > 0) & ((attempt < tries) | (attempt == UNKNOWN_ATTEMPT))
        fits &= ~hosts["dropped"]
        return at[fits], cells[fits]

    def note_sent(self, cells: Cells, tries: NDArray[np.uint8], ticks: NDArray[np.uint32]) -> None:
        """Copies left at ``ticks``; with them each cell has had ``tries``."""
        records = self.cells[cells]
        records["first"] = np.where(tries == 1, ticks, records["first"])
        records["last"], records["tries"] = ticks, tries
        records["flags"] |= FLYING
        self.cells[cells] = records
        self.in_flight += len(cells)

    def ages(self, cells: Cells, ticks: NDArray[np.uint32]) -> NDArray[np.float64]:
        """As cell_times.ages."""
        return cell_times.ages(self.cells[cells], ticks)

    def round_trips(
        self, cells: Cells, attempt: NDArray[np.uint8], ticks: NDArray[np.uint32]
    ) -> NDArray[np.float64]:
        """As cell_times.round_trips."""
        return cell_times.round_trips(self.cells[cells], attempt, ticks)

    def land(self, cells: Cells) -> None:
        """The time of these cells' copies is up."""
        flags = self._flags[cells]
        self.in_flight -= int(np.count_nonzero(flags & FLYING))
        self._flags[cells] = flags & (0xFF ^ FLYING)

    def finish(
        self, hosts: NDArray[np.uint32], cells: Cells, *, refused: bool = False
    ) -> NDArray[np.uint32]:
        """Ask these cells (of these hosts, each cell once) no more. Returns the open hosts that
        have no cell left. ``refused``: somebody else said that it is no use."""
        fresh = (self._flags[cells] & DONE == 0) & self.is_open[hosts]
        hosts, cells = hosts[fresh], cells[fresh]
        self.land(cells)
        self._flags[cells] |= DONE
        if refused:
            self.hosts.field("refused")[hosts] = True
        else:
            self._tries.combine(np.maximum, hosts, self._cell_tries[cells])
        self._left.combine(np.subtract, hosts, np.uint32(1))
        touched = distinct(hosts)
        spent: NDArray[np.uint32] = touched[self._left[touched] == 0]
        return spent

    def open(self, hosts: NDArray[np.uint32], *, afresh: bool) -> None:
        """Ask hosts that are not open: all their cells are in question. ``afresh`` forgets earlier
        copies."""
        row, cells = self._cells_of(hosts)
        records = np.zeros(len(cells), CELL) if afresh else self.cells[cells]
        copies = self._copies[hosts][row]
        if not afresh:
            records["flags"] = np.where(copies > 0, UNTIMED, records["flags"] & UNTIMED)
            records["tries"] = np.maximum(records["tries"], copies)
        self.cells[cells] = records
        known = self.hosts[hosts]
        if afresh:
            known["tries"], known["refused"] = 0, False
        known["left"], known["copies"] = self.sizes[known["suite"]], 0
        known["open"] = True
        self.hosts[hosts] = known
        self.open_hosts += len(hosts)

    def close(self, hosts: NDArray[np.uint32]) -> None:
        """Ask those of the hosts (each named once) that are open no more."""
        hosts = hosts[self.is_open[hosts]]
        if not len(hosts):
            return
        self.land(self._cells_of(hosts)[1])
        self.is_open[hosts] = False
        self.open_hosts -= len(hosts)
        self._closed.append(hosts)
        self._remembered += len(hosts)
        while self._remembered > REMEMBERED:
            oldest = self._closed.popleft()
            self._remembered -= len(oldest)
            self._forget(oldest)

    def _forget(self, hosts: NDArray[np.uint32]) -> None:
        """Let go of the cells of those hosts that were not opened again."""
        known = self.hosts[hosts]
        chosen = ~known["open"] & (known["copies"] == 0)
        hosts, known = hosts[chosen], known[chosen]
        row, cells = self._cells_of(hosts)
        np.maximum.at(known["copies"], row, self._cell_tries[cells])
        known["left"] = 0
        self.hosts[hosts] = known
        self.cells.clear(cells)
        self.hosts.fold(hosts)

    def exhaust(self, hosts: NDArray[np.uint32]) -> None:
        """Asking these hosts more often cannot help."""
        self._tries[hosts] = 255

    def wanted(self, probes: ProbeBatch, cells: Cells) -> NDArray[np.bool_]:
        """Which copies are still to be sent: of open hosts, the next one of a cell in question."""
        wanted: NDArray[np.bool_] = self.is_open[probes["host"]]
        records = self.cells[cells]
        wanted &= records["flags"] & (FLYING | DONE) == 0
        wanted &= np.minimum(records["tries"], LAST_ATTEMPT) == probes["attempt"]
        return wanted

    def neighbours(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """True for hosts that are asked as neighbours on the own link."""
        neighbours: NDArray[np.bool_] = self.suite[hosts] == SUITE_NEIGHBOUR
        return neighbours

    def unasked(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """True for hosts whose cells are all DONE without a copy that left."""
        known = self.hosts[hosts]
        never: NDArray[np.bool_] = (known["tries"] == 0) & ~known["refused"]
        return never

    def silent(self, below: int, start: int, most: int) -> NDArray[np.uint32]:
        """The first ``most`` hosts from ``start`` on that were asked in fewer than ``below`` copies
        and called down because nothing came back."""
        found = self.hosts.where(
            lambda some: _is_silent(some) & (some["tries"] < below), start, most
        )
        return found.astype(np.uint32)

    def any_silent(self, *, near: bool) -> bool:
        """Whether a neighbour (``near``), or a host that is none, was called down because nothing
        came back."""

        def matches(hosts: NDArray[np.void]) -> NDArray[np.bool_]:
            chosen = _is_silent(hosts)
            chosen &= (hosts["suite"] == SUITE_NEIGHBOUR) == near
            return chosen

        return len(self.hosts.where(matches, 0, 1)) > 0


def _is_silent(hosts: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which _HOSTs were asked and called down because nothing came back."""
    silent: NDArray[np.bool_] = hosts["state"] == HostState.DOWN
    silent &= hosts["reason"] == Reason.NO_RESPONSE
    silent &= (hosts["suite"] != NO_SUITE) & (hosts["tries"] > 0) & ~hosts["dropped"]
    return silent

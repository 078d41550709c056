"""The space of 65,536 port numbers in cells: which ports a cell holds, and what was found there."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.view import STATE_COUNT, Block, StoreView
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol

PORTS = 65_536
COLUMNS = 64
ZOOM = 4
"""Factor between two steps of the zoom."""
NOT_SCANNED = -1

_TELLING = (PortState.OPEN, PortState.OPEN_FILTERED, PortState.UNFILTERED)
"""States that show however few ports have them, most telling first."""
_COMMON = (PortState.CLOSED, PortState.FILTERED, PortState.CLOSED_FILTERED)
"""States of which the most frequent shows."""


class Window(Struct, frozen=True):
    """Consecutive ports in ``rows`` rows of COLUMNS cells, ``each`` ports to a cell, from ``first``
    on. Rows and ports are powers of two, and ``first`` is a multiple of the ports in the window.
    """

    first: int
    rows: int
    each: int

    @classmethod
    def whole(cls, rows: int) -> Window:
        """All ports."""
        return cls(0, rows, PORTS // (COLUMNS * rows))

    @property
    def count(self) -> int:
        """Ports in the window."""
        return COLUMNS * self.rows * self.each

    def cell(self, port: int) -> int:
        """The cell of a port of this window."""
        return (port - self.first) // self.each

    def ports(self, cell: int) -> tuple[int, int]:
        """The first and the last port of a cell."""
        low = self.first + cell * self.each
        return low, low + self.each - 1

    def around(self, port: int) -> Window:
        """The window of the same zoom that has ``port`` in it."""
        return Window(port // self.count * self.count, self.rows, self.each)

    def zoomed(self, port: int, closer: bool) -> Window:
        """Closer to, or further from, ``port``; the same window at either end of the zoom."""
        most = PORTS // (COLUMNS * self.rows)
        each = max(self.each // ZOOM, 1) if closer else min(self.each * ZOOM, most)
        return Window(0, self.rows, each).around(port)


class Scope(Struct, frozen=True):
    """Whose ports are counted: those of one host or (None) of all, of one protocol or all."""

    window: Window
    host: int | None = None
    protocol: Protocol | None = None


class Tally:
    """Counts ports by cell and state. What was counted is kept for blocks that do not change."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Block, NDArray[np.int64]] = WeakKeyDictionary()
        self._asked: tuple[object, ...] = ()

    def count(self, view: StoreView, scope: Scope) -> NDArray[np.int64]:
        """Ports per cell and state: shape (cells, STATE_COUNT)."""
        asked = (scope, len(view.channels), view.rows_per_block)
        if asked != self._asked:
            self._asked = asked
            self._known.clear()
        window, channels = scope.window, view.channels
        place = ((channels & 0xFFFF).astype(np.int64) - window.first) // window.each
        inside = (place >= 0) & (place < COLUMNS * window.rows)
        if scope.protocol is not None:
            inside &= channels >> 16 == scope.protocol
        columns = np.flatnonzero(inside)
        base = place[columns] * STATE_COUNT
        if scope.host is not None:
            return _count(base, view.host_cells(scope.host)["state"][None, columns], window)
        total = np.zeros((COLUMNS * window.rows, STATE_COUNT), np.int64)
        for block in view.blocks:
            counts = self._known.get(block)
            if counts is None:
                counts = _count(base, block.cells["state"][:, columns], window)
                self._known[block] = counts
            total += counts
        return total


def _count(base: NDArray[np.int64], states: NDArray[np.uint8], window: Window) -> NDArray[np.int64]:
    """Count states (rows, columns) whose columns belong to the cells at ``base``."""
    size = COLUMNS * window.rows * STATE_COUNT
    return np.bincount((base + states).reshape(-1), minlength=size).reshape(-1, STATE_COUNT)


def leading_states(counts: NDArray[np.int64]) -> NDArray[np.int8]:
    """The state that stands for each cell: any open port shows, then any that may be open, then
    what most of the decided ports are; PENDING before the first, NOT_SCANNED without ports."""
    common = np.array(_COMMON, np.int8)
    found: NDArray[np.int8] = common[np.argmax(counts[:, _COMMON], axis=1)]
    for state in reversed(_TELLING):
        found[counts[:, state] > 0] = state
    everything = counts.sum(axis=1)
    found[counts[:, PortState.PENDING] == everything] = PortState.PENDING
    found[everything == 0] = NOT_SCANNED
    return found

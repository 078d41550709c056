"""The store: one CELL per (host, protocol, port), written by the engine thread only.

Only admitted hosts have cells: of a /16 whose hosts are looked for first, most never get any. A
host's cells are a row, given in the order of admission. The rows lie in one array that doubles when
it is full and that the operating system fills page by page as it is touched.

Of a scan of millions of addresses most hosts say nothing. They are let go when all their ports have
been given up as silent: their row goes to others, and only the numbers of their ports by state stay
(settle). What is known about a host that was let go is that all it was asked met with silence; it
gets a row again when it is spoken of again (take_back).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.ledger import Unsettled
from engine.core.paged import PagedArray
from engine.results.blocks import BlockCopies
from engine.results.cell import (
    CELL,
    DOUBTED,
    FLYING,
    LOST_LATELY,
    RAW,
    STALE,
    WAS_SHIFT,
)
from engine.results.column_table import ColumnTable
from engine.results.layers import Layers
from engine.results.quiet_rows import fewest_tries, quiet_rows, waiting_cells
from engine.results.row_table import RowTable
from engine.results.view import STATE_COUNT, StoreView
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol

_LONGEST_RTT = 65_000.0
"""Milliseconds that fit the cell's 16-bit float."""
MAX_CELLS = 1 << 28
_WAS = np.uint8(0xFF << WAS_SHIFT & 0xFF)
_LET_GO, _WITHDRAWN = 1, 2


class StoreFullError(ValueError):
    """The scan asks for more ports than the store can hold."""


class Store:
    """Cells of admitted hosts x the given channels (``protocol << 16 | port``, uint32).

    ``host_count`` hosts can be admitted; at first none is. Raises StoreFullError, here and when the
    store grows or admits, when there would be more than MAX_CELLS cells.

    Attributes:
        released_below: all hosts that were let go or withdrawn have indices below this.
    """

    def __init__(self, host_count: int, channels: NDArray[np.uint32]) -> None:
        self._table = RowTable(host_count)
        self._cells = np.zeros((0, 1), CELL)
        self._copies = BlockCopies(0, 0)
        self._layers = Layers()
        self._settled = 0  # rows up to here have answers and stay
        self._gone = PagedArray(host_count, np.uint8)
        self._released = np.zeros(STATE_COUNT, np.int64)
        self._released_hosts = self.released_below = 0
        self._set_columns(ColumnTable(np.asarray(channels, np.uint32)))

    @property
    def host_count(self) -> int:
        """Number of hosts, admitted or not."""
        return self._table.host_count

    @property
    def row_count(self) -> int:
        """Number of admitted hosts."""
        return self._table.count

    @property
    def nbytes(self) -> int:
        """Memory of the cells, and of what is known of which host has which, in bytes."""
        return self._cells.nbytes + self._table.nbytes + self._gone.nbytes

    @property
    def admitted(self) -> NDArray[np.uint32]:
        """The hosts that were admitted, in the order of their rows."""
        return self._table.hosts

    @property
    def channels(self) -> NDArray[np.uint32]:
        """The channels, one per column."""
        return self._columns.channels

    def require_room(self, hosts: int, channels: int) -> None:
        """Raise StoreFullError when the cells of so many hosts and channels do not fit."""
        if hosts * max(channels, 1) > MAX_CELLS:
            raise StoreFullError(
                f"{hosts:,} hosts x {channels:,} ports are more than the "
                f"{MAX_CELLS:,} ports one scan can hold; scan fewer ports or a smaller range"
            )

    def grow(self, host_count: int, channels: NDArray[np.uint32]) -> None:
        """Make room for more hosts and channels; existing cells keep what they hold, but new
        channels move them. Raises StoreFullError and changes nothing when there would be too
        many."""
        fresh = channels[self._columns.find(channels) < 0]
        self.require_room(self.row_count, len(self._columns) + len(fresh))
        self._table.grow(host_count)
        self._gone.grow(host_count)
        if len(fresh):
            self._released[0] += self._released_hosts * len(fresh)
            self._set_columns(ColumnTable(np.concatenate([self.channels, fresh])))

    def admit(self, hosts: NDArray[np.uint32]) -> None:
        """Give hosts their cells, all undecided; those that have them keep them. Positions stay
        valid. Raises StoreFullError and changes nothing when there would be too many."""
        fresh = self._table.missing(hosts)
        if not len(fresh):
            return
        before, after = self.row_count, self.row_count + len(fresh)
        self.require_room(after, len(self._columns))
        if after > len(self._cells):
            most = min(self.host_count, MAX_CELLS // max(len(self._columns), 1))
            self._reserve(max(after, min(2 * before, most)))
        self._table.add(fresh)
        self._copies.extend(after)

    def unsettled(self) -> Unsettled:
        """The hosts whose rows may be let go or be found to stay, as settle() decides."""
        cells = self._cells[self._settled : self.row_count, : len(self._columns)]
        rows, columns = np.nonzero(waiting_cells(cells))
        return Unsettled(
            self._table.hosts[self._settled :],
            quiet_rows(cells),
            fewest_tries(cells),
            rows,
            (rows + self._settled) * self._cells.shape[1] + columns,
        )

    def settle(
        self,
        go: NDArray[np.bool_],
        stay: NDArray[np.bool_],
        withdraw: NDArray[np.bool_] | None = None,
    ) -> None:
        """Let hosts go, and settle that others stay; ``withdraw`` others, of which nothing is
        known, as if they had not been admitted. All (n,) for the hosts of unsettled(), to which
        nothing may have happened since. Positions obtained before are void."""
        gone = go if withdraw is None else go | withdraw
        if not gone.any():
            return
        first = self._settled
        left = self._table.hosts[first:][gone]
        self.released_below = max(self.released_below, int(left.max()) + 1)
        self._gone[left] = np.where(go[gone], _LET_GO, _WITHDRAWN)
        self._gone.fold(left)
        cells = self._cells[first : self.row_count]
        states = cells["state"][go, : len(self._columns)]
        self._released += np.bincount(states.reshape(-1), minlength=STATE_COUNT)
        self._released_hosts += int(np.count_nonzero(go))
        kept = np.concatenate([np.flatnonzero(stay), np.flatnonzero(~gone & ~stay)])
        cells[: len(kept)] = cells[kept]
        cells[len(kept) :] = np.zeros((), CELL)
        self._table.rearrange(np.concatenate([np.arange(first), kept + first]))
        self._settled += int(np.count_nonzero(stay))
        self._copies.replace(first, self.row_count)

    def released(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the hosts that were let go or withdrawn, each once, ascending."""
        if not self.released_below:
            return hosts[:0]
        hosts = hosts[hosts < self.released_below]
        return distinct(hosts[self._gone[hosts] > 0])

    def knows(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of the hosts are admitted or were, until they were let go or withdrawn."""
        known: NDArray[np.bool_] = (self._table.find(hosts) >= 0) | (self._gone[hosts] > 0)
        return known

    @property
    def any_withdrawn(self) -> bool:
        """Whether hosts are withdrawn."""
        return len(self._gone.where(lambda gone: gone == _WITHDRAWN, 0, 1)) > 0

    def take_back(self, hosts: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Give hosts that were let go or withdrawn (each once) their rows again; the positions of
        the cells of those let go, which are undecided until silence() says which were asked."""
        self.admit(hosts)
        columns = len(self._columns)
        before, hosts = hosts, hosts[self._gone[hosts] == _LET_GO]
        self._gone.clear(before)
        self._released_hosts -= len(hosts)
        self._released[0] -= len(hosts) * columns
        rows = self._table.find(hosts).astype(np.int64)
        return (rows[:, None] * self._cells.shape[1] + np.arange(columns)).reshape(-1)

    def silence(
        self,
        at: NDArray[np.int64],
        state: NDArray[np.uint8],
        technique: NDArray[np.uint8],
        tries: NDArray[np.uint8],
    ) -> None:
        """Cells of hosts that were taken back were decided by silence when these were let go."""
        cells = self._flat
        cells["state"][at], cells["technique"][at], cells["tries"][at] = state, technique, tries
        cells["reason"][at], cells["rtt"][at] = Reason.NO_RESPONSE, np.nan
        counts = np.bincount(state, minlength=STATE_COUNT)
        self._released -= counts
        self._released[0] += len(at)
        self._touch(at)

    def _set_columns(self, columns: ColumnTable) -> None:
        self._columns = columns
        self._reserve(len(self._cells))
        self._copies = BlockCopies(self.row_count, len(columns), self._copies.version)

    def _reserve(self, rows: int) -> None:
        """Move the cells to an array of ``rows`` rows, one column per channel."""
        cells = np.zeros((rows, max(len(self._columns), 1)), CELL)
        kept = self._cells[: self.row_count]
        cells[: len(kept), : kept.shape[1]] = kept
        self._cells = cells
        self._flat = cells.reshape(-1)

    def locate(self, records: NDArray[np.void]) -> NDArray[np.int64]:
        """Positions (int64, shape (n,)) of the cells named by host, protocol and port fields.

        -1 for a channel that is not part of the scan and for a host that was not admitted.
        """
        channel = records["protocol"].astype(np.int32)
        channel <<= 16
        channel |= records["port"]
        column = self._columns.find(channel)
        row = self._table.find(records["host"])
        unknown = (column < 0) | (row < 0)
        at = row.astype(np.int64)
        at *= self._cells.shape[1]
        at += column
        at[unknown] = -1
        return at

    def states(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """State of each located cell."""
        return self._flat["state"][at]

    def open_questions(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """True for located cells that wait for a decision: never decided, or being rescanned."""
        cells = self._flat
        waiting: NDArray[np.bool_] = cells["state"][at] == 0
        waiting |= cells["flags"][at] & STALE != 0
        return waiting

    def flying(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """True for located cells with a probe out whose time is not up."""
        flying: NDArray[np.bool_] = self._flat["flags"][at] & FLYING != 0
        return flying

    def spans(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Seconds from the first copy to the last, of cells that wait for an answer."""
        return self._flat["rtt"][at].astype(np.float64) / 1e3

    def lost_lately(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """True for located cells whose copy before the last left at the pace of the last."""
        lost: NDArray[np.bool_] = self._flat["flags"][at] & LOST_LATELY != 0
        return lost

    def tries(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Copies sent in the current pass."""
        return self._flat["tries"][at]

    def reasons(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Reason of each cell's state."""
        return self._flat["reason"][at]

    def clocks(self, at: NDArray[np.int64]) -> NDArray[np.uint32]:
        """The ``clock`` field of each cell."""
        return self._flat["clock"][at]

    def note_sent(
        self,
        at: NDArray[np.int64],
        tries: NDArray[np.uint8],
        clock: NDArray[np.uint32],
        lost_lately: NDArray[np.bool_],
        spans: NDArray[np.float64] | float = 0.0,
    ) -> None:
        """Record that a copy left: ``tries`` copies so far, the last at ``clock`` microseconds.

        ``lost_lately`` marks cells whose copy before this one left at the same pace; ``spans`` are
        the seconds since the first copy, NaN unknown (kept in ``rtt`` until there is one). Copies
        more than half an hour apart, beyond a clock of 32 bits, count as none.
        """
        self._flat["rtt"][at] = np.clip(np.multiply(spans, 1e3), 0.0, _LONGEST_RTT)
        self._flat["tries"][at] = tries
        self._flat["clock"][at] = clock
        flags = self._flat["flags"][at] & np.uint8(0xFF ^ LOST_LATELY)
        flags |= FLYING
        flags[lost_lately] |= LOST_LATELY
        self._flat["flags"][at] = flags

    def land(self, at: NDArray[np.int64]) -> None:
        """The probes' time is up: the cells fly no more."""
        self._flat["flags"][at] &= np.uint8(0xFF ^ FLYING)

    def decide(
        self,
        at: NDArray[np.int64],
        *,
        state: NDArray[np.uint8] | int,
        reason: NDArray[np.uint8] | int,
        technique: NDArray[np.uint8] | int,
        ttl: NDArray[np.uint8] | int,
        flags: NDArray[np.uint8] | int,
        rtt: NDArray[np.float64] | float,
        clock: NDArray[np.uint32] | int,
    ) -> None:
        """Write decisions: ``rtt`` in milliseconds, ``clock`` in TICKS_PER_SECOND. What another
        technique found before is kept apart, the state that the same one found in the flags."""
        cells = self._flat
        again = np.flatnonzero(cells["technique"][at])
        was = None
        if len(again):
            was = self._before(at[again], _of(technique, again))
        cells["state"][at] = state
        cells["reason"][at] = reason
        cells["technique"][at] = technique
        cells["ttl"][at] = ttl
        cells["flags"][at] = flags
        if was is not None:
            cells["flags"][at[again]] |= was
        cells["rtt"][at] = np.clip(rtt, 0.0, _LONGEST_RTT)
        cells["clock"][at] = clock
        self._touch(at)

    def _before(
        self, at: NDArray[np.int64], technique: NDArray[np.uint8] | int
    ) -> NDArray[np.uint8]:
        """What was known of cells that are decided again: the flags that tell their earlier states;
        what other techniques found goes to the layers."""
        cells = self._flat[at]
        others = cells["technique"] != technique
        if others.any():
            self._layers.add(self.keys(at[others]), cells[others])
        flags: NDArray[np.uint8] = cells["flags"] & _WAS
        flags[others] = 0
        return flags

    def reopen(
        self, at: NDArray[np.int64], tries: NDArray[np.uint8] | int, *, new_pass: bool = False
    ) -> None:
        """Send cells back to pending, as after ``tries`` copies: what is known stays visible,
        marked stale. In a ``new_pass`` it is what the next decision is compared with; else it was
        only premature, and the state before it stays the one to compare with."""
        cells = self._flat
        decided = at[cells["state"][at] != 0]
        cells["flags"][decided] |= STALE
        if new_pass:
            kept = cells["flags"][decided] & ~_WAS
            cells["flags"][decided] = kept | cells["state"][decided] << WAS_SHIFT
        cells["tries"][at] = tries
        self._touch(at)

    def close(self, at: NDArray[np.int64]) -> None:
        """Stop asking about cells without a decision; a stale answer counts again.

        Its time and round trip are lost (0 and NaN) where a probe has left since.
        """
        cells = self._flat
        probed = at[cells["tries"][at] > 0]
        cells["flags"][at] &= np.uint8(0xFF ^ (STALE | FLYING | LOST_LATELY))
        cells["clock"][probed] = 0
        cells["rtt"][probed] = np.nan
        cells["tries"][at] = 0
        self._touch(at)

    def doubt(self, host: int) -> None:
        """Flag the open TCP ports of a host that calls all of them open. Call again for ports
        decided since."""
        at = self._select(
            lambda cells: (cells["state"] == PortState.OPEN) & (cells["flags"] & DOUBTED == 0),
            Protocol.TCP,
            host,
        )
        self._flat["flags"][at] |= DOUBTED
        self._touch(at)

    def pending(self, protocol: int | None = None, host: int | None = None) -> NDArray[np.int64]:
        """Positions of the cells that wait for a decision, of one protocol or host or of all."""
        return self._select(
            lambda cells: (cells["state"] == 0) | (cells["flags"] & STALE != 0), protocol, host
        )

    def positions(self, protocol: int | None = None, host: int | None = None) -> NDArray[np.int64]:
        """Positions of the cells that are decided, of one protocol or host or of all."""
        return self._select(
            lambda cells: (cells["state"] != 0) & (cells["flags"] & STALE == 0), protocol, host
        )

    def silent(self) -> NDArray[np.int64]:
        """Positions of the cells decided by the lack of an answer."""
        return self._select(lambda cells: cells["reason"] == Reason.NO_RESPONSE, None, None)

    def pending_of(self, hosts: NDArray[np.uint32]) -> NDArray[np.int64]:
        """As pending(), of these hosts (each once)."""
        rows = self._table.find(hosts).astype(np.int64)
        rows = rows[rows >= 0]
        cells = self._cells[rows, : len(self._columns)]
        place, column = np.nonzero((cells["state"] == 0) | (cells["flags"] & STALE != 0))
        return rows[place] * self._cells.shape[1] + column

    def _select(
        self,
        choose: Callable[[NDArray[np.void]], NDArray[np.bool_]],
        protocol: int | None,
        host: int | None,
    ) -> NDArray[np.int64]:
        first, last = 0, self.row_count
        if host is not None:
            first = int(self._table.find(np.array([host], np.uint32))[0])
            if first < 0:
                return np.empty(0, np.int64)
            last = first + 1
        chosen = choose(self._cells[first:last])
        chosen[:, len(self._columns) :] = False
        if protocol is not None:
            chosen[:, (self.channels >> 16) != protocol] = False
        return np.flatnonzero(chosen.reshape(-1)) + first * self._cells.shape[1]

    def name(self, at: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Host indices and channels (``protocol << 16 | port``) of positions."""
        rows, columns = np.divmod(at, self._cells.shape[1])
        return self._table.hosts[rows], self.channels[columns]

    def keys(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cell keys of positions."""
        hosts, channels = self.name(at)
        return hosts.astype(np.int64) << 18 | channels

    def copy(self, at: NDArray[np.int64]) -> NDArray[np.void]:
        """A copy of the located CELLs."""
        copy: NDArray[np.void] = self._flat.view(RAW)[at].view(CELL)
        return copy

    def _touch(self, at: NDArray[np.int64]) -> None:
        self._copies.touch(at // self._cells.shape[1])

    def snapshot(self, *, last: bool = False) -> StoreView:
        """An immutable view of now. Costs a copy of the blocks changed since the last one.

        ``last`` promises that nothing will be written any more, and saves the copies.
        """
        cells = self._cells[: self.row_count, : len(self._columns)]
        blocks = self._copies.take(cells, last=last)
        return StoreView(
            self._copies.version,
            blocks,
            self._columns,
            self._copies.rows_per_block,
            self._table.index,
            self.host_count,
            self._released.copy(),
            self._released_hosts,
            self._layers.snapshot(),
        )


def _of(values: NDArray[np.uint8] | int, places: NDArray[np.intp]) -> NDArray[np.uint8] | int:
    return values[places] if isinstance(values, np.ndarray) and values.ndim else values

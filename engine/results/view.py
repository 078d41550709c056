"""StoreView: an immutable picture of the store, cheap to hand to another thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.cell import CELL
from engine.results.column_table import ColumnTable
from engine.results.layers import NOTHING_EARLIER, EarlierResults
from engine.results.row_table import RowIndex
from engine.spec.port_state import PortState

STATE_COUNT = len(PortState)


class Block:
    """Cells of consecutive rows: a read-only CELL array of shape (rows, columns)."""

    def __init__(self, cells: NDArray[np.void]) -> None:
        self.cells = cells.view()
        self.cells.setflags(write=False)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many ports of each row have each state: shape (rows, STATE_COUNT)."""
        rows = len(self.cells)
        labels = self.cells["state"].astype(np.int64)
        labels += np.arange(rows, dtype=np.int64)[:, None] * STATE_COUNT
        return np.bincount(labels.reshape(-1), minlength=rows * STATE_COUNT).reshape(
            rows, STATE_COUNT
        )


class StoreView(Struct, frozen=True, dict=True):
    """All cells as they were at one moment. Hosts that were not admitted by then have none, nor
    have those let go since because not one of their ports answered.

    Attributes:
        version: grows whenever a cell changes or a host is admitted.
        blocks: the cells, in row order.
        columns: which column belongs to which channel.
        rows_per_block: rows in each block but the last.
        index: the host of each row, and the way back.
        host_count: number of hosts, admitted or not.
        released: ports per state of hosts that were let go, shape (STATE_COUNT,); see Store.
        released_hosts: how many hosts these are.
        earlier: what other techniques found before at ports that were probed again.
    """

    version: int
    blocks: tuple[Block, ...]
    columns: ColumnTable
    rows_per_block: int
    index: RowIndex
    host_count: int
    released: NDArray[np.int64]
    released_hosts: int
    earlier: EarlierResults = NOTHING_EARLIER

    @property
    def hosts(self) -> NDArray[np.uint32]:
        """The host of each row."""
        return self.index.hosts

    @property
    def channels(self) -> NDArray[np.uint32]:
        """``protocol << 16 | port`` of each column."""
        return self.columns.channels

    def row(self, host: int) -> int:
        """The row of a host; -1 when it has none."""
        return self.index.row(host) if 0 <= host < self.host_count else -1

    @cached_property
    def row_counts(self) -> NDArray[np.int64]:
        """Ports per row and state: shape (rows, STATE_COUNT)."""
        if not self.blocks:
            return np.zeros((0, STATE_COUNT), np.int64)
        return np.concatenate([block.counts for block in self.blocks])

    def counts(self, host: int) -> NDArray[np.int64]:
        """Ports of a host per state: shape (STATE_COUNT,), all 0 for a host without a row."""
        row = self.row(host)
        return np.zeros(STATE_COUNT, np.int64) if row < 0 else self.row_counts[row]

    @cached_property
    def totals(self) -> dict[PortState, int]:
        """Ports per state over all admitted hosts, those let go included."""
        sums = self.row_counts.sum(axis=0) + self.released
        return {state: int(sums[state]) for state in PortState}

    def parts(self) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.void]]]:
        """All cells, block by block: the hosts of its rows, and its CELLs (rows, columns)."""
        for number, block in enumerate(self.blocks):
            first = number * self.rows_per_block
            yield self.hosts[first : first + len(block.cells)], block.cells

    def host_cells(self, host: int) -> NDArray[np.void]:
        """The CELLs of one host, one per column, read-only; undecided ones for a host without a
        row."""
        row = self.row(host)
        if row < 0:
            return np.broadcast_to(np.zeros(1, CELL), len(self.channels))
        block, place = divmod(row, self.rows_per_block)
        cells: NDArray[np.void] = self.blocks[block].cells[place]
        return cells

    def cell(self, key: int) -> np.void | None:
        """The CELL of a key, or None when it is not part of the scan."""
        channel, host = key & 0x3FFFF, key >> 18
        column = self.columns.column(channel)
        if column < 0 or self.row(host) < 0:
            return None
        cell: np.void = self.host_cells(host)[column]
        return cell

"""StoreView: an immutable picture of the store, cheap to hand to another thread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState

STATE_COUNT = len(PortState)


class Block:
    """Cells of consecutive hosts: a read-only CELL array of shape (hosts, columns)."""

    def __init__(self, cells: NDArray[np.void]) -> None:
        self.cells = cells.view()
        self.cells.setflags(write=False)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many ports of each host have each state: shape (hosts, STATE_COUNT)."""
        hosts = len(self.cells)
        labels = self.cells["state"].astype(np.int64)
        labels += np.arange(hosts, dtype=np.int64)[:, None] * STATE_COUNT
        return np.bincount(labels.reshape(-1), minlength=hosts * STATE_COUNT).reshape(
            hosts, STATE_COUNT
        )


@dataclass(frozen=True)
class StoreView:
    """All cells as they were at one moment.

    Attributes:
        version: grows whenever a cell changes.
        blocks: the cells, in host order.
        channels: ``protocol << 16 | port`` of each column (uint32).
        columns: column of each channel (int32), -1 for strangers; the last entry stands for all
            channels beyond.
        hosts_per_block: hosts in each block but the last.
    """

    version: int
    blocks: tuple[Block, ...]
    channels: NDArray[np.uint32]
    columns: NDArray[np.int32]
    hosts_per_block: int

    @property
    def host_count(self) -> int:
        """Number of hosts."""
        return sum(len(block.cells) for block in self.blocks)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Ports per host and state: shape (hosts, STATE_COUNT)."""
        if not self.blocks:
            return np.zeros((0, STATE_COUNT), np.int64)
        return np.concatenate([block.counts for block in self.blocks])

    @cached_property
    def totals(self) -> dict[PortState, int]:
        """Ports per state over all hosts."""
        sums = self.counts.sum(axis=0)
        return {state: int(sums[state]) for state in PortState}

    def host_cells(self, host: int) -> NDArray[np.void]:
        """The CELLs of one host, one per column, read-only."""
        block, row = divmod(host, self.hosts_per_block)
        cells: NDArray[np.void] = self.blocks[block].cells[row]
        return cells

    def cell(self, key: int) -> np.void | None:
        """The CELL of a key, or None when it is not part of the scan."""
        channel, host = key & 0x3FFFF, key >> 18
        column = self.columns[min(channel, len(self.columns) - 1)]
        if column < 0 or not 0 <= host < self.host_count:
            return None
        cell: np.void = self.host_cells(host)[column]
        return cell

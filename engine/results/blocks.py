"""BlockCopies: the store's rows as snapshots see them, copied block by block when they changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.results.cell import CELL, RAW
from engine.results.view import Block

BLOCK_CELLS = 65_536


class BlockCopies:
    """Copies of ``rows`` rows of ``columns`` cells each, about BLOCK_CELLS cells to a block.

    Attributes:
        rows_per_block: rows in each block but the last.
        version: grows whenever a snapshot would differ from the one before.
    """

    def __init__(self, rows: int, columns: int, version: int = 0) -> None:
        self._columns = columns
        self.rows_per_block = max(1, BLOCK_CELLS // max(columns, 1))
        self.version = version
        self._blocks: list[Block] = []
        self._dirty = np.zeros(0, bool)
        self._rows = 0
        self.extend(rows)
        self._dirty[:] = True

    def extend(self, rows: int) -> None:
        """There are ``rows`` rows now; the new ones hold undecided cells only."""
        full, count = -(-self._rows // self.rows_per_block), -(-rows // self.rows_per_block)
        dirty = np.zeros(count, bool)
        dirty[:full] = self._dirty
        dirty[self._rows // self.rows_per_block : full] = True  # the block that is filled up
        self._dirty, self._rows = dirty, rows
        self._blocks += [self._empty(block) for block in range(full, count)]
        self.version += 1

    def replace(self, first: int, rows: int) -> None:
        """There are ``rows`` rows now, and those from ``first`` on are others than before."""
        kept = min(first // self.rows_per_block, len(self._blocks))
        del self._blocks[kept:]
        self._dirty, self._rows = self._dirty[:kept], min(first, kept * self.rows_per_block)
        self.extend(rows)
        self._dirty[kept:] = True

    def _empty(self, block: int) -> Block:
        """A block of undecided cells, which take no memory of their own."""
        rows = min(self.rows_per_block, self._rows - block * self.rows_per_block)
        return Block(np.broadcast_to(np.zeros((1, 1), CELL), (rows, self._columns)))

    def touch(self, rows: NDArray[np.int64]) -> None:
        """Cells of these rows have changed."""
        self._dirty[rows // self.rows_per_block] = True

    def take(self, cells: NDArray[np.void], *, last: bool) -> tuple[Block, ...]:
        """All blocks of ``cells`` (rows, columns); with ``last``, without copying."""
        changed = np.flatnonzero(self._dirty).tolist()
        if changed:
            self.version += 1
        for block in changed:
            start = block * self.rows_per_block
            rows = cells[start : start + self.rows_per_block]
            self._blocks[block] = Block(rows if last else rows.view(RAW).copy().view(CELL))
        self._dirty[:] = False
        return tuple(self._blocks)

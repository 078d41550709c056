"""DecidedBatch: ports that were decided just now, for streaming outputs and the log."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.row import HostNames, Row, make_row


class DecidedBatch(Struct, frozen=True):
    """Cell keys (int64) and a copy of their CELLs, both of shape (n,)."""

    keys: NDArray[np.int64]
    cells: NDArray[np.void]
    names: HostNames

    def __len__(self) -> int:
        return len(self.keys)

    def row(self, place: int) -> Row:
        """One of the results."""
        return make_row(int(self.keys[place]), self.cells[place], self.names)

    def rows(self) -> Iterator[Row]:
        """All results."""
        return (self.row(place) for place in range(len(self.keys)))

"""ColumnTable: which column of the store belongs to which channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class ColumnTable:
    """The columns of ``channels`` (``protocol << 16 | port``, uint32), in their order. Immutable.

    Attributes:
        channels: the channel of each column.
    """

    def __init__(self, channels: NDArray[np.uint32]) -> None:
        self.channels = channels
        # The last entry stands for all channels beyond.
        self._columns = np.full(int(channels.max(initial=0)) + 2, -1, np.int32)
        self._columns[channels] = np.arange(len(channels), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.channels)

    def find(self, channels: NDArray[np.integer]) -> NDArray[np.int32]:
        """The column of each of these channels, -1 for strangers."""
        columns: NDArray[np.int32] = self._columns[np.minimum(channels, len(self._columns) - 1)]
        return columns

    def column(self, channel: int) -> int:
        """The column of one channel, -1 for a stranger."""
        return int(self._columns[min(channel, len(self._columns) - 1)])

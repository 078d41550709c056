"""RowTable: which row of the store belongs to which host; rows are given in order of admission."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct


class RowTable:
    """Rows of up to ``host_count`` hosts; at first no host has one.

    Both directions only ever gain entries, and arrays that grow are replaced by larger copies, so a
    snapshot may keep ``hosts`` and ``rows`` and trust what was in them when it was made.
    """

    def __init__(self, host_count: int) -> None:
        self._rows = np.full(host_count + 1, -1, np.int32)
        self._hosts = np.empty(0, np.uint32)
        self.count = 0

    @property
    def host_count(self) -> int:
        """Number of hosts, with a row or not."""
        return len(self._rows) - 1

    @property
    def hosts(self) -> NDArray[np.uint32]:
        """The host of each row."""
        return self._hosts[: self.count]

    @property
    def rows(self) -> NDArray[np.int32]:
        """The row of each host, -1 for none."""
        return self._rows[:-1]

    def find(self, hosts: NDArray[np.uint32]) -> NDArray[np.int32]:
        """The row of each of these hosts; -1 for hosts without one and for strangers."""
        # The last entry of the table stands for all strangers.
        rows: NDArray[np.int32] = self._rows[np.minimum(hosts, self.host_count)]
        return rows

    def missing(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the hosts that have no row yet, each once, ascending."""
        return distinct(hosts[self._rows[hosts] < 0])

    def add(self, hosts: NDArray[np.uint32]) -> None:
        """Give rows to hosts that have none."""
        before, after = self.count, self.count + len(hosts)
        if after > len(self._hosts):
            room = np.empty(max(after, min(2 * before, self.host_count)), np.uint32)
            room[:before] = self._hosts[:before]
            self._hosts = room
        self._hosts[before:after] = hosts
        self._rows[hosts] = np.arange(before, after, dtype=np.int32)
        self.count = after

    def grow(self, host_count: int) -> None:
        """Make room for more hosts."""
        more = np.full(max(0, host_count - self.host_count), -1, np.int32)
        self._rows = np.concatenate([self._rows, more])

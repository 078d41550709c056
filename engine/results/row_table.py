"""RowTable: which row of the store belongs to which host; rows are given in order of admission."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.paged import PagedArray


class RowIndex:
    """The host of each row at one moment (``hosts``, uint32), and the way back."""

    def __init__(self, hosts: NDArray[np.uint32]) -> None:
        self.hosts = hosts

    @cached_property
    def _order(self) -> NDArray[np.intp] | None:
        """Rows in ascending order of their hosts; None when that is their own order."""
        if (self.hosts[1:] > self.hosts[:-1]).all():
            return None
        return np.argsort(self.hosts)

    @cached_property
    def _ascending(self) -> NDArray[np.uint32]:
        return self.hosts if self._order is None else self.hosts[self._order]

    def row(self, host: int) -> int:
        """The row of a host; -1 when it has none."""
        at = int(np.searchsorted(self._ascending, np.uint32(host)))  # an int would copy the array
        if at == len(self.hosts) or self._ascending[at] != host:
            return -1
        return at if self._order is None else int(self._order[at])


class RowTable:
    """Rows of up to ``host_count`` hosts; at first no host has one.

    Attributes:
        index: the rows as they are now; a later change replaces it.
    """

    def __init__(self, host_count: int) -> None:
        self._rows = PagedArray(host_count, np.int32)  # the row + 1, 0 for none
        self._hosts = np.empty(0, np.uint32)
        self.index = RowIndex(self._hosts)

    @property
    def host_count(self) -> int:
        """Number of hosts, with a row or not."""
        return self._rows.count

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self._rows.nbytes + self._hosts.nbytes

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.index.hosts)

    @property
    def hosts(self) -> NDArray[np.uint32]:
        """The host of each row."""
        return self.index.hosts

    def find(self, hosts: NDArray[np.uint32]) -> NDArray[np.int32]:
        """The row of each of these hosts; -1 for hosts without one and for strangers."""
        known = hosts < self.host_count
        rows: NDArray[np.int32] = self._rows[hosts if known.all() else np.where(known, hosts, 0)]
        rows -= 1
        rows[~known] = -1
        return rows

    def missing(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the hosts that have no row yet, each once, ascending."""
        return distinct(hosts[self._rows[hosts] == 0])

    def add(self, hosts: NDArray[np.uint32]) -> None:
        """Give rows to hosts that have none."""
        before, after = self.count, self.count + len(hosts)
        if after > len(self._hosts):
            room = np.empty(max(after, min(2 * before, self.host_count)), np.uint32)
            room[:before] = self.hosts
            self._hosts = room
        self._hosts[before:after] = hosts
        self._rows[hosts] = np.arange(before + 1, after + 1, dtype=np.int32)
        self.index = RowIndex(self._hosts[:after])

    def rearrange(self, kept: NDArray[np.intp]) -> None:
        """Only the rows ``kept`` stay, in this order."""
        before, after = self.hosts, self.hosts[kept]
        self._rows.clear(before[~_among(len(before), kept)])
        self._rows[after] = np.arange(1, len(after) + 1, dtype=np.int32)
        self._hosts = after
        self.index = RowIndex(after)

    def grow(self, host_count: int) -> None:
        """Make room for more hosts."""
        self._rows.grow(host_count)


def _among(count: int, chosen: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of the numbers below ``count`` are among those chosen."""
    among = np.zeros(count, bool)
    among[chosen] = True
    return among

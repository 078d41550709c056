"""Paged: values per host for as many hosts as a scan may have, in memory for those spoken of.

Scans of millions of addresses know something about few of them at a time. Hosts are cut into pages;
a page takes memory from the first value written to it until all its values are zero again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct

_BITS = 7
_HOSTS = 1 << _BITS
"""Hosts per page: small, because the hosts that have something to say lie far apart."""


_CHUNK_BITS = 13
_CHUNK = 1 << _CHUNK_BITS
"""Values that are copied together."""


@dataclass(frozen=True, slots=True)
class FrozenPages:
    """A PagedArray at one moment. ``page_of`` may have gained pages since: those from ``used`` on
    were not there yet."""

    page_of: NDArray[np.int32]
    used: int
    chunks: tuple[NDArray[Any], ...]
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, host: int) -> Any:
        """The value of one host."""
        page = int(self.page_of[host >> _BITS])
        place = (page if page < self.used else 0) << _BITS | host & (_HOSTS - 1)
        return self.chunks[place >> _CHUNK_BITS][place & (_CHUNK - 1)]


class PagedArray:
    """One value of ``dtype`` (or record) for each of ``count`` hosts, all zero at first."""

    def __init__(self, count: int, dtype: np.dtype[Any] | type) -> None:
        self._page_of = np.zeros(_pages(count), np.int32)
        self._pool = np.zeros((1, _HOSTS), dtype)  # page 0 stands for all without values
        self._free: list[int] = []
        self._used = 1
        self._copies: list[NDArray[Any]] = []
        self._dirty = np.ones(1, bool)
        self.count = count

    @property
    def page_count(self) -> int:
        """Pages that take memory."""
        return self._used - 1 - len(self._free)

    def grow(self, count: int) -> None:
        """There are ``count`` hosts now; the new values are zero."""
        missing = _pages(count) - len(self._page_of)
        if missing > 0:
            self._page_of = np.concatenate([self._page_of, np.zeros(missing, np.int32)])
        self.count = max(self.count, count)

    def __getitem__(self, hosts: NDArray[np.integer] | int) -> Any:
        """The values of these hosts (n,), or that of one, which must be below ``count``."""
        return self._pool.reshape(-1)[self._places(np.asarray(hosts))]

    def __setitem__(self, hosts: NDArray[np.integer] | int, values: Any) -> None:
        """Write the values of these hosts, or that of one."""
        places = self._own_places(np.asarray(hosts))
        self._pool.reshape(-1)[places] = values

    def combine(self, operation: np.ufunc, hosts: NDArray[np.integer], values: Any) -> None:
        """``operation.at`` on the values of these hosts; one named twice is operated on twice."""
        places = self._own_places(hosts)
        operation.at(self._pool.reshape(-1), places, values)

    def clear(self, hosts: NDArray[np.integer]) -> None:
        """Zero the values of these hosts, and give back pages without any others."""
        pages = distinct(hosts.astype(np.int64) >> _BITS)
        pages = pages[self._page_of[pages] > 0]
        hosts = hosts[self._page_of[hosts >> _BITS] > 0]
        self._pool.reshape(-1)[self._places(hosts)] = np.zeros(1, self._pool.dtype)[0]
        bytes_of = self._pool.view(np.uint8).reshape(len(self._pool), -1)
        empty = pages[~bytes_of[self._page_of[pages]].any(axis=1)]
        self._free += self._page_of[empty].tolist()
        self._page_of[empty] = 0

    def frozen(self) -> FrozenPages:
        """The values as they are now, for another thread. Only what was written since the last
        time is copied. Not for arrays that are cleared: a page must stay its hosts'."""
        values = self._pool.reshape(-1)
        for chunk in np.flatnonzero(self._dirty).tolist():
            copy = values[chunk << _CHUNK_BITS : (chunk + 1) << _CHUNK_BITS].copy()
            if chunk < len(self._copies):
                self._copies[chunk] = copy
            else:
                self._copies.append(copy)
        self._dirty[:] = False
        return FrozenPages(self._page_of, self._used, tuple(self._copies), self.count)

    def _places(self, hosts: NDArray[np.integer]) -> NDArray[np.int64]:
        page = self._page_of[hosts >> _BITS].astype(np.int64)
        places: NDArray[np.int64] = page << _BITS | (hosts & (_HOSTS - 1)).astype(np.int64)
        return places

    def _own_places(self, hosts: NDArray[np.integer]) -> NDArray[np.int64]:
        """Places to write to: in pages of the hosts' own, which are made where they are missing."""
        pages = np.atleast_1d(hosts).astype(np.int64) >> _BITS
        pages = pages[self._page_of[pages] == 0]
        if len(pages):
            self._give_pages(distinct(pages))
        places = self._places(hosts)
        self._dirty[places >> _CHUNK_BITS] = True
        return places

    def _give_pages(self, pages: NDArray[np.int64]) -> None:
        reused = self._free[len(self._free) - min(len(pages), len(self._free)) :]
        del self._free[len(self._free) - len(reused) :]
        fresh = len(pages) - len(reused)
        if self._used + fresh > len(self._pool):
            pool = np.zeros((max(self._used + fresh, 2 * self._used), _HOSTS), self._pool.dtype)
            pool[: self._used] = self._pool[: self._used]
            self._pool = pool
            chunks = -(-pool.size // _CHUNK)
            self._dirty = np.concatenate([self._dirty, np.ones(chunks - len(self._dirty), bool)])
        self._page_of[pages] = [*reused, *range(self._used, self._used + fresh)]
        self._used += fresh


def _pages(count: int) -> int:
    """Pages that ``count`` hosts are cut into."""
    return -(-count // _HOSTS)

"""Paged: values per host for as many hosts as a scan may have, in memory for those spoken of.

Scans of millions of addresses know something about few of them at a time, and the same about most
others. Hosts are cut into pages; a page takes memory from the first value written to it until
fold() finds all its values equal: then it shares one page with all others of that value, zero among
them, until one of its values is written again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.frozen_pages import CHUNK, CHUNK_BITS, PAGE_BITS, Choose, FrozenPages


class PagedArray:
    """One value of ``dtype`` (or record) for each of ``count`` hosts, all zero at first."""

    def __init__(
        self, count: int, dtype: np.dtype[Any] | type, *, page_bits: int = PAGE_BITS
    ) -> None:
        """Pages have ``1 << page_bits`` values: few, because the hosts that have something to say
        lie far apart."""
        self._bits = page_bits
        self._mask = (1 << page_bits) - 1
        self._page_of = np.zeros(self._pages(count), np.int32)
        self._pool = np.zeros((1, 1 << page_bits), dtype)  # page 0 stands for all without values
        self._flat = self._pool.reshape(-1)
        self._raw = _raw(self._flat)
        self._shared = np.ones(1, bool)
        self._shared_of = {bytes(self._pool.itemsize): 0}
        self._free: list[int] = []
        self._used = 1
        self._copies: list[NDArray[Any]] = []
        self._dirty = np.ones(1, bool)
        self._picture_of_pages: NDArray[np.int32] | None = None
        self.count = count

    @property
    def page_count(self) -> int:
        """Pages that take memory."""
        return self._used - 1 - len(self._free)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self._page_of.nbytes + self._pool.nbytes

    def _pages(self, count: int) -> int:
        return -(-count >> self._bits)

    def grow(self, count: int) -> None:
        """There are ``count`` hosts now; the new values are zero."""
        missing = self._pages(count) - len(self._page_of)
        if missing > 0:
            more = np.zeros(max(missing, len(self._page_of) // 8), np.int32)
            self._page_of = np.concatenate([self._page_of, more])
            self._picture_of_pages = None
        self.count = max(self.count, count)

    def __getitem__(self, hosts: NDArray[np.integer] | int) -> Any:
        """The values of these hosts (n,), or that of one, which must be below ``count``."""
        found = self._raw[self._places(np.asarray(hosts))]
        return found if self._raw is self._flat else found.view(self._flat.dtype)

    def __setitem__(self, hosts: NDArray[np.integer] | int, values: Any) -> None:
        """Write the values of these hosts, or that of one."""
        places = self._own_places(np.asarray(hosts))
        self._raw[places] = _raw(np.asarray(values, self._flat.dtype))

    def field(self, name: str) -> PagedField:
        """One field of the records."""
        return PagedField(self, name)

    def combine(self, operation: np.ufunc, hosts: NDArray[np.integer], values: Any) -> None:
        """``operation.at`` on the values of these hosts; one named twice is operated on twice."""
        places = self._own_places(hosts)
        operation.at(self._flat, places, values)

    def clear(self, hosts: NDArray[np.integer]) -> None:
        """Zero the values of these hosts, and give back pages without any others."""
        hosts = hosts[self._page_of[hosts >> self._bits] > 0]
        if len(hosts):
            self[hosts] = np.zeros(1, self._pool.dtype)[0]
            self.fold(hosts)

    def fold(self, hosts: NDArray[np.integer]) -> None:
        """Let those pages of these hosts whose values are all equal share memory."""
        pages = distinct(hosts.astype(np.int64) >> self._bits)
        pages = pages[~self._shared[self._page_of[pages]]]
        as_bytes = self._pool.view(np.uint8).reshape(*self._pool.shape, -1)
        slots = self._page_of[pages]
        pages = pages[(as_bytes[slots, 0] == as_bytes[slots, -1]).all(axis=1)]  # the others differ
        rows = as_bytes[self._page_of[pages]]
        for page in pages[(rows == rows[:, :1]).all(axis=(1, 2))].tolist():
            self._share(page, as_bytes)

    def _share(self, page: int, as_bytes: NDArray[np.uint8]) -> None:
        mine = int(self._page_of[page])
        alike = self._shared_of.setdefault(as_bytes[mine, 0].tobytes(), mine)
        if alike == mine:
            self._shared[mine] = True
        else:
            self._page_of[page] = alike
            self._picture_of_pages = None
            self._free.append(mine)

    def where(self, choose: Choose, start: int, most: int) -> NDArray[np.int64]:
        """The first ``most`` hosts, from ``start`` on, whose values ``choose`` says yes to,
        ascending."""
        chosen = choose(self._flat).reshape(self._pool.shape)
        first = start >> self._bits
        slots = self._page_of[first : self._pages(self.count)]
        hits = np.cumsum(np.count_nonzero(chosen, axis=1)[slots])
        needed = int(np.searchsorted(hits, most + self._mask)) + 1  # some may lie before ``start``
        pages, places = np.nonzero(chosen[slots[:needed]])
        hosts: NDArray[np.int64] = (pages + first) << self._bits | places
        return hosts[(hosts >= start) & (hosts < self.count)][:most]

    def rewrite(self, change: Callable[[NDArray[Any]], None]) -> None:
        """Change values by what they are: ``change`` gets every value there is to write to, in an
        array in no order. Zero must stay zero."""
        change(self._flat)
        self._dirty[:] = True
        shared = np.flatnonzero(self._shared[: self._used])[::-1].tolist()
        self._shared_of = {self._pool[slot, :1].tobytes(): slot for slot in shared}

    def frozen(self) -> FrozenPages:
        """The values as they are now, for another thread. Only what was written since the last
        time is copied."""
        for chunk in np.flatnonzero(self._dirty).tolist():
            copy = self._flat[chunk << CHUNK_BITS : (chunk + 1) << CHUNK_BITS].copy()
            if chunk < len(self._copies):
                self._copies[chunk] = copy
            else:
                self._copies.append(copy)
        self._dirty[:] = False
        if self._picture_of_pages is None:
            self._picture_of_pages = self._page_of.copy()
        return FrozenPages(self._picture_of_pages, tuple(self._copies), self.count)

    def _places(self, hosts: NDArray[np.integer]) -> NDArray[np.int64]:
        if len(self._page_of) == 1:  # as in a scan of a few hosts, which is in a hurry
            return hosts.astype(np.int64) + (int(self._page_of[0]) << self._bits)
        page = self._page_of[hosts >> self._bits].astype(np.int64)
        places: NDArray[np.int64] = page << self._bits | (hosts & self._mask).astype(np.int64)
        return places

    def _own_places(self, hosts: NDArray[np.integer]) -> NDArray[np.int64]:
        """Places to write to: in pages of the hosts' own, which are made where they are missing."""
        pages = np.atleast_1d(hosts).astype(np.int64) >> self._bits
        pages = pages[self._shared[self._page_of[pages]]]
        if len(pages):
            self._give_pages(distinct(pages))
        places = self._places(hosts)
        self._dirty[places >> CHUNK_BITS] = True
        return places

    def _give_pages(self, pages: NDArray[np.int64]) -> None:
        reused = self._free[len(self._free) - min(len(pages), len(self._free)) :]
        del self._free[len(self._free) - len(reused) :]
        fresh = len(pages) - len(reused)
        if self._used + fresh > len(self._pool):
            self._enlarge(max(self._used + fresh, 2 * self._used))
        slots = np.array([*reused, *range(self._used, self._used + fresh)], np.int32)
        rows = self._raw.reshape(self._pool.shape)
        rows[slots] = rows[self._page_of[pages]]
        self._page_of[pages] = slots
        self._used += fresh
        self._picture_of_pages = None

    def _enlarge(self, slots: int) -> None:
        pool = np.zeros((slots, self._pool.shape[1]), self._pool.dtype)
        pool[: self._used] = self._pool[: self._used]
        self._pool, self._flat = pool, pool.reshape(-1)
        self._raw = _raw(self._flat)
        self._shared = np.concatenate([self._shared, np.zeros(slots - len(self._shared), bool)])
        chunks = -(-pool.size // CHUNK)
        self._dirty[-1] = True  # its chunk may have been cut short by the end of the pool
        self._dirty = np.concatenate([self._dirty, np.ones(chunks - len(self._dirty), bool)])


def _raw(values: NDArray[Any]) -> NDArray[Any]:
    """Records as mere bytes: numpy moves them ten times as fast as records with fields."""
    return values.view(f"V{values.itemsize}") if values.dtype.names else values


class PagedField:
    """One field of a PagedArray of records, read and written like a PagedArray."""

    def __init__(self, records: PagedArray, name: str) -> None:
        self._records = records
        self._name = name

    def __getitem__(self, hosts: NDArray[np.integer] | int) -> Any:
        """The field of these hosts (n,), or of one."""
        return self._records._flat[self._name][self._records._places(np.asarray(hosts))]

    def __setitem__(self, hosts: NDArray[np.integer] | int, values: Any) -> None:
        """Write the field of these hosts, or of one."""
        places = self._records._own_places(np.asarray(hosts))
        self._records._flat[self._name][places] = values

    def combine(self, operation: np.ufunc, hosts: NDArray[np.integer], values: Any) -> None:
        """As PagedArray.combine."""
        places = self._records._own_places(hosts)
        operation.at(self._records._flat[self._name], places, values)

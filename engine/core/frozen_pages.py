"""FrozenPages: a PagedArray at one moment, for other threads to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

PAGE_BITS = 7
_PAGE = 1 << PAGE_BITS
"""Hosts per page."""
CHUNK_BITS = 13
CHUNK = 1 << CHUNK_BITS
"""Values that are copied together."""

Choose = Callable[[NDArray[Any]], NDArray[np.bool_]]
"""Says yes or no to each of some values."""


class FrozenPages(Struct, frozen=True):
    """``page_of``: the page each _PAGE hosts have their values in; several may share one.
    ``chunks``: the pages in order, CHUNK values in each array. ``count``: hosts."""

    page_of: NDArray[np.int32]
    chunks: tuple[NDArray[Any], ...]
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, host: int) -> Any:
        """The value of one host."""
        place = int(self.page_of[host >> PAGE_BITS]) << PAGE_BITS | host & (_PAGE - 1)
        return self.chunks[place >> CHUNK_BITS][place & (CHUNK - 1)]

    def take(self, hosts: NDArray[np.integer]) -> NDArray[Any]:
        """The values of these hosts (n,)."""
        page = self.page_of[hosts >> PAGE_BITS].astype(np.int64)
        places = page << PAGE_BITS | (hosts & (_PAGE - 1)).astype(np.int64)
        values = np.zeros(len(hosts), self.chunks[0].dtype)
        chunk = places >> CHUNK_BITS
        for number in np.flatnonzero(np.bincount(chunk)).tolist():
            mine = chunk == number
            values[mine] = self.chunks[number][places[mine] & (CHUNK - 1)]
        return values

    def all(self) -> NDArray[Any]:
        """The value of every host. For millions of hosts this is large: prefer the other ways."""
        every = np.concatenate(self.chunks).reshape(-1, _PAGE)[self.page_of].reshape(-1)
        return every[: self.count]

    def where(self, choose: Choose) -> NDArray[np.int64]:
        """The hosts whose values ``choose`` says yes to, ascending."""
        chosen = np.concatenate([choose(chunk) for chunk in self.chunks]).reshape(-1, _PAGE)
        busy = np.logical_or.reduce(chosen, axis=1)
        pages = np.flatnonzero(busy[self.page_of])
        rows, places = np.nonzero(chosen[self.page_of[pages]])
        hosts: NDArray[np.int64] = pages[rows] << PAGE_BITS | places
        return hosts[hosts < self.count]

    def tally(self, code: Callable[[NDArray[Any]], NDArray[np.integer]]) -> NDArray[np.int64]:
        """How many hosts have each code (n,), ``code`` making small numbers of values."""
        codes = np.concatenate([code(chunk) for chunk in self.chunks]).astype(np.int64)
        sharing = np.bincount(self.page_of, minlength=len(codes) >> PAGE_BITS)
        counts = np.bincount(codes, np.repeat(sharing, _PAGE)).astype(np.int64)
        counts[codes[0]] -= (len(self.page_of) << PAGE_BITS) - self.count  # beyond the last host
        return counts

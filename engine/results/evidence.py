"""Evidence: the packets that decided ports, kept within fixed bounds.

Answers worth explaining (anything but a plain RST) and dull ones are kept apart, so that 60,000
RSTs cannot push out the one ICMP message that matters. Dull ones that come by the thousand are
piled up as they came: to sort them would slow the scan down, and hardly anybody asks for one.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.batch import REPLY, as_bytes, gather
from engine.results.cell import record_keys

WIDTH = 128
_DULL_WIDTH = 64
"""Bytes kept of dull answers: a RST is 40 or 60 long."""
_MANY = 512
"""Dull answers that are kept as they came, if they are half of those they came with or more: who
floods us with others must not have these kept, too."""


class Evidence(Struct, frozen=True):
    """What decided a port.

    Attributes:
        answer: engine.techniques.answer code.
        attempt: which copy was answered (255 unknown).
        time: seconds since the scan began.
        packet: the answer from its IP header on, at most WIDTH bytes; empty when the transport
            sees no packets.
    """

    answer: int
    attempt: int
    time: float
    packet: bytes


class _Ring:
    """The last ``capacity`` answers, overwritten in order."""

    def __init__(self, capacity: int, width: int) -> None:
        self._keys = np.full(capacity, -1, np.int64)
        self._records = np.zeros(capacity, REPLY)
        self._lengths = np.zeros(capacity, np.uint16)
        self._packets = np.zeros((capacity, width), np.uint8)
        self._next = 0

    def add(
        self,
        records: NDArray[np.void],
        packets: NDArray[np.uint8],
        lengths: NDArray[np.uint16],
        rows: NDArray[np.intp],
        began: float,
    ) -> None:
        while len(rows):
            end = min(self._next + len(rows), len(self._keys))
            here, rows = rows[: end - self._next], rows[end - self._next :]
            at = slice(self._next, end)
            kept = gather(records, here)
            kept["time"] -= began
            as_bytes(self._records)[at] = as_bytes(kept)
            self._keys[at] = record_keys(kept)
            self._lengths[at] = 0
            if len(packets):
                width = min(self._packets.shape[1], packets.shape[1])
                self._lengths[at] = np.minimum(lengths[here], width)
                self._packets[at, :width] = packets[here, :width]
            self._next = end % len(self._keys)

    def find(self, key: int) -> Evidence | None:
        hits = np.flatnonzero(self._keys == key)
        if not len(hits):
            return None
        at = hits[np.argmax(self._records["time"][hits])]
        return _evidence(self._records[at], 0.0, self._packets[at, : self._lengths[at]].tobytes())


def _evidence(answer: np.void, began: float, packet: bytes) -> Evidence:
    return Evidence(
        answer=int(answer["answer"]),
        attempt=int(answer["attempt"]),
        time=float(answer["time"]) - began,
        packet=packet,
    )


class _Heap(Struct, frozen=True):
    """Answers that came together: those at ``rows`` of the records, packets and lengths."""

    records: NDArray[np.void]
    packets: NDArray[np.uint8]
    lengths: NDArray[np.uint16]
    rows: NDArray[np.intp]
    began: float

    def find(self, key: int) -> Evidence | None:
        hits = self.rows[record_keys(self.records)[self.rows] == key]
        if not len(hits):
            return None
        at = hits[np.argmax(self.records["time"][hits])]
        packet = self.packets[at, : self.lengths[at]].tobytes() if len(self.packets) else b""
        return _evidence(self.records[at], self.began, packet)


class _Pile:
    """The last answers, ``capacity`` of them or up to one heap more."""

    def __init__(self, capacity: int) -> None:
        self._heaps: deque[_Heap] = deque()
        self._room = capacity

    def add(self, heap: _Heap) -> None:
        self._heaps.append(heap)
        self._room -= len(heap.rows)
        while self._room + len(self._heaps[0].rows) <= 0:
            self._room += len(self._heaps.popleft().rows)

    def find(self, key: int) -> Evidence | None:
        found = (heap.find(key) for heap in reversed(self._heaps))
        return next((evidence for evidence in found if evidence is not None), None)


class EvidenceStore:
    """Bounded memory of deciding answers: about 16 MB when full. Any thread may ask."""

    def __init__(self, notable: int = 16_384, dull: int = 65_536) -> None:
        self._lock = threading.Lock()
        self._notable = _Ring(notable, WIDTH)
        self._dull = _Ring(dull, _DULL_WIDTH)
        self._pile = _Pile(dull)

    def add(
        self,
        records: NDArray[np.void],
        packets: NDArray[np.uint8],
        lengths: NDArray[np.uint16],
        rows: NDArray[np.intp],
        dull: NDArray[np.bool_],
        *,
        began: float = 0.0,
    ) -> None:
        """Keep the answers at ``rows`` (m,) of REPLY records (n,) with their ``packets`` (n, width)
        of ``lengths`` bytes, or (0, width) where nobody sees packets; none of them may change after
        that. ``dull`` (m,): of which there are many. ``began``: when the scan began, in seconds on
        the answers' clock."""
        boring = rows[dull]
        many = len(boring) >= max(_MANY, len(records) // 2) and packets.shape[1] <= _DULL_WIDTH
        with self._lock:
            self._notable.add(records, packets, lengths, rows[~dull], began)
            if many:
                self._pile.add(_Heap(records, packets, lengths, boring, began))
            else:
                self._dull.add(records, packets, lengths, boring, began)

    def find(self, key: int) -> Evidence | None:
        """The newest evidence for a cell, or None when none is kept."""
        with self._lock:
            found = [kept.find(key) for kept in (self._notable, self._dull, self._pile)]
        known = [evidence for evidence in found if evidence is not None]
        return max(known, key=lambda evidence: evidence.time) if known else None

"""Evidence: the packets that decided ports, kept within fixed bounds.

Answers worth explaining (anything but a plain RST) and dull ones are kept in two rings, so that
60,000 RSTs cannot push out the one ICMP message that matters.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.results.cell import record_keys

WIDTH = 128
_DULL_WIDTH = 64
"""Bytes kept of dull answers: a RST is 40 or 60 long."""


@dataclass(frozen=True, slots=True)
class Evidence:
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
        self._answers = np.zeros(capacity, np.uint32)
        self._attempts = np.zeros(capacity, np.uint8)
        self._times = np.zeros(capacity, np.float64)
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
            self._put(slice(self._next, end), records[here], packets, lengths, here, began)
            self._next = end % len(self._keys)

    def _put(
        self,
        at: slice,
        records: NDArray[np.void],
        packets: NDArray[np.uint8],
        lengths: NDArray[np.uint16],
        rows: NDArray[np.intp],
        began: float,
    ) -> None:
        self._keys[at] = record_keys(records)
        self._answers[at] = records["answer"]
        self._attempts[at] = records["attempt"]
        self._times[at] = records["time"] - began
        self._lengths[at] = 0
        if len(packets):
            width = min(self._packets.shape[1], packets.shape[1])
            self._lengths[at] = np.minimum(lengths[rows], width)
            self._packets[at, :width] = packets.take(rows, axis=0)[:, :width]

    def find(self, key: int) -> Evidence | None:
        hits = np.flatnonzero(self._keys == key)
        if not len(hits):
            return None
        at = hits[np.argmax(self._times[hits])]
        length = int(self._lengths[at])
        return Evidence(
            int(self._answers[at]),
            int(self._attempts[at]),
            float(self._times[at]),
            self._packets[at, :length].tobytes(),
        )


class EvidenceStore:
    """Bounded memory of deciding answers: about 8 MB when full. Any thread may ask."""

    def __init__(self, notable: int = 16_384, dull: int = 65_536) -> None:
        self._lock = threading.Lock()
        self._notable = _Ring(notable, WIDTH)
        self._dull = _Ring(dull, _DULL_WIDTH)

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
        of ``lengths`` bytes, or (0, width) where nobody sees packets. ``dull`` (m,): of which there
        are many. ``began``: when the scan began, in seconds on the answers' clock."""
        with self._lock:
            self._notable.add(records, packets, lengths, rows[~dull], began)
            self._dull.add(records, packets, lengths, rows[dull], began)

    def find(self, key: int) -> Evidence | None:
        """The newest evidence for a cell, or None when none is kept."""
        with self._lock:
            found = [ring.find(key) for ring in (self._notable, self._dull)]
        known = [evidence for evidence in found if evidence is not None]
        return max(known, key=lambda evidence: evidence.time) if known else None

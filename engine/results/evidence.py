"""Evidence: the packets that decided ports, kept within fixed bounds.

Answers worth explaining (anything but a plain RST) and dull ones are kept in two rings, so that
60,000 RSTs cannot push out the one ICMP message that matters.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH = 128


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

    def __init__(self, capacity: int) -> None:
        self._keys = np.full(capacity, -1, np.int64)
        self._answers = np.zeros(capacity, np.uint32)
        self._attempts = np.zeros(capacity, np.uint8)
        self._times = np.zeros(capacity, np.float64)
        self._lengths = np.zeros(capacity, np.uint16)
        self._packets = np.zeros((capacity, WIDTH), np.uint8)
        self._next = 0

    def add(
        self,
        keys: NDArray[np.int64],
        answers: NDArray[np.uint32],
        attempts: NDArray[np.uint8],
        times: NDArray[np.float64],
        packets: NDArray[np.uint8],
        lengths: NDArray[np.uint16],
    ) -> None:
        capacity = len(self._keys)
        if not len(keys):
            return
        at = (self._next + np.arange(len(keys))) % capacity
        self._next = (self._next + len(keys)) % capacity
        self._keys[at] = keys
        self._answers[at] = answers
        self._attempts[at] = attempts
        self._times[at] = times
        self._lengths[at] = 0
        if len(packets):
            width = min(WIDTH, packets.shape[1])
            self._lengths[at] = np.minimum(lengths, width)
            self._packets[at, :width] = packets[:, :width]

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
    """Bounded memory of deciding answers: about 12 MB when full. Any thread may ask."""

    def __init__(self, notable: int = 16_384, dull: int = 65_536) -> None:
        self._lock = threading.Lock()
        self._notable = _Ring(notable)
        self._dull = _Ring(dull)

    def add(
        self,
        keys: NDArray[np.int64],
        answers: NDArray[np.uint32],
        attempts: NDArray[np.uint8],
        times: NDArray[np.float64],
        packets: NDArray[np.uint8],
        lengths: NDArray[np.uint16],
        dull: NDArray[np.bool_],
    ) -> None:
        """Keep answers (arrays of shape (n,), ``packets`` (n, width) or (0, width))."""
        with self._lock:
            for ring, chosen in ((self._notable, ~dull), (self._dull, dull)):
                rows = packets[chosen] if len(packets) else packets
                sizes = lengths[chosen] if len(packets) else lengths
                ring.add(
                    keys[chosen], answers[chosen], attempts[chosen], times[chosen], rows, sizes
                )

    def find(self, key: int) -> Evidence | None:
        """The newest evidence for a cell, or None when none is kept."""
        with self._lock:
            found = [ring.find(key) for ring in (self._notable, self._dull)]
        known = [evidence for evidence in found if evidence is not None]
        return max(known, key=lambda evidence: evidence.time) if known else None

"""A seeded random order of 0..size-1 in constant memory.

A Feistel network over the smallest even number of bits that holds ``size``, cycle-walked back into
range (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002). Any part of the
order can be computed alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 4
_WORD = (1 << 64) - 1


def _round_keys(seed: int) -> list[int]:
    """One 64-bit key per round: the SplitMix64 sequence (Steele, Lea, Flood, OOPSLA 2014)."""
    keys = []
    for step in range(1, _ROUNDS + 1):
        x = (seed + step * 0x9E3779B97F4A7C15) & _WORD
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        x = (x ^ x >> 27) * 0x94D049BB133111EB & _WORD
        keys.append(x ^ x >> 31)
    return keys


class Permutation:
    """The order of ``size`` items (up to 2**62) under ``seed``."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        bits = max(2, (max(size, 2) - 1).bit_length())
        self._half = np.uint64((bits + 1) // 2)
        self._mask = np.uint64((1 << int(self._half)) - 1)
        self._keys = np.array(_round_keys(seed), np.uint64)

    def items(self, start: int, count: int) -> NDArray[np.int64]:
        """Items at places ``start`` .. ``start + count - 1`` of the order (int64)."""
        x = np.arange(start, min(start + count, self.size), dtype=np.uint64)
        x = self._scramble(x)
        outside = np.flatnonzero(x >= np.uint64(self.size))
        while len(outside):
            walked = self._scramble(x[outside])
            x[outside] = walked
            outside = outside[walked >= np.uint64(self.size)]
        return x.astype(np.int64)

    def _scramble(self, x: NDArray[np.uint64]) -> NDArray[np.uint64]:
        left, right = x >> self._half, x & self._mask
        for key in self._keys:
            left, right = right, left ^ self._mix(right, key)
        scrambled: NDArray[np.uint64] = left << self._half | right
        return scrambled

    def _mix(self, value: NDArray[np.uint64], key: np.uint64) -> NDArray[np.uint64]:
        mixed = value + key
        mixed ^= mixed >> np.uint64(31)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        return mixed & self._mask

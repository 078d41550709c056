"""Probe tokens: 32 bits that only we can know, carried by each probe and returned by its answer.

The token of a probe is a keyed mix of what the probe is about, so nothing has to be remembered to
recognise an answer (the idea of SYN cookies, RFC 4987 section 3.6). A blind forger hits the token
of one given probe with probability 2**-32.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch

_M1 = np.uint64(0xFF51AFD7ED558CCD)
_M2 = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)


class ProbeTokens:
    """Makes tokens under one secret key.

    The mixer is MurmurHash3's 64-bit finaliser, keyed before, between and after its rounds.
    """

    def __init__(self, key: int | None = None) -> None:
        key = int.from_bytes(os.urandom(16), "big") if key is None else key
        self._k1 = np.uint64(key & 0xFFFFFFFFFFFFFFFF)
        self._k2 = np.uint64(key >> 64 & 0xFFFFFFFFFFFFFFFF)

    def of(self, probes: ProbeBatch) -> NDArray[np.uint32]:
        """Tokens (uint32, shape (n,)) of an array with PROBE's or REPLY's identifying fields."""
        x = probes["host"].astype(np.uint64)
        x <<= np.uint64(32)
        x |= probes["port"].astype(np.uint64) << np.uint64(16)
        x |= probes["technique"].astype(np.uint64) << np.uint64(8)
        x |= probes["attempt"]
        x ^= self._k1
        x ^= x >> _SHIFT
        x *= _M1
        x ^= x >> _SHIFT
        x += self._k2
        x *= _M2
        x ^= x >> _SHIFT
        x ^= self._k1
        x *= _M1
        x ^= x >> _SHIFT
        return (x >> np.uint64(32)).astype(np.uint32)

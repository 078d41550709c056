"""CRC32c, SCTP's checksum, of many rows at once (RFC 9260 appendix A)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
"""Castagnoli's polynomial, bits reversed."""


def _table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _bit in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table.astype(np.uint32)


_TABLE = _table()


def crc32c(rows: NDArray[np.uint8], lengths: NDArray[np.integer]) -> NDArray[np.uint32]:
    """CRC32c (n,) of the first ``lengths`` bytes of each row (n, width)."""
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    shortest = int(lengths.min(initial=rows.shape[1]))
    for at, column in enumerate(rows.T):
        following = _TABLE[(crc ^ column) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
        crc = following if at < shortest else np.where(at < lengths, following, crc)
    return ~crc

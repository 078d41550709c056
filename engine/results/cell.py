"""The record kept per probed port: 12 bytes, and the key that names it for good.

``clock`` has two meanings, told apart by the state: while a probe is out it is the time it left, in
microseconds modulo 2**32 (differences up to 71 minutes are exact); once the port is decided it is
the time of the decision, in tenths of a millisecond since the scan began (it saturates after
119 hours).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.ledger import FOREIGN

CELL = np.dtype(
    [
        ("state", np.uint8),
        ("reason", np.uint8),
        ("technique", np.uint8),
        ("tries", np.uint8),
        ("ttl", np.uint8),
        ("flags", np.uint8),
        ("rtt", np.float16),
        ("clock", np.uint32),
    ]
)
"""One probed port. ``rtt`` in milliseconds, NaN when unknown (while a probe is out: the time from
the first copy to the last); ``ttl`` as received, 0 unknown;
``tries`` copies sent so far, of the current pass; ``technique`` the ScanType that decided."""

RAW = np.dtype((np.void, CELL.itemsize))
"""A CELL as bytes: numpy copies and gathers these at once, but records field by field, up to ten
times slower. ``cells.view(RAW)`` and ``raw.view(CELL)`` cost nothing."""

STALE = 1
"""Flag: the port is being probed again and the state shown is the earlier one."""
FLYING = 4
"""Flag: a probe is out and its time is not up."""
LOST_LATELY = 8
"""Flag: the copy before the last one left at the same pace as the last, and got no answer."""
DOUBTED = 16
"""Flag: the host calls every port open, so that this one says nothing (engine.core.liars)."""

WAS_SHIFT = 5
"""Of a cell that was probed again by the same technique, the flags above this bit are the PortState
it was in before, be it another or the same; else they are 0."""

TICKS_PER_SECOND = 10_000
PROTOCOLS = 4
PORTS = 65_536


def channel_of(protocol: int, port: int) -> int:
    """The number of a (protocol, port) pair: ``protocol << 16 | port``."""
    return protocol << 16 | port


def states_before(cells: NDArray[np.void]) -> NDArray[np.uint8]:
    """Which state CELLs were in before they were probed again by the same technique; 0 where that
    was the same, or is not known."""
    flags = cells["flags"]
    before: NDArray[np.uint8] = np.right_shift(flags, WAS_SHIFT, dtype=np.uint8)
    before[(before == cells["state"]) | (flags & STALE != 0)] = 0
    return before


def changed(cells: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which CELLs are in another state than before they were probed again by the same technique."""
    found: NDArray[np.bool_] = states_before(cells) != 0
    return found


def cell_key(host: int, protocol: int, port: int) -> int:
    """The key of a cell: ``host << 18 | protocol << 16 | port``. Stable for a scan's whole life."""
    return host << 18 | protocol << 16 | port


def split_key(key: int) -> tuple[int, int, int]:
    """Host index, protocol and port of a cell key."""
    return key >> 18, key >> 16 & 3, key & 0xFFFF


def record_keys(records: NDArray[np.void]) -> NDArray[np.int64]:
    """Cell keys (int64, shape (n,)) of an array with host, protocol and port fields."""
    keys = records["host"].astype(np.int64)
    keys <<= 2
    keys |= records["protocol"]
    keys <<= 16
    keys |= records["port"]
    return keys


def key_records(keys: NDArray[np.int64]) -> NDArray[np.void]:
    """The host, protocol and port (as fields, shape (n,)) that cell keys name."""
    records = np.zeros(len(keys), [("host", "u4"), ("port", "u2"), ("protocol", "u1")])
    records["host"], records["port"] = keys >> 18, keys & 0xFFFF
    records["protocol"] = keys >> 16 & 3
    return records


def among(keys: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the keys are in ``ordered``, ascending keys. numpy.isin loads numpy.ma when it is
    first called for numbers far apart, which takes longer than the rest."""
    nearest = np.append(ordered, -1)[np.searchsorted(ordered, keys)]
    found: NDArray[np.bool_] = nearest == keys
    return found


__all__ = [
    "CELL",
    "DOUBTED",
    "FLYING",
    "FOREIGN",
    "LOST_LATELY",
    "PORTS",
    "PROTOCOLS",
    "STALE",
    "TICKS_PER_SECOND",
    "WAS_SHIFT",
    "among",
    "cell_key",
    "changed",
    "channel_of",
    "key_records",
    "record_keys",
    "split_key",
    "states_before",
]

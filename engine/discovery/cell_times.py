"""Cells: what is remembered of each ping of a host, and what the times of its copies tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import UNKNOWN_ATTEMPT

FLYING = 1
"""Cell flag: a copy is out whose time is not up."""
DONE = 2
"""Cell flag: nothing more is asked."""
UNTIMED = 4
"""Cell flag: when its earlier copies left is forgotten."""
LAST_ATTEMPT = 15
"""Probes tell 16 copies apart; every later copy counts as the last."""
_HASTE = 0.05
"""Seconds an answer may seem to come before its ping: the times of pings sent by one system call
are interpolated."""
_FINEST = 1e-5
"""Shortest round trip, in seconds, that is told apart from none."""

CELL = np.dtype(
    [("first", np.uint32), ("last", np.uint32), ("tries", np.uint8), ("flags", np.uint8)]
)
"""``first`` and ``last``: when the first and the last copy left, microseconds modulo 2**32;
``tries``: copies that left, 0 also for cells that are forgotten."""


def ages(cells: NDArray[np.void], ticks: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Seconds from the first copies of CELLs to ``ticks`` (32-bit clocks: up to 35 minutes); NaN
    where it is forgotten when they left."""
    seconds = _seconds(ticks - cells["first"])
    seconds[(cells["tries"] == 0) | (cells["flags"] & UNTIMED != 0)] = np.nan
    return seconds


def round_trips(
    cells: NDArray[np.void], attempt: NDArray[np.uint8], ticks: NDArray[np.uint32]
) -> NDArray[np.float64]:
    """Seconds from the answered copies to their answers at ``ticks``; NaN where ``attempt`` is not
    known, the times are forgotten or contradict each other. Copies leave at about equal
    distances."""
    last = _seconds(ticks - cells["last"])
    copies = np.minimum(cells["tries"], LAST_ATTEMPT + 1).astype(np.float64)
    behind = (copies - 1 - attempt) / np.maximum(copies - 1, 1)
    earlier = (ages(cells, ticks) - last) * behind
    seconds: NDArray[np.float64] = last + np.where(behind == 0, 0.0, earlier)
    unknown = (attempt == UNKNOWN_ATTEMPT) | (cells["tries"] == 0)
    seconds[unknown | (seconds < -_HASTE)] = np.nan
    np.maximum(seconds, _FINEST, out=seconds)  # NaN stays NaN
    return seconds


def _seconds(ticks: NDArray[np.uint32]) -> NDArray[np.float64]:
    """A difference of two 32-bit clocks in microseconds, as seconds of either sign."""
    seconds: NDArray[np.float64] = ticks.view(np.int32) / 1e6
    return seconds

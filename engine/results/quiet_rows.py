"""Which rows of the store say nothing: not one of their ports has answered so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.results.cell import FLYING, STALE
from engine.spec.reason import Reason


def quiet_rows(cells: NDArray[np.void]) -> NDArray[np.bool_]:
    """Rows of CELLs (rows, columns) in which every cell is undecided or decided by silence."""
    quiet = (cells["state"] == 0) | (cells["reason"] == Reason.NO_RESPONSE)
    rows: NDArray[np.bool_] = quiet.all(axis=1)
    return rows


def waiting_cells(cells: NDArray[np.void]) -> NDArray[np.bool_]:
    """CELLs that are undecided, asked again, or have a probe out."""
    waiting: NDArray[np.bool_] = cells["state"] == 0
    waiting |= cells["flags"] & (STALE | FLYING) != 0
    return waiting


def fewest_tries(cells: NDArray[np.void]) -> NDArray[np.uint8]:
    """Of each row (rows, columns), the copies that the silent cell with fewest has got; 255 for
    rows without silent cells."""
    tries: NDArray[np.uint8] = np.where(
        cells["reason"] == Reason.NO_RESPONSE, cells["tries"], np.uint8(255)
    )
    fewest: NDArray[np.uint8] = tries.min(axis=1, initial=255)
    return fewest

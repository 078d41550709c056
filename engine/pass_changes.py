"""PassChanges: which ports probing them again found in another state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.results.cell import changed, key_records
from engine.results.decided import DecidedBatch
from engine.results.row import HostNames
from engine.results.store import Store


class PassChanges:
    """Collects ports as they are decided, and looks at them once more at the end of the pass:
    a port that seemed silent may have been answered since.

    Attributes:
        asked_again: ports are probed again in this pass.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: list[NDArray[np.int64]] = []
        self.asked_again = False

    def note(self, batch: DecidedBatch) -> None:
        """These ports were decided."""
        found = changed(batch.cells)
        if found.any():
            self._seen.append(batch.keys[found])

    def take(self, names: HostNames) -> DecidedBatch:
        """The pass is over: what has changed in it."""
        keys = distinct(np.concatenate([np.empty(0, np.int64), *self._seen]))
        self._seen.clear()
        self.asked_again = False
        at = self._store.locate(key_records(keys))
        keys, cells = keys[at >= 0], self._store.copy(at[at >= 0])
        still = changed(cells)
        return DecidedBatch(keys[still], cells[still], names)

"""Layers: what earlier techniques found at ports that were probed again with another one.

Few ports of few scans have any, so they are kept apart from the cells, as a list that is only ever
appended to. A snapshot shares the list as far as it reached then.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType

MAX_RESULTS = 1 << 20
"""Earlier results kept, 11 bytes each; when there are more, the newest half stays."""

_RESULT = np.dtype(
    [("key", np.int64), ("technique", np.uint8), ("state", np.uint8), ("reason", np.uint8)]
)


class EarlierResult(Struct, frozen=True):
    """What a port's state was under another technique, before it was probed again."""

    technique: ScanType
    state: PortState
    reason: Reason


class EarlierResults:
    """Earlier results as they were at one moment: an array of _RESULT, oldest first."""

    def __init__(self, results: NDArray[np.void]) -> None:
        self._results = results

    def of(self, key: int, technique: int) -> tuple[EarlierResult, ...]:
        """The last result of each technique but ``technique`` (that of the present result) at the
        cell named by ``key``, oldest first."""
        found = self._results[self._results["key"] == key]
        last: dict[int, EarlierResult] = {}
        for _, number, state, reason in found.tolist():
            last.pop(number, None)
            last[number] = EarlierResult(ScanType(number), PortState(state), Reason(reason))
        last.pop(technique, None)
        return tuple(last.values())


NOTHING_EARLIER = EarlierResults(np.empty(0, _RESULT))


class Layers:
    """The earlier results of a scan, MAX_RESULTS at most."""

    def __init__(self) -> None:
        self._results = np.empty(0, _RESULT)
        self._count = 0

    def add(self, keys: NDArray[np.int64], cells: NDArray[np.void]) -> None:
        """Keep the technique, state and reason of CELLs, named by ``keys``."""
        keys, cells = keys[-MAX_RESULTS:], cells[-MAX_RESULTS:]
        if self._count + len(keys) > len(self._results):
            self._make_room(len(keys))
        fresh = self._results[self._count : self._count + len(keys)]
        fresh["key"] = keys
        for name in ("technique", "state", "reason"):
            fresh[name] = cells[name]
        self._count += len(keys)

    def _make_room(self, more: int) -> None:
        """Go on in a new array, so that snapshots keep theirs."""
        kept = self._results[: self._count]
        if len(kept) + more > MAX_RESULTS:
            spare = max(MAX_RESULTS // 2 - more, 0)
            kept = kept[len(kept) - spare :]
        room = min(MAX_RESULTS, max(len(kept) + more, 2 * len(kept)))
        self._results = np.empty(room, _RESULT)
        self._results[: len(kept)] = kept
        self._count = len(kept)

    def snapshot(self) -> EarlierResults:
        """What is kept now. Costs nothing."""
        return EarlierResults(self._results[: self._count])

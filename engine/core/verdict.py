"""From answers to outcomes: the technique tables applied to a whole batch."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import groups
from engine.spec.scan_type import ScanType
from engine.techniques.registry import technique


class Verdicts(Struct, frozen=True):
    """States and reasons (uint8, shape (n,)); state 0 where the answer says nothing."""

    state: NDArray[np.uint8]
    reason: NDArray[np.uint8]

    def only(self, chosen: NDArray[np.intp]) -> Verdicts:
        """Those at the given places."""
        return Verdicts(self.state[chosen], self.reason[chosen])


def classify(records: NDArray[np.void]) -> Verdicts:
    """The outcome of each REPLY record. Few different answers arrive, so each is looked up once."""
    codes = records["technique"].astype(np.uint64) << np.uint64(32) | records["answer"]
    distinct, inverse = groups(codes)
    states = np.zeros(len(distinct), np.uint8)
    reasons = np.zeros(len(distinct), np.uint8)
    for place, code in enumerate(distinct.tolist()):
        try:
            table = technique(ScanType(code >> 32))
        except (KeyError, ValueError):
            continue
        outcome = table.classify(code & 0xFFFFFFFF)
        if outcome is not None:
            states[place], reasons[place] = outcome
    return Verdicts(states[inverse], reasons[inverse])

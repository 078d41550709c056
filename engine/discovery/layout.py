"""Layout: the pings of each suite as arrays, and which of a suite's pings a record is about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import PROBE, ProbeBatch
from engine.spec.ping import PingProbe


class Layout:
    """The pings of suites, in order.

    Attributes:
        sizes: pings of each suite, by its number.
    """

    def __init__(self, suites: tuple[tuple[PingProbe, ...], ...]) -> None:
        """``suites``: the pings of each suite, by its number."""
        pings = [probe for suite in suites for probe in suite]
        self.sizes = np.array([len(suite) for suite in suites], np.int64)
        self._offsets = np.cumsum(self.sizes) - self.sizes
        self._pings = np.zeros(len(pings), PROBE)
        self._pings["port"] = [probe.port for probe in pings]
        self._pings["technique"] = [probe.kind for probe in pings]
        self._pings["protocol"] = [probe.kind.facts.protocol for probe in pings]
        keys = _keys(np.repeat(np.arange(len(suites)), self.sizes), self._pings)
        self._key_order = np.argsort(keys)
        self._sorted_keys = keys[self._key_order]

    def grid(self, suite: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """All pings of hosts with these suites, host by host: for each the place of its host, and
        its number in the suite."""
        sizes = self.sizes[suite]
        row = np.repeat(np.arange(len(suite)), sizes)
        return row, np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)

    def probes(self, suite: NDArray[np.uint8], number: NDArray[np.int64]) -> ProbeBatch:
        """The pings with these numbers; host and attempt still 0."""
        probes: ProbeBatch = self._pings[self._offsets[suite] + number]
        return probes

    def numbers(self, suite: NDArray[np.uint8], records: NDArray[np.void]) -> NDArray[np.int64]:
        """Which ping of its host's suite each PROBE or REPLY is about; -1 for none."""
        if not len(self._sorted_keys):
            return np.full(len(records), -1, np.int64)
        keys = _keys(suite, records)
        at = np.minimum(np.searchsorted(self._sorted_keys, keys), len(self._sorted_keys) - 1)
        numbers = self._key_order[at] - self._offsets[suite]
        return np.where(self._sorted_keys[at] == keys, numbers, -1)


def _keys(suite: NDArray[np.integer], records: NDArray[np.void]) -> NDArray[np.int64]:
    keys = suite.astype(np.int64) << 24
    keys |= records["technique"].astype(np.int64) << 16
    keys |= records["port"]
    return keys

"""HostClock: how long each host has been scanned, for --host-timeout.

A host's time runs from its first probe, or from when a timeout was first asked for if that is
later; while the scan is paused no host's time runs. Hosts stand in a line in the order they began,
so only its head is looked at.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.paged import PagedArray


class HostClock:
    """Times of ``hosts`` hosts, in seconds."""

    def __init__(self, hosts: int) -> None:
        self._begun = PagedArray(hosts, np.uint8)
        self._line: deque[tuple[float, NDArray[np.uint32]]] = deque()
        self._stopped_at: float | None = None
        self._stopped = 0.0

    def grow(self, hosts: int) -> None:
        """There are more hosts."""
        self._begun.grow(hosts)

    def stop(self, now: float) -> None:
        """The scan is paused."""
        if self._stopped_at is None:
            self._stopped_at = now

    def go(self, now: float) -> None:
        """The scan is not paused, or no more."""
        if self._stopped_at is not None:
            self._stopped += now - self._stopped_at
            self._stopped_at = None

    def begin(self, now: float, hosts: NDArray[np.uint32]) -> None:
        """Probes to these hosts leave; for some they are the first."""
        fresh = distinct(hosts[self._begun[hosts] == 0])
        if len(fresh):
            self._begun[fresh] = 1
            self._begun.fold(fresh)
            self._line.append((now - self._stopped, fresh))

    def over(self, now: float, timeout: float) -> NDArray[np.uint32]:
        """Hosts whose ``timeout`` has passed since the last call."""
        late: list[NDArray[np.uint32]] = []
        while self._line and self._line[0][0] + timeout <= now - self._stopped:
            late.append(self._line.popleft()[1])
        return np.concatenate(late) if late else np.empty(0, np.uint32)

    def next_over(self, timeout: float) -> float:
        """When over() may have something; infinity for never."""
        return self._line[0][0] + timeout + self._stopped if self._line else float("inf")

    def forget(self, hosts: NDArray[np.uint32]) -> None:
        """The hosts are scanned anew: their time begins again with their next probe."""
        self._begun.clear(hosts)

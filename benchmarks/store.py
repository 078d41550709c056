"""How much memory the result store takes per probed port."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import numpy as np

from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType

HOSTS, PORTS = 64, 65_535


@dataclass(frozen=True)
class StoreSize:
    """Bytes per probed port of a full store: ``alone``, and with one snapshot of it held."""

    alone: float
    with_snapshot: float


def measure_store() -> StoreSize:
    """Decide every port of HOSTS x PORTS and count the bytes allocated (numpy's included)."""
    channels = np.arange(1, PORTS + 1, dtype=np.uint32)
    cells = HOSTS * PORTS
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    store = Store(HOSTS, channels)
    store.admit(np.arange(HOSTS, dtype=np.uint32))
    for host in range(HOSTS):
        store.decide(
            np.arange(host * PORTS, (host + 1) * PORTS),
            state=int(PortState.CLOSED),
            reason=int(Reason.RESET),
            technique=int(ScanType.SYN),
            ttl=64,
            flags=0,
            rtt=0.1,
            clock=1,
        )
    alone = tracemalloc.get_traced_memory()[0] - before
    snapshot = store.snapshot()
    both = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del snapshot
    return StoreSize(alone / cells, both / cells)

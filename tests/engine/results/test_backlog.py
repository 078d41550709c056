from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.results.backlog import NO_BACKLOG, backlog
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason

PORTS = 6


def scan(left: list[int]) -> Store:
    """A scan of PORTS ports with so many left on each host."""
    store = Store(len(left), np.arange(1, PORTS + 1, dtype=np.uint32))
    store.admit(np.arange(len(left), dtype=np.uint32))
    for host, rest in enumerate(left):
        cells = np.arange(PORTS - rest, dtype=np.int64) + host * PORTS
        store.decide(
            cells, state=int(PortState.CLOSED), reason=int(Reason.RESET), technique=2, ttl=64,
            flags=0, rtt=1.0, clock=1,
        )  # fmt: skip
    return store


@given(
    st.lists(st.integers(0, PORTS), min_size=1, max_size=20),
    st.sets(st.integers(0, 25)),
    st.integers(0, 8),
)
def test_hosts_with_most_left_come_first(left: list[int], skipped: set[int], most: int) -> None:
    found = backlog(scan(left).snapshot(), skipped, most)
    rest = {host: n for host, n in enumerate(left) if n and host not in skipped}
    order = sorted(rest, key=lambda host: (-rest[host], host))
    assert found.hosts == tuple(order[:most])
    assert found.left == tuple(rest[host] for host in order[:most])
    assert (found.count, found.ports) == (len(rest), sum(rest.values()))


def test_nothing_is_left_of_a_scan_without_hosts_or_ports() -> None:
    assert backlog(scan([0, 0]).snapshot()) == NO_BACKLOG
    assert backlog(Store(3, np.arange(1, 3, dtype=np.uint32)).snapshot()) == NO_BACKLOG

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.results.cell import cell_key
from engine.results.part import Part
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType

PORTS = (443, 22, 80)


def store_of(*decided: tuple[int, int]) -> Store:
    """Three hosts, one of which has no cells; ``decided`` are (host, TCP port)."""
    store = Store(3, np.array(PORTS, np.uint32))
    store.admit(np.array([2, 0], np.uint32))
    fields = [("host", np.uint32), ("protocol", np.uint8), ("port", np.uint16)]
    records = np.array([(host, 0, port) for host, port in decided], fields)
    store.decide(
        store.locate(records), state=int(PortState.OPEN), reason=int(Reason.SYN_ACK),
        technique=int(ScanType.SYN), ttl=64, flags=0, rtt=1.0, clock=1,
    )  # fmt: skip
    return store


def test_what_is_not_decided_is_no_part_of_it() -> None:
    view = store_of((0, 443), (0, 22), (2, 80)).snapshot()
    wanted = [cell_key(2, 0, 80), cell_key(0, 0, 22), cell_key(0, 0, 80), cell_key(1, 0, 22)]
    part = Part.of("some", np.array(wanted * 2), view)
    assert part.keys.tolist() == [cell_key(0, 0, 22), cell_key(2, 0, 80)]
    assert len(part) == 2 and part.hosts == {0, 2}
    assert part.has_ports(0, np.array(PORTS, np.uint32)).tolist() == [False, True, False]
    assert part.has_ports(1, np.array(PORTS, np.uint32)).tolist() == [False] * 3


def test_nothing_is_part_of_an_empty_part() -> None:
    part = Part.of("none", np.empty(0, np.int64), store_of((0, 443)).snapshot())
    assert len(part) == 0 and not part.hosts
    assert not part.has(np.array([0, 1, 1 << 50])).any()


@given(st.sets(st.integers(0, 1 << 45)), st.lists(st.integers(0, 1 << 45)))
def test_membership(held: set[int], asked: list[int]) -> None:
    asked += sorted(held)
    part = Part("any", np.array(sorted(held), np.int64))
    found = part.has(np.array(asked, np.int64)).tolist()
    assert found == [one in held for one in asked]

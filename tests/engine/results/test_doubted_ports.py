"""Open ports of a host that lies are flagged, and nothing else is."""

from __future__ import annotations

from engine.core.addressing import AddressBook
from engine.results.cell import cell_key
from engine.results.row import make_row
from engine.results.store import Store
from engine.spec.port_state import PortState
from tests.engine.core.simulated_scan import targets
from tests.engine.results.filled_store import channels, decide, full_store

PORTS = (80, 81, 82, 83)
NAMES = AddressBook(targets("10.0.0.0-1"))


def doubted(store: Store) -> set[tuple[int, int]]:
    view = store.snapshot()
    cells = {(host, port): view.cell(cell_key(host, 0, port)) for host in (0, 1) for port in PORTS}
    return {
        key
        for key, cell in cells.items()
        if cell is not None and make_row(cell_key(key[0], 0, key[1]), cell, NAMES).doubted
    }


def test_only_open_tcp_ports_of_the_host_are_doubted() -> None:
    store = full_store(2, channels(PORTS))
    decide(store, [(0, 0, 80), (0, 0, 81), (1, 0, 80)], PortState.OPEN)
    decide(store, [(0, 0, 82)], PortState.CLOSED)
    store.doubt(0)
    assert doubted(store) == {(0, 80), (0, 81)}
    decide(store, [(0, 0, 83)], PortState.OPEN)
    assert doubted(store) == {(0, 80), (0, 81)}
    store.doubt(0)
    assert doubted(store) == {(0, 80), (0, 81), (0, 83)}
    decide(store, [(0, 0, 81)], PortState.CLOSED)
    assert doubted(store) == {(0, 80), (0, 83)}

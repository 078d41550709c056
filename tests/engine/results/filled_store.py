"""Stores filled by tests, and snapshots of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import DEFAULT_TEMPLATE
from tests.engine.core.simulated_scan import targets

Cell = tuple[int, int, int]
"""Host index, protocol, port."""


def channels(numbers: Iterable[int], protocol: Protocol = Protocol.TCP) -> NDArray[np.uint32]:
    return np.array([int(protocol) << 16 | port for port in numbers], np.uint32)


def full_store(hosts: int, columns: NDArray[np.uint32]) -> Store:
    """A store that has admitted all its hosts, in order."""
    store = Store(hosts, columns)
    store.admit(np.arange(hosts, dtype=np.uint32))
    return store


def locate(store: Store, cells: Iterable[Cell]) -> NDArray[np.int64]:
    records = np.array(list(cells), [("host", "u4"), ("protocol", "u1"), ("port", "u2")])
    return store.locate(records)


def decide(
    store: Store,
    cells: Iterable[Cell],
    state: PortState = PortState.OPEN,
    reason: Reason = Reason.SYN_ACK,
    technique: ScanType = ScanType.SYN,
    *,
    ttl: int = 64,
    flags: int = 0,
    rtt: float = 1.0,
    clock: int = 10_000,
) -> None:
    store.decide(
        locate(store, cells),
        state=state,
        reason=reason,
        technique=technique,
        ttl=ttl,
        flags=flags,
        rtt=rtt,
        clock=clock,
    )


def snapshot_of(store: Store, where: str) -> Snapshot:
    return Snapshot(
        serial=1,
        phase=Phase.RUNNING,
        view=store.snapshot(),
        names=AddressBook(targets(where)),
        scan_types=(ScanType.SYN,),
        timing=DEFAULT_TEMPLATE,
    )

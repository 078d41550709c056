"""Row: one port's result as plain values, for a screen, a line of text or an export."""

from __future__ import annotations

from typing import Protocol as Interface

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.cell import (
    DOUBTED,
    FOREIGN,
    STALE,
    TICKS_PER_SECOND,
    WAS_SHIFT,
    split_key,
)
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.services import service_name


class HostNames(Interface):
    """What a snapshot needs from the address book."""

    @property
    def count(self) -> int:
        """Number of hosts."""

    def text(self, host: int) -> str:
        """The host's address as text."""

    def name(self, host: int) -> str:
        """The name the user typed for it; empty if none."""

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        """Numbers below 2**34 that sort hosts by address: of all hosts by index, or of these."""


class Row(Struct, frozen=True):
    """One port's result.

    Attributes:
        key: names the cell for good (see engine.results.cell).
        ttl: of the answer, 0 when unknown.
        tries: copies of the probe that were sent.
        rtt: seconds, None when unknown, as in stale rows.
        time: seconds from the scan's start to the decision; 0 when unknown, as in stale rows.
        stale: the port is being probed again; this is the earlier answer.
        foreign: the answer came from another address than the target's.
        doubted: the host answers like this on every port, so that it says nothing.
        was: the state before the port was probed again by the same technique, when that was
            another; else None.
    """

    key: int
    host: int
    address: str
    name: str
    protocol: Protocol
    port: int
    state: PortState
    reason: Reason
    service: str
    technique: ScanType | None
    ttl: int
    tries: int
    rtt: float | None
    time: float
    stale: bool
    foreign: bool
    doubted: bool = False
    was: PortState | None = None


def make_row(key: int, cell: np.void, names: HostNames) -> Row:
    """The plain values of one CELL."""
    host, protocol, port = split_key(key)
    state, reason, technique, tries, ttl, flags, rtt, clock = cell.item()
    stale, before = bool(flags & STALE), flags >> WAS_SHIFT
    return Row(
        key=key,
        host=host,
        address=names.text(host),
        name=names.name(host),
        protocol=Protocol(protocol),
        port=port,
        state=PortState(state),
        reason=Reason(reason),
        service=service_name(Protocol(protocol), port),
        technique=ScanType(technique) if technique else None,
        ttl=ttl,
        tries=tries,
        rtt=rtt / 1000 if state and not stale and rtt == rtt else None,
        time=clock / TICKS_PER_SECOND if state and not stale else 0.0,
        stale=stale,
        foreign=bool(flags & FOREIGN),
        doubted=bool(flags & DOUBTED),
        was=None if stale or before in (0, state) else PortState(before),
    )

"""Row: one port's result as plain values, for a screen, a line of text or an export."""

from __future__ import annotations

from dataclasses import dataclass

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType


@dataclass(frozen=True, slots=True)
class Row:
    """One port's result.

    Attributes:
        key: names the cell for good (see engine.results.cell).
        ttl: of the answer, 0 when unknown.
        tries: copies of the probe that were sent.
        rtt: seconds, None when unknown.
        time: seconds from the scan's start to the decision.
        stale: the port is being probed again; this is the earlier answer.
        foreign: the answer came from another address than the target's.
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

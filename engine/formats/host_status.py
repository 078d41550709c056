"""Whether a host is up, judged by the answers to its port probes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.results.cell import FOREIGN
from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType


class Status(StrEnum):
    """What is known about a host."""

    UP = "up"
    """At least one answer came from the host itself."""
    UNKNOWN = "unknown"
    """Probed, but nothing answered, or only others answered for it."""
    FAILED = "failed"
    """It could not be probed."""
    SKIPPED = "skipped"
    """The user skipped it before it answered."""


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host's status and what it rests on: the reason and TTL of its first answer."""

    status: Status
    reason: Reason = Reason.NONE
    ttl: int = 0


_SILENT = [Reason.NONE, Reason.NO_RESPONSE, Reason.PERM_DENIED]
_UNREACHABLE = [
    Reason.HOST_UNREACH,
    Reason.NET_UNREACH,
    Reason.HOST_PROHIBITED,
    Reason.NET_PROHIBITED,
    Reason.ADMIN_PROHIBITED,
    Reason.DEST_UNREACH,
    Reason.TIME_EXCEEDED,
    Reason.NO_ROUTE,
    Reason.BEYOND_SCOPE,
    Reason.REJECT_ROUTE,
]
"""Reasons a router may have sent. connect(2) does not tell who did, so they prove nothing there."""


def _table(reasons: list[Reason]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    table = np.zeros(256, bool)
    table[[int(reason) for reason in reasons]] = True
    return table


_IS_SILENT = _table(_SILENT)
_IS_UNREACHABLE = _table(_UNREACHABLE)


def host_status(snapshot: Snapshot, host: int) -> HostStatus:
    """The status of host number ``host``."""
    cells = snapshot.view.host_cells(host)
    reasons = cells["reason"]
    vouched = (cells["state"] != PortState.PENDING) & ~_IS_SILENT[reasons]
    vouched &= cells["flags"] & FOREIGN == 0
    vouched &= ~(_IS_UNREACHABLE[reasons] & (cells["technique"] == ScanType.CONNECT))
    answers = cells[vouched]
    if len(answers):
        first = answers[np.argmin(answers["clock"])]
        return HostStatus(Status.UP, Reason(int(first["reason"])), int(first["ttl"]))
    if host in snapshot.problems:
        return HostStatus(Status.FAILED)
    return HostStatus(Status.SKIPPED if host in snapshot.skipped else Status.UNKNOWN)

"""Whether a host is up: what discovery found out, and what the answers to its port probes tell."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.cell import FOREIGN
from engine.results.snapshot import Snapshot
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType


class Status(StrEnum):
    """What is known about a host."""

    UP = "up"
    """At least one answer came from the host itself."""
    DOWN = "down"
    """It was asked and did not answer, or a router said that it cannot be reached."""
    UNKNOWN = "unknown"
    """It was scanned unasked and nothing answered, or nobody asked it."""
    FAILED = "failed"
    """It could not be probed."""
    SKIPPED = "skipped"
    """The user skipped it before it answered."""


class HostStatus(Struct, frozen=True):
    """A host's status and what it rests on.

    Attributes:
        status: what is known.
        reason, ttl: of discovery's verdict, or of the first answer to a port probe.
        assumed: the host is UNKNOWN, and its ports were scanned nevertheless (``-Pn``).
    """

    status: Status
    reason: Reason = Reason.NONE
    ttl: int = 0
    assumed: bool = False


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
    """The status of host number ``host``. An answer to a port probe proves more than silence to
    discovery; a host that was only assumed to be up has to prove it."""
    known = snapshot.hosts.line(host)
    if known.state is HostState.UP and known.reason is not Reason.USER_SET:
        return HostStatus(Status.UP, known.reason, known.ttl)
    admitted = snapshot.view.row(host) >= 0
    if admitted:
        answer = _first_answer(snapshot.view.host_cells(host))
        if answer is not None:
            return answer
    if host in snapshot.problems:
        return HostStatus(Status.FAILED)
    if host in snapshot.skipped:
        return HostStatus(Status.SKIPPED)
    if known.state is HostState.DOWN:
        return HostStatus(Status.DOWN, known.reason, known.ttl)
    return HostStatus(Status.UNKNOWN, assumed=admitted or known.state is HostState.UP)


def _first_answer(cells: NDArray[np.void]) -> HostStatus | None:
    """UP by the earliest answer that came from the host itself; None when there is none."""
    reasons = cells["reason"]
    vouched = (cells["state"] != PortState.PENDING) & ~_IS_SILENT[reasons]
    vouched &= cells["flags"] & FOREIGN == 0
    vouched &= ~(_IS_UNREACHABLE[reasons] & (cells["technique"] == ScanType.CONNECT))
    answers = cells[vouched]
    if not len(answers):
        return None
    first = answers[np.argmin(answers["clock"])]
    return HostStatus(Status.UP, Reason(int(first["reason"])), int(first["ttl"]))

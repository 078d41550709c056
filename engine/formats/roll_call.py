"""Roll call: which hosts a report lists, and how many there are of each kind.

Most addresses of a wide scan are dark. They are counted, not listed, unless the user wants more
detail or asked for a mere list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.formats.host_status import HostStatus, Status, host_status
from engine.formats.style import Style
from engine.results.report import ScanReport
from engine.results.snapshot import Snapshot
from engine.spec.host_state import HostState
from engine.spec.ping import Mode
from engine.spec.port_state import INTERESTING
from engine.spec.reason import Reason


class RollCall(Struct, frozen=True):
    """The hosts of a report.

    Attributes:
        listed: host numbers, ascending, with their status; of a part those that are in it.
        total: all addresses.
        counts: hosts of each status, listed or not.
        assumed: those of UNKNOWN whose ports were scanned unasked.
        unscanned: hosts that are not down, and whose port scan never began.
        hidden_down: hosts that are down and not listed, by reason.
        silent: hosts of a huge scan that were scanned unasked and answered nothing; not listed.
    """

    listed: tuple[tuple[int, HostStatus], ...]
    total: int
    counts: Mapping[Status, int]
    assumed: int
    unscanned: int
    hidden_down: Mapping[Reason, int]
    silent: int = 0

    @property
    def up(self) -> int:
        """Hosts that answered."""
        return self.counts[Status.UP]

    @property
    def down(self) -> int:
        """Hosts that were asked and are down."""
        return self.counts[Status.DOWN]

    @property
    def not_asked(self) -> int:
        """Hosts that nobody asked or scanned."""
        return self.counts[Status.UNKNOWN] - self.assumed


def lists_only(report: ScanReport) -> bool:
    """True for a scan that only lists its targets (``-sL``)."""
    discovery = report.spec.discovery
    return discovery is not None and discovery.mode is Mode.LIST


def roll_call(report: ScanReport, style: Style) -> RollCall:
    """Go through all hosts of a report."""
    snapshot = report.snapshot
    total = snapshot.view.host_count
    let_go = snapshot.view.released_hosts
    everyone = (style.detail > 0 and not let_go) or lists_only(report)
    open_only = style.open_only and report.spec.scan_ports
    called = np.arange(total) if everyone else snapshot.outspoken()
    statuses = [(host, host_status(snapshot, host)) for host in called.tolist()]
    counts = Counter(status.status for _, status in statuses)
    silent = _reasons_of_down(snapshot, called)
    counts[Status.DOWN] += sum(silent.values())
    unasked = total - len(called) - sum(silent.values()) - let_go
    counts[Status.UNKNOWN] += unasked + let_go
    hidden = Counter(silent)
    listed = []
    for host, status in statuses:
        dark = status.status is Status.DOWN or (
            status.status is Status.UNKNOWN and not status.assumed
        )
        if dark and not everyone:
            hidden[status.reason] += status.status is Status.DOWN
        elif not open_only or _has_interesting(snapshot, host):
            listed.append((host, status))
    if report.part is not None:
        chosen = sorted(report.part.hosts)
        listed = [(host, host_status(snapshot, host)) for host in chosen]
    return RollCall(
        listed=tuple(listed),
        total=total,
        counts=counts,
        assumed=sum(status.assumed for _, status in statuses) + let_go,
        unscanned=unasked + sum(is_unscanned(snapshot, host, one) for host, one in statuses),
        hidden_down={reason: number for reason, number in hidden.most_common() if number},
        silent=let_go,
    )


def is_unscanned(snapshot: Snapshot, host: int, status: HostStatus) -> bool:
    """True for a host that is not down, and whose port scan never began."""
    return status.status is not Status.DOWN and snapshot.view.row(host) < 0


def _reasons_of_down(snapshot: Snapshot, called: NDArray[np.int64]) -> dict[Reason, int]:
    """Reasons of the hosts that are down and not among these (each once)."""
    numbers = snapshot.hosts.reasons_of(HostState.DOWN)
    known = snapshot.hosts.take(called)
    numbers -= np.bincount(known["reason"][known["state"] == HostState.DOWN], minlength=256)
    return {Reason(reason): int(numbers[reason]) for reason in np.flatnonzero(numbers).tolist()}


def _has_interesting(snapshot: Snapshot, host: int) -> bool:
    counts = snapshot.view.counts(host)
    return any(counts[state] for state in INTERESTING)

"""Snapshot: everything a screen or an export needs to know about a scan at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol as Interface

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.progress import Progress as Progress
from engine.results.host_view import NO_HOSTS, HostView, found_up
from engine.results.layers import EarlierResult
from engine.results.row import HostNames, Row, make_row
from engine.results.view import StoreView
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.spec.timing import TimingTemplate


class Phase(StrEnum):
    """Where a scan is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """True when nothing more will happen without a new command."""
        return self in (Phase.FINISHED, Phase.CANCELLED, Phase.FAILED)


class HostTimes(Interface):
    """Seconds by host index."""

    def __len__(self) -> int:
        """Number of hosts."""

    def __getitem__(self, host: int, /) -> float:
        """Seconds of one host, NaN unknown."""


class HostLine(Struct, frozen=True):
    """One host, for a list of hosts. ``counts`` maps states to numbers of ports.

    ``name`` is what the user typed, or else what the DNS calls the host. ``state`` and ``reason``
    are discovery's: UNKNOWN and NONE where it asked nobody. ``stale`` while it asks again.
    """

    host: int
    address: str
    name: str
    counts: Mapping[PortState, int]
    total: int
    rtt: float | None
    problem: str
    skipped: bool
    state: HostState = HostState.UNKNOWN
    reason: Reason = Reason.NONE
    stale: bool = False

    @property
    def decided(self) -> int:
        """Ports with an answer."""
        return self.total - self.counts[PortState.PENDING]


class Snapshot(Struct, frozen=True):
    """A scan at one moment. Immutable: hand it to any thread.

    Attributes:
        serial: grows with every snapshot that differs from the one before.
        host_rtt: smoothed round-trip time per host in seconds, NaN unknown.
        problems: why a host could not be probed, by host index.
        skipped: hosts the user skipped.
        notices: lines the user should see: rights that are missing, fall-backs taken.
        started_at: Unix time of the start; 0 before.
        failure: why the scan FAILED; empty otherwise.
        hosts: what discovery knows about each host.
        doubts: why a host's open ports are not to be believed, by host index.
    """

    serial: int
    phase: Phase
    view: StoreView
    names: HostNames
    scan_types: tuple[ScanType, ...]
    timing: TimingTemplate
    progress: Progress = field(default_factory=Progress)
    verbosity: int = 0
    host_rtt: HostTimes = ()
    problems: Mapping[int, str] = field(default_factory=dict)
    skipped: frozenset[int] = frozenset()
    notices: tuple[str, ...] = ()
    started_at: float = 0.0
    failure: str = ""
    hosts: HostView = NO_HOSTS
    doubts: Mapping[int, str] = field(default_factory=dict)

    def host_line(self, host: int) -> HostLine:
        """One host's summary."""
        counts = self.view.counts(host)
        known = self.hosts.line(host)
        rtt = float(self.host_rtt[host]) if host < len(self.host_rtt) else float("nan")
        return HostLine(
            host=host,
            address=self.names.text(host),
            name=self.names.name(host) or known.name,
            counts={state: int(counts[state]) for state in PortState},
            total=int(counts.sum()),
            rtt=known.rtt if np.isnan(rtt) else rtt,
            problem=self.problems.get(host, ""),
            skipped=host in self.skipped,
            state=known.state,
            reason=known.reason,
            stale=known.stale,
        )

    def outspoken(self) -> NDArray[np.int64]:
        """The hosts there is something to say of, ascending: those that were found up, whose ports
        are scanned, that were skipped or cannot be probed."""
        up = self.hosts.where(found_up)
        told = np.array([*self.problems, *self.skipped], np.int64)
        hosts = distinct(np.concatenate([up, self.view.hosts.astype(np.int64), told]))
        return hosts[hosts < self.view.host_count]

    def row(self, key: int) -> Row | None:
        """The result of one cell, or None when the scan does not have it."""
        cell = self.view.cell(key)
        return None if cell is None else make_row(key, cell, self.names)

    def earlier(self, key: int) -> tuple[EarlierResult, ...]:
        """What other techniques than the one that decided a cell found there, oldest first."""
        cell = self.view.cell(key)
        return () if cell is None else self.view.earlier.of(key, int(cell["technique"]))

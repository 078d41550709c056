"""Which ports of a host are listed one by one, and which are summed up.

A thousand closed ports say more as ``Not shown: 997 closed tcp ports (reset)``. A state is summed
up when it has more ports than fit a screen; never ``open``. The rule and its figures are nmap's, so
that readers of both programs see the same picture. The open ports of a host that calls every port
open are summed up too: they say nothing. Ports in another state than before they were probed again
are news, and listed while they are few.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.formats.style import Style
from engine.results.cell import DOUBTED, changed
from engine.results.part import Part
from engine.results.snapshot import Snapshot
from engine.spec.port_state import INTERESTING, PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol

LISTED_PER_DETAIL = 25
"""A state keeps this many lines per step of detail before it is summed up."""

FULL_DETAIL = 3
"""From this detail on, ``open|filtered`` ports and open ports in doubt are listed too."""


class PortGroup(Struct, frozen=True):
    """Ports of one host that share state, reason and protocol: ``ports`` ascending (int64)."""

    state: PortState
    reason: Reason
    protocol: Protocol
    ports: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many ports there are."""
        return len(self.ports)


class HostPorts(Struct, frozen=True):
    """The ports of one host as a report shows them.

    Attributes:
        listed: CELLs to show one by one, in the order of ``channels``.
        channels: ``protocol << 16 | port`` of each listed cell, ascending.
        groups: what is summed up, the most frequent state and, within it, reason first.
        pending: ports nothing is known about; 0 in a part.
        changed: how many of those summed up are in another state than before they were probed
            again.
    """

    listed: NDArray[np.void]
    channels: NDArray[np.int64]
    groups: tuple[PortGroup, ...]
    pending: int
    changed: int = 0

    @property
    def summed_up(self) -> int:
        """Number of ports in groups."""
        return sum(group.count for group in self.groups)


def host_ports(snapshot: Snapshot, host: int, style: Style, part: Part | None = None) -> HostPorts:
    """Sort the decided ports of host number ``host`` into listed and summed up. What the user chose
    is listed, all of it: of a ``part`` nothing is summed up."""
    if part is not None:
        return _chosen_ports(snapshot, host, part)
    cells = snapshot.view.host_cells(host)[: len(snapshot.view.channels)]
    states, sure = cells["state"].copy(), cells["flags"] & DOUBTED == 0
    counts = np.bincount(states, minlength=len(PortState))
    shown = np.array([_is_listed(state, int(counts[state]), style) for state in PortState])
    clear = shown[states]
    if style.detail < FULL_DETAIL:
        clear &= sure
    news = changed(cells) & ~clear & sure
    unlisted = int(np.count_nonzero(news))
    if unlisted <= _most_listed(style) and not style.open_only:
        clear, unlisted = clear | news, 0
    listed = np.flatnonzero(clear)
    channels = snapshot.view.channels[listed].astype(np.int64)
    order = np.argsort(channels, kind="stable")
    folded = np.flatnonzero(~clear & (states != PortState.PENDING))
    groups = _groups(
        snapshot.view.channels[folded].astype(np.int64),
        states[folded],
        cells["reason"][folded],
        counts,
    )
    pending = int(counts[PortState.PENDING])
    return HostPorts(cells[listed[order]], channels[order], groups, pending, unlisted)


def _chosen_ports(snapshot: Snapshot, host: int, part: Part) -> HostPorts:
    channels = np.sort(snapshot.view.channels[part.has_ports(host, snapshot.view.channels)])
    cells = snapshot.view.host_cells(host)[snapshot.view.columns.find(channels)]
    decided = cells["state"] != PortState.PENDING
    return HostPorts(cells[decided], channels[decided].astype(np.int64), (), 0)


def _is_listed(state: PortState, count: int, style: Style) -> bool:
    if state is PortState.PENDING:
        return False
    if state is PortState.OPEN:
        return True
    if style.open_only:
        return state in INTERESTING
    if state is PortState.OPEN_FILTERED and style.detail >= FULL_DETAIL:
        return True
    return count <= _most_listed(style)


def _most_listed(style: Style) -> int:
    return LISTED_PER_DETAIL * (style.detail + 1)


def _groups(
    channels: NDArray[np.int64],
    states: NDArray[np.uint8],
    reasons: NDArray[np.uint8],
    counts: NDArray[np.int64],
) -> tuple[PortGroup, ...]:
    if not len(channels):
        return ()
    kinds = (channels >> 16) << 16 | states.astype(np.int64) << 8 | reasons
    groups = [
        PortGroup(
            PortState(kind >> 8 & 0xFF),
            Reason(kind & 0xFF),
            Protocol(kind >> 16),
            np.sort(channels[kinds == kind] & 0xFFFF),
        )
        for kind in distinct(kinds).tolist()
    ]
    groups.sort(key=lambda group: (-int(counts[group.state]), group.state, -group.count))
    return tuple(groups)


def range_list(ports: NDArray[np.int64]) -> str:
    """Ascending ports as ranges: ``22,80-90``; empty for no ports."""
    if not len(ports):
        return ""
    breaks = np.flatnonzero(np.diff(ports) != 1) + 1
    firsts = ports[np.concatenate(([0], breaks))].tolist()
    lasts = ports[np.concatenate((breaks - 1, [len(ports) - 1]))].tolist()
    return ",".join(
        f"{first}" if first == last else f"{first}-{last}"
        for first, last in zip(firsts, lasts, strict=True)
    )

"""Second answers: which state may replace which when a port answers twice in one pass.

A router's ICMP error and the target's own SYN/ACK may both come back for one port, in any order.
What says more stays. No chain of replacements leads back to a state it began with, so a port
changes a few times at most, however many answers come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from engine.techniques.registry import technique

_OPEN, _CLOSED = PortState.OPEN, PortState.CLOSED
_FILTERED, _UNFILTERED = PortState.FILTERED, PortState.UNFILTERED
_VAGUE = frozenset({PortState.OPEN_FILTERED, PortState.CLOSED_FILTERED})
_PLAIN = frozenset({_OPEN, _CLOSED, _FILTERED, _UNFILTERED})


class Upgrade(NamedTuple):
    """The states that may replace an earlier one.

    ``ordinary``: by answers to scan types whose open ports answer; ``silent``: by answers to those
    whose open ports keep silent (silence means ``open|filtered``). The latter learn of a closed
    port from its refusal; that stands, and an answer never makes a filtered port open.
    """

    ordinary: frozenset[PortState]
    silent: frozenset[PortState]


UPGRADES = {
    PortState.OPEN: Upgrade(frozenset(), frozenset({_CLOSED, _FILTERED})),
    PortState.CLOSED: Upgrade(frozenset({_OPEN}), frozenset()),
    PortState.FILTERED: Upgrade(frozenset({_OPEN, _CLOSED, _UNFILTERED}), frozenset({_CLOSED})),
    PortState.UNFILTERED: Upgrade(frozenset({_OPEN, _CLOSED}), frozenset({_OPEN, _CLOSED})),
    PortState.OPEN_FILTERED: Upgrade(_PLAIN, _PLAIN),
    PortState.CLOSED_FILTERED: Upgrade(_PLAIN, _PLAIN),
}


def may_replace(
    old: NDArray[np.uint8], new: NDArray[np.uint8], techniques: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Whether answers with states ``new``, to probes of ``techniques`` (ScanType values), replace
    states ``old``. All of shape (n,)."""
    replaces: NDArray[np.bool_] = _TABLE[_SILENT_OPEN[techniques], old, new]
    return replaces


def _table() -> NDArray[np.bool_]:
    table = np.zeros((2, len(PortState), len(PortState)), bool)
    for old, upgrade in UPGRADES.items():
        for kind, states in enumerate(upgrade):
            table[kind, old, sorted(states)] = True
    return table


def _silent_open() -> NDArray[np.uint8]:
    """1 for scan types whose open ports keep silent, by ScanType value."""
    kinds = np.zeros(256, np.uint8)
    for scan_type in ScanType:
        kinds[scan_type] = technique(scan_type).silence.state is PortState.OPEN_FILTERED
    return kinds


_TABLE = _table()
_SILENT_OPEN = _silent_open()

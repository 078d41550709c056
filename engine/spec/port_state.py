"""Port states: the six answers a scan can give, and "not decided yet"."""

from __future__ import annotations

from enum import IntEnum


class PortState(IntEnum):
    """State of one port. The value is what the columnar store keeps (one byte)."""

    PENDING = 0
    """Nothing is known yet. After the end of a scan: the port could not be probed."""
    OPEN = 1
    CLOSED = 2
    FILTERED = 3
    UNFILTERED = 4
    OPEN_FILTERED = 5
    CLOSED_FILTERED = 6

    @property
    def label(self) -> str:
        """The state in the words users know from nmap, e.g. ``open|filtered``."""
        return _LABELS[self]

    @property
    def glyph(self) -> str:
        """One character that tells states apart without colour."""
        return _GLYPHS[self]

    @classmethod
    def from_label(cls, label: str) -> PortState:
        """The state called ``label``. Raises ValueError for an unknown word."""
        for state, text in _LABELS.items():
            if text == label:
                return state
        raise ValueError(f"unknown port state {label!r}")


_LABELS = {
    PortState.PENDING: "pending",
    PortState.OPEN: "open",
    PortState.CLOSED: "closed",
    PortState.FILTERED: "filtered",
    PortState.UNFILTERED: "unfiltered",
    PortState.OPEN_FILTERED: "open|filtered",
    PortState.CLOSED_FILTERED: "closed|filtered",
}

_GLYPHS = {
    PortState.PENDING: "·",
    PortState.OPEN: "●",
    PortState.CLOSED: "○",
    PortState.FILTERED: "▒",
    PortState.UNFILTERED: "◌",
    PortState.OPEN_FILTERED: "◐",
    PortState.CLOSED_FILTERED: "◍",
}

INTERESTING = frozenset({PortState.OPEN, PortState.OPEN_FILTERED, PortState.UNFILTERED})
"""The states the open-only view shows (the set ``--open`` of nmap keeps)."""

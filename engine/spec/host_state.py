"""Host states: what is known about a whole host."""

from __future__ import annotations

from enum import IntEnum


class HostState(IntEnum):
    """Whether a host is there. The value is what the host table keeps (one byte)."""

    UNKNOWN = 0
    """Nobody asked, or the question is still open."""
    UP = 1
    DOWN = 2

    @property
    def label(self) -> str:
        """nmap's word, e.g. ``up``."""
        return self.name.lower()

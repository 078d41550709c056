"""QuietSpells: when hosts that are watched were not to be heard (engine.core.vigil)."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import distinct

_MOST = 12
"""Quiet spells after which a host's silence is believed, ..."""
_LONGEST = 25.0
"""... and seconds of them."""


class _Spell(Struct, frozen=True):
    """When a host was quiet last, and how often and for how many seconds it has been."""

    since: float
    until: float
    count: int = 0
    seconds: float = 0.0


_NEVER = _Spell(0.0, 0.0)


class QuietSpells:
    """The quiet spells of the hosts of one scan. Times in seconds."""

    def __init__(self) -> None:
        self._spells: dict[int, _Spell] = {}

    def __bool__(self) -> bool:
        return bool(self._spells)

    def note(self, host: int, since: float, until: float) -> None:
        """A host was not heard for a while."""
        before = self._spells.get(host, _NEVER)
        seconds = before.seconds + until - since
        self._spells[host] = _Spell(since, until, before.count + 1, seconds)

    def enough(self, host: int) -> bool:
        """Whether the host has been waited for often enough."""
        spell = self._spells.get(host, _NEVER)
        return spell.count >= _MOST or spell.seconds >= _LONGEST

    def cover(self, hosts: NDArray[np.uint32], times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the times (n,) lie in the last quiet spell of their hosts (n,)."""
        covered = np.zeros(len(hosts), bool)
        for host in distinct(hosts).tolist():
            spell = self._spells.get(host)
            if spell is not None:
                covered |= (hosts == host) & (times > spell.since) & (times < spell.until)
        return covered

"""Drying up: hosts whose RSTs stopped coming while their ports were still being asked.

Ports are asked in random order, so the closed ones answer all along. If all ``m`` RSTs came within
a share ``f`` of the time in which the first probes left, chance does that with a probability of
about ``m * f ** (m - 1)``; a ration with a small reserve always does it (nft: ``limit rate
5/second`` lets five pass at once).
Suspicion costs a round of probes (engine.core.rounds), so it need not be right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import groups
from engine.core.ledger import Ledger, Positions
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol

_LEAST = 4
"""RSTs below which their times say nothing."""
_CHANCE = 0.01
_EARLY = 0.25
"""Share of the first probes above which nothing has dried up. (Popular ports are asked first, and
may be the only ones that are not filtered.)"""
_RESETS = (Reason.RESET, Reason.CONN_REFUSED)


def dried_up(
    ledger: Ledger, silent: Positions, span: float, ticks_per_second: float
) -> NDArray[np.uint32]:
    """Hosts of the ``silent`` cells that sent RSTs at first only. ``span``:
    seconds in which the first probes left."""
    if not len(silent) or span <= 0:
        return np.empty(0, np.uint32)
    decided = ledger.positions(protocol=Protocol.TCP)
    resets = decided[np.isin(ledger.reasons(decided), _RESETS)]
    if not len(resets):
        return np.empty(0, np.uint32)
    hosts, which = groups(ledger.name(resets)[0].astype(np.uint64))
    times = ledger.clocks(resets) / ticks_per_second
    first, last = np.full(len(hosts), np.inf), np.zeros(len(hosts))
    np.minimum.at(first, which, times)
    np.maximum.at(last, which, times)
    share = np.minimum((last - first) / span, 1.0)
    count = np.bincount(which)
    early = (count >= _LEAST) & (share < _EARLY) & (count * share ** (count - 1.0) < _CHANCE)
    suspect = hosts[early].astype(np.uint32)
    suspects: NDArray[np.uint32] = suspect[np.isin(suspect, ledger.name(silent)[0])]
    return suspects

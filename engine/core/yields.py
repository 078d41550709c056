"""Yields: hosts that ration their RSTs, recognised while their ports are still being asked.

Where packets get lost by chance, most closed ports answer the first copy, and second copies bring
only the rest: of ports that answer a copy with probability ``h``, second copies bring ``1 - h``
times as many answers as first ones. A ration lets so many pass per second, whatever is asked. So
second copies bring as many as the first copies of the same ports did, and that is how it shows, a
dozen answers after the first second copies have left.

The beginning is left out: a full bucket lets a burst of answers pass, and popular ports, which are
asked first, may be the only ones that are not filtered. So where all first copies leave in one
burst, later ones are compared.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.ledger import Ledger
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol

_LEAST = 6
"""RSTs to one copy, and to later ones, that are needed to compare the two."""
_ALIKE = (0.6, 1.7)
"""RSTs to a copy per RST to the one before, at least and at most."""
_SPARED = 0.2
"""Share of the other answers (of open ports) that may come to second copies. A queue that is full
loses them as well."""
_COMPARED = (1, 2, 3)
"""Copies that later ones are compared with, by number."""
_FASTEST = 500.0
"""RSTs per second above which it is rather a slow path, which the pace finds out: rations are small
(200 a second on BSD, 250 on macOS)."""
_FIRST_LOOK = 8
"""RSTs to later copies after which a host is worth a look."""
_GROWTH = 1.5
"""Factor by which they grow until the next look."""
_MOST_HOSTS = 4_096
"""Hosts that are watched at the same time; others wait until their silence is reviewed."""
_RESETS = (Reason.RESET, Reason.CONN_REFUSED)


class Yields:
    """Watches the answers of the hosts of one scan."""

    def __init__(self, ledger: Ledger, ticks_per_second: float) -> None:
        self._ledger = ledger
        self._ticks = ticks_per_second
        self._seen: dict[int, int] = {}
        self._look_at: dict[int, float] = {}

    def note(self, hosts: NDArray[np.uint32]) -> list[int]:
        """Ports of these hosts answered later copies with RSTs, one entry for each; returns the
        hosts that are worth a look."""
        due = []
        for host in distinct(hosts).tolist():
            if host not in self._seen and len(self._seen) >= _MOST_HOSTS:
                continue
            seen = self._seen.get(host, 0) + _count(hosts == host)
            self._seen[host] = seen
            if seen >= self._look_at.get(host, _FIRST_LOOK):
                self._look_at[host] = seen * _GROWTH
                due.append(host)
        return due

    def ration(self, host: int, now: float, timeout: float) -> float:
        """RSTs per second that the host sends at most; 0 when it does not look rationed.

        ``now``: seconds since the scan began; ``timeout``: seconds between two copies.
        """
        decided = self._ledger.positions(protocol=Protocol.TCP, host=host)
        reasons = self._ledger.reasons(decided)
        resets = np.isin(reasons, _RESETS)
        others = ~resets & (reasons != Reason.NO_RESPONSE)
        seen = _Seen(
            times=self._ledger.clocks(decided) / self._ticks,
            copies=self._ledger.tries(decided),
            resets=resets,
            others=others,
        )
        rates = (_steady_rate(seen, copy, now, timeout) for copy in _COMPARED)
        return next(filter(None, rates), 0.0)


class _Seen(NamedTuple):
    """A host's decided ports: when (seconds), by which copy, and whether by a RST or otherwise."""

    times: NDArray[np.float64]
    copies: NDArray[np.uint8]
    resets: NDArray[np.bool_]
    others: NDArray[np.bool_]


def _steady_rate(seen: _Seen, copy: int, now: float, timeout: float) -> float:
    """RSTs per second, when those to this copy and to later ones came alike; else 0."""
    one = seen.copies == copy
    if not (one & seen.resets).any():
        return 0.0
    begin = (seen.times[one & seen.resets].min() + now - timeout) / 2
    early = one & (seen.times >= begin) & (seen.times < now - timeout)
    late = (seen.copies > copy) & (seen.times >= begin + timeout)
    before, again = _count(early & seen.resets), _count(late & seen.resets)
    if min(before, again) < _LEAST or not _ALIKE[0] <= again / before <= _ALIKE[1]:
        return 0.0
    if _count(late & seen.others) > _SPARED * _count((early | late) & seen.others):
        return 0.0
    steady = seen.times[seen.resets & (seen.times >= begin)]
    # Two fewer than there are: the first begins the time, another may have come early.
    rate = (len(steady) - 2) / max(float(steady.max() - steady.min()), 1e-3)
    return rate if rate <= _FASTEST else 0.0


def _count(which: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))

"""Yields: hosts that ration their RSTs, recognised while their ports are still being asked.

Where packets get lost by chance, most closed ports answer the first copy, and second copies bring
only the rest: of ports that answer a copy with probability ``h``, second copies bring ``1 - h``
times as many answers as the first copies of the same ports. A ration lets so many pass per second,
whatever is asked, so second copies bring as many as first ones. A host is taken to ration its RSTs
when

- second copies bring more, by three standard deviations, than on a path that loses half of them;
- never more RSTs came at once than a bucket could have held that fills at the rate measured. On a
  path that just loses packets, faster probes brought more answers at some time;
- its open ports do not answer second copies as well, which a full queue makes them do.

It takes about a hundred RSTs to be so sure. Hosts that send fewer, or slower, are found out when
their silence is reviewed (engine.core.sentinels, drying, rounds).

The beginning is left out: a full bucket lets a burst of answers pass, and popular ports, which are
asked first, may be the only ones that are not filtered. So where all first copies leave in one
burst, later ones are compared.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.ledger import Ledger
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol

_WORST = 0.51
"""Share of the copies that a path may lose without being taken for a ration (30 % each way)."""
_SHARE = _WORST / (1 + _WORST)
"""Share of the answers to two successive copies that come to the second one there."""
_SIGMAS = 3.0
"""Standard deviations beyond chance that it takes to be sure."""
_MOST_ALIKE = 1.7
"""RSTs to a copy per RST to the one before, at most."""
_LARGEST = 1.2
"""Seconds of tokens that a bucket may hold (BSD counts by the second), ..."""
_SMALLEST = 8.0
"""... and tokens that any may."""
_SPARED = 0.2
"""Share of the other answers (of open ports) that may come to second copies. A queue that is full
loses them as well."""
_LATEST = 7
"""Last copy that the one before is compared with."""
FASTEST = 500.0
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
        return _steady_rate(seen, now, timeout) if resets.any() else 0.0


class _Seen(Struct, frozen=True):
    """A host's decided ports: when (seconds), by which copy, and whether by a RST or otherwise."""

    times: NDArray[np.float64]
    copies: NDArray[np.uint8]
    resets: NDArray[np.bool_]
    others: NDArray[np.bool_]


def _steady_rate(seen: _Seen, now: float, timeout: float) -> float:
    """RSTs per second, when those to any copy and to the next came alike; else 0."""
    resets = np.sort(seen.times[seen.resets])
    end = now - timeout
    begin = (resets[0] + end) / 2
    early = (seen.times >= begin) & (seen.times < end) & (seen.copies < _LATEST)
    late = (seen.times >= begin + timeout) & (seen.copies > 1) & (seen.copies <= _LATEST)
    if not _more_than_loss(_count(early & seen.resets), _count(late & seen.resets)):
        return 0.0
    if _count(late & seen.others) > _SPARED * _count((early | late) & seen.others):
        return 0.0
    steady = resets[resets >= begin]
    # Two fewer than there are: the first begins the time, another may have come early.
    rate = (len(steady) - 2) / max(float(steady[-1] - steady[0]), 1e-3)
    return rate if rate <= FASTEST and _fits_bucket(resets, rate) else 0.0


def _more_than_loss(before: int, again: int) -> bool:
    """Whether second copies brought more than they do on the worst path."""
    both = before + again
    least = both * _SHARE + _SIGMAS * math.sqrt(both * _SHARE * (1 - _SHARE))
    return again > least and again <= _MOST_ALIKE * before


def _fits_bucket(times: NDArray[np.float64], rate: float) -> bool:
    """Whether a bucket that ``rate`` tokens a second flow into gave these answers: never more at
    once than it may hold."""
    surplus = np.arange(1, len(times) + 1) - rate * times
    drained = np.minimum.accumulate(surplus - 1)
    return bool((surplus - drained).max() <= rate * _LARGEST + _SMALLEST)


def _count(which: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))

"""Sentinels: ports known to answer, asked again to learn what silence elsewhere is worth.

Among the further copies sent to ports that keep silent travel questions to answering ports of the
same host, evenly spread. What happens to them happens to the others: engine.core.proof judges it.
So a full queue or a lossy path shows even where hardly a port answers, and on a path that works the
questions cost no time.

Whether a host rations its RSTs needs another question. The bucket was full at first and gave ``m``
RSTs, so it holds no more than that (a little came since). ``2 m + 2`` questions to closed ports at
once, the *volley*, empty it, and then answers are missing; a host that does not ration gives all of
them. With MANY and more RSTs the time of their coming says it better (engine.core.drying).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import UNKNOWN_ATTEMPT, ProbeBatch, empty_probes
from engine.core.cells import Cells
from engine.core.distinct import tally
from engine.core.ledger import Positions
from engine.core.questions import FIRST_QUESTION, Questions
from engine.core.send_queue import LAST_ATTEMPT, SendQueue
from engine.core.walks import name_cells
from engine.core.witness import answering

MANY = 12
"""RSTs of a host from which on no volley is needed."""
_TELLING = 40
"""Questions that make the loss known, ..."""
_LEAST, _SHARE = 14, 4
"""... and where it is known: so many, or one for each so many silent ports."""
_LEAST_UNEVEN = 0.5
"""How many questions leave for each that is due, at least, and one more at most: what comes in step
with a queue is either always lost or never."""
_GOLDEN = 0.6180339887498949
"""Its multiples modulo 1 are spread evenly, in no order (Weyl's theorem); a generator of random
numbers takes longer to load than a short scan."""
_MOST_HOSTS = 512
"""Hosts that have sentinels at the same time."""


class Sentinels:
    """The sentinels of one scan. Times in seconds.

    Attributes:
        wanted: whether a host is to be asked such questions now.
        valid_from: ports decided before (decision time) may have been asked in another way.
        rationing: hosts known to ration their RSTs, whose closed ports are left alone.
    """

    def __init__(
        self, cells: Cells, queue: SendQueue, wanted: Callable[[int], bool], resets: bool = True
    ) -> None:
        """``resets``: closed ports are asked as well."""
        self._cells = cells
        self._queue = queue
        self.wanted = wanted
        self._resets = resets
        self._hosts: dict[int, Questions] = {}
        self._volleys: list[ProbeBatch] = []
        self._drawn = 0
        self.valid_from = 0
        self.rationing: set[int] = set()

    def forget(self, hosts: NDArray[np.uint32]) -> None:
        """Ask nothing more of these hosts for now, and forget what was asked."""
        for host in self._hosts.keys() & set(hosts.tolist() if self._hosts else ()):
            del self._hosts[host]
            self._volleys = [probes[probes["host"] != host] for probes in self._volleys]

    def forget_common(self, apart: NDArray[np.uint32]) -> None:
        """The common pace was too fast: what was asked at it tells nothing of silence at another.
        Hosts ``apart`` have paces of their own."""
        common = self._hosts.keys() - set(apart.tolist())
        self.forget(np.fromiter(common, np.uint32, len(common)))

    def of(self, host: int) -> Questions | None:
        """The host's questions, if there are any."""
        return self._hosts.get(host)

    def take(self, host: int) -> Questions | None:
        """The host's questions, which then are forgotten."""
        return self._hosts.pop(host, None)

    # ---------------------------------------------------------------- waiting

    def awaits(self, now: float, host: int) -> bool:
        """Whether there is an answer of this host to wait for."""
        mine = self._hosts.get(host)
        return mine is not None and (mine.unsent > 0 or mine.awaited(now) > 0)

    def busy(self, now: float) -> bool:
        """Whether there is one of any host."""
        return any(self.awaits(now, host) for host in self._hosts)

    def out(self, now: float) -> int:
        """Questions that may be answered yet."""
        return sum(mine.awaited(now) for mine in self._hosts.values())

    @property
    def unsent(self) -> int:
        """Questions of volleys that wait to be sent."""
        return sum(map(len, self._volleys))

    def next_over(self, now: float) -> float:
        """When a host has no more answers to wait for; infinity for never."""
        dues = (mine.due for mine in self._hosts.values())
        return min((due for due in dues if due > now), default=math.inf)

    # ---------------------------------------------------------------- questions

    def possible(self, host: int) -> bool:
        """Whether there are ports to ask."""
        return any(map(len, self._answering(host)))

    def _answering(self, host: int) -> tuple[Positions, Positions]:
        at = self._queue.counted(self._cells.ledger.positions(host=host))
        opened, closed = answering(self._cells, at, self.valid_from)
        asked = self._resets and host not in self.rationing
        return opened, closed if asked else closed[:0]

    def post(self, host: int) -> bool:
        """Ask closed ports of the host at once whether it rations its RSTs; False if there are
        none, or too many."""
        _, closed = self._answering(host)
        if not 0 < len(closed) < MANY:
            return False
        mine = self._hosts.setdefault(host, Questions())
        mine.unsent = 2 * len(closed) + 2
        self._volleys.append(self._ask(closed, mine.unsent))
        return True

    def _ask(self, ports: Positions, count: int) -> ProbeBatch:
        """``count`` questions to these ports in turn, as far as they can be told apart."""
        count = min(count, len(ports) * (LAST_ATTEMPT + 1 - FIRST_QUESTION))
        probes = name_cells(*self._cells.ledger.name(np.resize(ports, count)))
        probes["technique"] = self._queue.assignment.of_probes(probes)
        probes["attempt"] = LAST_ATTEMPT - np.arange(count) // max(len(ports), 1)
        return probes

    def _begin(self, host: int) -> Questions:
        silent = len(self._cells.ledger.pending(host=host))
        count = min(max(_LEAST, silent // _SHARE), _TELLING)
        opened, closed = self._answering(host)
        few = min(2 * len(closed) + 2, 2 * MANY) if len(closed) else 0
        first = self._ask(opened, count)
        second = self._ask(closed, few if len(opened) else max(few, count))
        both = np.concatenate([first, second])
        places = [np.arange(len(some)) / max(len(some), 1) for some in (first, second)]
        both = both[np.argsort(np.concatenate(places), kind="stable")]
        every = max(silent / max(len(both), 1), 1e-3)
        return Questions(both, every, closed=frozenset(_channels(second).tolist()))

    def mix(
        self, now: float, probes: ProbeBatch, room: int
    ) -> tuple[ProbeBatch, NDArray[np.bool_]]:
        """Put questions, ``room`` at most, among probes that are about to leave; returns all of
        them, and which are questions."""
        for host, count in _tallied(probes["host"][probes["attempt"] > 0]):
            mine = self._hosts.get(host)
            if mine is None:
                if len(self._hosts) >= _MOST_HOSTS or not self.wanted(host):
                    continue
                mine = self._hosts[host] = self._begin(host)
            earned = count / mine.every * (_LEAST_UNEVEN + self._uneven(1)[0])
            mine.credit = min(mine.credit + earned, len(mine.waiting))
            mine.first = min(mine.first, now)
        for host, beside in _tallied(probes["host"]) if self._hosts else ():
            mine = self._hosts.get(host)
            if mine is not None and mine.first <= now:
                mine.beside, mine.last = mine.beside + beside, now
        owed: list[ProbeBatch] = []
        for mine in self._hosts.values():
            if room > 0 and mine.credit >= 1:
                owed.append(mine.owed(room))
                room -= len(owed[-1])
        if not owed:
            return probes, np.zeros(len(probes), bool)
        both = np.concatenate([probes, *owed])
        among = np.arange(len(both)) >= len(probes)
        places = np.where(
            among, self._uneven(len(both)), np.arange(len(both)) / max(len(probes), 1)
        )
        order = np.argsort(places, kind="stable")
        return both[order], among[order]

    def _uneven(self, count: int) -> NDArray[np.float64]:
        """The next ``count`` of a sequence of numbers, 0..1."""
        drawn = self._drawn + np.arange(1, count + 1, dtype=np.float64)
        self._drawn += count
        numbers: NDArray[np.float64] = np.modf(drawn * _GOLDEN)[0]
        return numbers

    @property
    def owing(self) -> bool:
        """Whether questions have come due that have not left."""
        return any(mine.credit >= 1 for mine in self._hosts.values())

    @property
    def under_way(self) -> bool:
        """Whether there are questions to be asked along with other copies."""
        return any(len(mine.waiting) for mine in self._hosts.values())

    def take_volleys(self, room: int) -> ProbeBatch:
        """Questions to be asked at once, ``room`` at most."""
        if not self._volleys or room <= 0:
            return empty_probes()
        probes = np.concatenate(self._volleys)
        self._volleys = [probes[room:]] if len(probes) > room else []
        return probes[:room]

    # ---------------------------------------------------------------- answers

    def note_sent(
        self, now: float, probes: ProbeBatch, left: NDArray[np.bool_], timeouts: NDArray[np.float64]
    ) -> None:
        """Questions left, or could not; answers take ``timeouts`` at most."""
        channels = _channels(probes).tolist()
        for probe, channel, gone, timeout in zip(probes, channels, left, timeouts, strict=True):
            mine = self._hosts.get(int(probe["host"]))
            if mine is None:
                continue
            count = mine.resets if channel in mine.closed else mine.opened
            if mine.unsent:
                mine.unsent -= 1
                count = mine.volley
            if gone:
                count.asked += 1
                mine.out[channel, int(probe["attempt"])] = (now + float(timeout), count)

    def hear(self, records: NDArray[np.void]) -> None:
        """Take in REPLY records, among which may be answers to questions."""
        if not self._hosts:
            return
        records = records[records["attempt"] >= FIRST_QUESTION]
        for record, channel in zip(records, _channels(records).tolist(), strict=True):
            mine = self._hosts.get(int(record["host"]))
            if mine is None:
                continue
            key = (channel, int(record["attempt"]))
            if key[1] == UNKNOWN_ATTEMPT:
                key = next((known for known in mine.out if known[0] == channel), key)
            answered = mine.out.pop(key, None)
            if answered:
                answered[1].answered += 1


def _tallied(hosts: NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """Each of the hosts once, and how often it occurs."""
    each, counts = tally(hosts)
    return zip(each.tolist(), counts.tolist(), strict=True)


def _channels(cells: NDArray[np.void]) -> NDArray[np.uint32]:
    channels: NDArray[np.uint32] = cells["protocol"].astype(np.uint32) << 16 | cells["port"]
    return channels

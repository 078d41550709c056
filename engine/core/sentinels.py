"""Sentinels: ports known to answer, asked again to learn what silence elsewhere is worth.

When everything is answered or silent, two things may still be unknown of a host with few answers.

- What the path loses: with seven answers and none lost, a loss of 10 % goes unnoticed. Its
  answering ports are asked until about _KNOWN answers tell.
- Whether it rations its RSTs. The bucket was full at first and gave ``m`` RSTs, so it holds no more
  than that (a little came since). ``2 m + 2`` questions to closed ports at once empty it, and then
  answers are missing; a host that does not ration gives all of them. With _MANY and more RSTs the
  time of their coming says it better (engine.core.drying).

That is a few dozen probes and one round trip, once per host. Such a question is no copy of a probe:
the port's state is known already.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import UNKNOWN_ATTEMPT, ProbeBatch, empty_probes
from engine.core.cells import Cells
from engine.core.ledger import Positions
from engine.core.send_queue import LAST_ATTEMPT, SendQueue
from engine.core.walks import name_cells
from engine.core.witness import answering

_KNOWN = 40
"""Answers, or lost copies, of all hosts together that make the loss known."""
_MANY = 12
_FEW_COPIES = (LAST_ATTEMPT + 1) // 2
"""Source ports above these tell such questions from usual copies."""
_MOST_HOSTS = 512
"""Hosts that are asked in one pass."""
_RATIONED = 0.34
"""Share of the answers of closed ports that is missing where RSTs are rationed, at least ..."""
_UNLIKELY = 3.0
"""... and so many times what the loss explains."""


@dataclass(slots=True)
class Volley:
    """Questions to one host. ``resets``: closed ports are asked; ``unsent`` and ``asked`` count the
    questions, ``over`` those of them whose time was up before others left; ``due``: when they are
    judged."""

    host: int
    resets: bool
    unsent: int
    asked: int = 0
    over: int = 0
    due: float = math.inf
    answers: set[tuple[int, int, int]] = field(default_factory=set)

    @property
    def missing(self) -> int:
        """Questions without an answer."""
        return max(0, self.asked - len(self.answers))

    def shows_ration(self, loss: float) -> bool:
        """Whether more is missing than a path that loses a share ``loss`` explains."""
        few = max(_RATIONED, _UNLIKELY * loss) * self.asked
        return self.resets and self.missing > max(1.0, few)


class Sentinels:
    """The volleys of one scan. Times in seconds."""

    def __init__(self, cells: Cells, queue: SendQueue) -> None:
        self._cells = cells
        self._queue = queue
        self._volleys: dict[int, Volley] = {}
        self._waiting: list[ProbeBatch] = []
        self._asked: set[int] = set()

    def begin_anew(self) -> None:
        """Ports are asked again by order of the user."""
        self._asked.clear()

    def drop(self, hosts: NDArray[np.uint32]) -> None:
        """Ask nothing more of these hosts."""
        for host in self._volleys.keys() & set(hosts.tolist() if self._volleys else ()):
            del self._volleys[host]
            self._waiting = [probes[probes["host"] != host] for probes in self._waiting]

    @property
    def busy(self) -> bool:
        """Whether there is an answer to wait for."""
        return bool(self._volleys)

    @property
    def waiting(self) -> int:
        """Questions to be sent."""
        return sum(map(len, self._waiting))

    def out(self, now: float) -> int:
        """Questions that may be answered yet."""
        awaited = (volley for volley in self._volleys.values() if volley.due > now)
        return sum(max(0, volley.missing - volley.over) for volley in awaited)

    @property
    def next_due(self) -> float:
        """When the next volley is to be judged, all of which has left; infinity for never."""
        whole = (volley.due for volley in self._volleys.values() if volley.unsent <= 0)
        return min(whole, default=math.inf)

    def next_over(self, now: float) -> float:
        """When the next questions wait for an answer no more; infinity for never."""
        dues = (volley.due for volley in self._volleys.values() if volley.due > now)
        return min(dues, default=math.inf)

    def post(self, hosts: list[int], since: int, known: float, resets_matter: bool) -> bool:
        """Ask ports of these hosts, decided after ``since`` (decision time), if there is something
        to learn; whether there is. ``known``: answers and lost copies that tell of the loss;
        ``resets_matter``: unless nobody wants to know of rations of RSTs."""
        for host in hosts:
            if host in self._asked or len(self._asked) >= _MOST_HOSTS:
                continue
            self._asked.add(host)
            at = self._queue.counted(self._cells.ledger.positions(host=host))
            opened, reset = answering(self._cells, at, since)
            some = reset if len(reset) else opened
            if not len(some):
                continue
            count = math.ceil(_KNOWN - known)
            if resets_matter and 0 < len(reset) < _MANY:
                count = max(count, 2 * len(reset) + 2)
            count = min(count, len(some) * _FEW_COPIES, 2 * _KNOWN)
            if count > 0:
                known += count
                self._waiting.append(self._questions(some, count))
                self._volleys[host] = Volley(host, len(reset) > 0, count)
        return self.busy

    def _questions(self, some: Positions, count: int) -> ProbeBatch:
        probes = name_cells(*self._cells.ledger.name(np.resize(some, count)))
        probes["technique"] = self._queue.assignment.of_probes(probes)
        probes["attempt"] = LAST_ATTEMPT - np.arange(count) // len(some)
        return probes

    def take(self, room: int) -> ProbeBatch:
        """Questions to send, ``room`` at most."""
        if not self._waiting or room <= 0:
            return empty_probes()
        probes = np.concatenate(self._waiting)
        self._waiting = [probes[room:]] if len(probes) > room else []
        return probes[:room]

    def note_sent(
        self, now: float, probes: ProbeBatch, left: NDArray[np.bool_], timeouts: NDArray[np.float64]
    ) -> None:
        """Questions left, or could not; answers take ``timeouts`` at most."""
        for host, gone, timeout in zip(
            probes["host"].tolist(), left.tolist(), timeouts.tolist(), strict=True
        ):
            volley = self._volleys.get(host)
            if volley is not None:
                if volley.due <= now:
                    volley.over = volley.missing
                volley.unsent -= 1
                volley.asked += gone
                volley.due = now + timeout

    def hear(self, records: NDArray[np.void]) -> None:
        """Take in REPLY records, among which may be answers to questions."""
        if not self._volleys:
            return
        for record in records[records["attempt"] >= _FEW_COPIES]:
            volley = self._volleys.get(int(record["host"]))
            if volley is not None:
                attempt = int(record["attempt"])
                serial = len(volley.answers) if attempt == UNKNOWN_ATTEMPT else 0
                volley.answers.add((int(record["port"]), attempt, serial))

    def take_judged(self, now: float) -> list[Volley]:
        """Volleys that are answered or whose time is up."""
        over = [
            volley
            for volley in self._volleys.values()
            if volley.unsent <= 0 and (volley.due <= now or not volley.missing)
        ]
        for volley in over:
            del self._volleys[volley.host]
        return over

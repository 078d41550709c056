"""Watches: the hosts that are asked whether they still answer, and the probes that wait for it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

from msgspec import Struct, field

from engine.core.batch import ProbeBatch
from engine.core.witness import Trust


class Watch(Struct):
    """One host. Times in seconds.

    Attributes:
        since: when the last probe left that it has answered.
        due: when it is asked, again if ``asked`` before, so often.
        asked_at: when, last.
        out: questions that wait for an answer.
        doubt: how many questions without an answer in a row may be loss like other.
        trust: what the silence of its witness means.
        landed: probes without an answer, to be judged; held: probes not sent.
    """

    host: int
    since: float
    due: float
    trust: Trust
    doubt: int
    asked: int = 0
    asked_at: float = 0.0
    out: int = 0
    landed: list[ProbeBatch] = field(default_factory=list)
    held: list[ProbeBatch] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        """Whether so many questions went without an answer that it means something."""
        return self.asked > self.doubt

    @property
    def wanted(self) -> bool:
        """Whether probes wait for the host to be heard of."""
        return bool(self.landed or self.held)


class Watches:
    """The watches of a scan, by host."""

    def __init__(self) -> None:
        self._watches: dict[int, Watch] = {}
        self._due: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._watches)

    def __iter__(self) -> Iterator[Watch]:
        return iter(list(self._watches.values()))

    def of(self, host: int) -> Watch | None:
        """The host's watch, if there is one."""
        return self._watches.get(host)

    def begin(self, watch: Watch) -> None:
        """A host is watched from now on."""
        self._watches[watch.host] = watch
        heapq.heappush(self._due, (watch.due, watch.host))

    def ask_at(self, watch: Watch, due: float) -> None:
        """When the host is to be asked next."""
        watch.due = due
        heapq.heappush(self._due, (due, watch.host))

    def end(self, watch: Watch) -> None:
        """A host is watched no more."""
        del self._watches[watch.host]

    @property
    def quiet(self) -> list[Watch]:
        """The watches of hosts that answer no more, for now."""
        return [watch for watch in self._watches.values() if watch.quiet]

    def out(self, now: float) -> int:
        """Questions that wait for an answer."""
        return sum(watch.out for watch in self._watches.values() if watch.due > now)

    @property
    def next_due(self) -> float:
        """When a host is to be asked next; infinity for never."""
        while self._due:
            due, host = self._due[0]
            watch = self._watches.get(host)
            if watch is not None and watch.due == due:
                return due
            heapq.heappop(self._due)
        return math.inf

    def take_due(self) -> Watch:
        """The watch that next_due tells of; ask_at() or end() is to follow."""
        return self._watches[heapq.heappop(self._due)[1]]

"""Lanes: hosts that are asked at a pace of their own, and the probes that wait for it.

Most hosts share the pace of the scan. One that cannot follow it (a slow machine, a ration of
answers) gets a lane: its probes wait there, however many they are, and nobody else waits with them.
A lane whose host has become unbearably slow costs one entry in a heap.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol as Interface

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch, empty_probes
from engine.core.distinct import distinct
from engine.core.paged import PagedArray
from engine.core.rounds import Rounds
from engine.core.steady import Steady
from engine.spec.timing import TimingTemplate

_AT_ONCE = 256
"""Lanes served in one take()."""
_MEMORY = 32
"""Times a lane was served of which its rate is made."""
_SEVERAL = 40
"""Probes of a round after which the share answered says something."""
_TICK = 1e-6
"""Seconds between two services of a lane at least."""


class Governor(Interface):
    """Who says how fast a lane may be: a Pace or a Ration."""

    changed_at: float

    @property
    def uncertain(self) -> bool:
        """True while silence may be the speed's doing."""

    @property
    def rate(self) -> float:
        """Probes per second."""

    def allowance(self, now: float) -> int:
        """How many probes may leave now."""

    def next_allowed(self, now: float, waiting: int) -> float:
        """When the next may leave."""

    def note_sent(self, count: int) -> None:
        """Probes left."""

    def note_silence(self, count: int) -> None:
        """Probes whose time is up."""

    def note_answers(self, now: float, count: int, told: int, lost: int) -> None:
        """Answers arrived; see Pace.note_answers."""

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move to another template's bounds."""

    def tick(self, now: float, round_trip: float | None, timeout: float) -> None:
        """Adapt to what was noted."""


class Lane(Struct):
    """One host's lane.

    ``asked`` and ``gained``: probes and answers since its silent ports were last looked at;
    ``best_yield``: share of the probes of such a round that were answered, at best; ``heard``:
    answers since its ration is known, which ``began`` then; ``due``: when it is served next;
    ``fast``: probes per second the host could follow, 0 unknown; ``lately``: when probes left, and
    how many.
    """

    host: int
    governor: Governor
    rounds: Rounds = field(default_factory=Rounds)
    waiting: int = 0
    gained: int = 0
    asked: int = 0
    heard: int = 0
    began: float = 0.0
    best_yield: float = 0.0
    due: float = 0.0
    fast: float = 0.0
    again: deque[ProbeBatch] = field(default_factory=deque)
    fresh: deque[ProbeBatch] = field(default_factory=deque)
    lately: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_MEMORY))

    def add(self, probes: ProbeBatch) -> None:
        """Append probes; further copies leave before first ones, because they tell whether the
        pace is right."""
        first = probes["attempt"] == 0
        for queue, part in ((self.again, probes[~first]), (self.fresh, probes[first])):
            if len(part):
                queue.append(part)
        self.waiting += len(probes)

    def follow(self, now: float, rate: float) -> None:
        """The host was seen to ration its answers at ``rate`` per second: ask it so."""
        self.end_round()  # what was asked so far left at another rate
        self.governor = self.rounds.follow(now, rate)
        self.heard, self.began = 0, now

    def leave_out(self, seconds: float) -> None:
        """For so long nobody asked: this is not how fast the host is."""
        self.began += seconds
        for place, (when, count) in enumerate(self.lately):
            self.lately[place] = when + seconds, count

    def note_asked(self, now: float, count: int) -> None:
        """Some probes left just now."""
        self.asked += count
        self.lately.append((now, count))
        if not self.waiting:
            self.lately.clear()  # the round is over

    @property
    def yielded(self) -> float:
        """Share of the probes of this round that were answered; 0 while too few have left."""
        return min(self.gained / self.asked, 1.0) if self.asked >= _SEVERAL else 0.0

    def note_answers(self, count: int) -> None:
        """So many ports answered."""
        self.gained += count
        self.heard += count

    def end_round(self) -> int:
        """What was asked since the last call is answered or silent; returns how many answered."""
        gained, self.best_yield = self.gained, max(self.best_yield, self.yielded)
        self.gained = self.asked = 0
        return gained

    @property
    def losses_known(self) -> bool:
        """Whether answers to later copies are no news of the path: copies before were rationed, or
        were sent at another rate, and questions among them tell of losses."""
        return self.rounds.begun or isinstance(self.governor, Steady)

    @property
    def protocol(self) -> int:
        """The protocol of the probe that is next, or 0."""
        queue = self.again or self.fresh
        return int(queue[0]["protocol"][0]) if queue else 0

    def take(self, room: int) -> ProbeBatch:
        """The next probes, ``room`` at most."""
        queue = self.again or self.fresh
        if not queue or room <= 0:
            return empty_probes()
        probes = queue.popleft()
        if len(probes) > room:
            queue.appendleft(probes[room:])
        self.waiting -= min(len(probes), room)
        return probes[:room]


class Lanes:
    """All lanes of a scan.

    Attributes:
        apart: by host index, whether it has a lane.
        stirred: hosts something has happened to since somebody looked.
    """

    def __init__(self, hosts: int) -> None:
        self.apart = PagedArray(hosts, bool)
        self.stirred: set[int] = set()
        self._lanes: dict[int, Lane] = {}
        self._due: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    def grow(self, hosts: int) -> None:
        """Make room for more hosts."""
        self.apart.grow(hosts)

    def describe(self, name: Callable[[int], str]) -> str:
        """What the lanes wait for, in plain words; the slowest is named."""
        waiting = [lane for lane in self if lane.waiting]
        if not waiting:
            return ""
        slowest = max(waiting, key=lambda lane: lane.waiting / max(lane.governor.rate, 1e-6))
        rate = rate_text(slowest.governor.rate)
        if slowest.rounds.begun and not slowest.rounds.rationing:
            text = f"asking silent ports of {name(slowest.host)} again: it may ration its answers"
        elif slowest.rounds.rationing:
            kind = "RSTs" if not slowest.protocol else "ICMP errors"
            text = f"{name(slowest.host)} rations {kind} at {rate}"
        else:
            text = f"{name(slowest.host)} answers no more than {rate}"
        return text if len(waiting) == 1 else f"{len(waiting):,} slow hosts; {text}"

    @property
    def hosts(self) -> NDArray[np.uint32]:
        """The hosts that have a lane."""
        return np.fromiter(self._lanes, np.uint32, len(self._lanes))

    @property
    def waiting(self) -> int:
        """Probes that wait in lanes."""
        return sum(lane.waiting for lane in self._lanes.values())

    @property
    def unasked(self) -> int:
        """First copies that wait in lanes."""
        return sum(sum(map(len, lane.fresh)) for lane in self._lanes.values())

    def of(self, host: int) -> Lane | None:
        """The host's lane, if it has one."""
        return self._lanes.get(host)

    def open(self, host: int, governor: Governor) -> Lane:
        """Give the host a lane, or its lane another governor."""
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = Lane(host, governor)
            self.apart[host] = True
        lane.governor = governor
        return lane

    def close(self, host: int) -> None:
        """The host needs its lane no more."""
        if self._lanes.pop(host, None) is not None:
            self.apart[host] = False

    def add(self, now: float, probes: ProbeBatch) -> None:
        """Queue probes of hosts that have lanes."""
        order = np.argsort(probes["host"], kind="stable")
        probes = probes[order]
        edges = np.flatnonzero(np.diff(probes["host"].astype(np.int64))) + 1
        for part in np.split(probes, edges):
            if not len(part):
                continue
            lane = self._lanes[int(part["host"][0])]
            lane.add(part)
            self.serve(now, lane)

    def serve(self, now: float, lane: Lane) -> None:
        """Serve the lane when its governor says so, which may have changed its mind."""
        self.stirred.add(lane.host)
        lane.due = lane.governor.next_allowed(now, lane.waiting)
        heapq.heappush(self._due, (lane.due, lane.host))

    def among(self, hosts: NDArray[np.uint32]) -> Iterator[tuple[Lane, NDArray[np.bool_]]]:
        """The lanes of those of the hosts that have one, with their places."""
        if not self._lanes:
            return
        for host in distinct(hosts[self.apart[hosts]]).tolist():
            yield self._lanes[host], hosts == host

    @property
    def in_motion(self) -> list[Lane]:
        """The lanes of hosts that something has happened to."""
        return [self._lanes[host] for host in self.stirred if host in self._lanes]

    def take_stirred(self) -> set[int]:
        """Hosts something has happened to since the last call."""
        stirred, self.stirred = self.stirred, set()
        return stirred

    def take(self, now: float, room: int) -> ProbeBatch:
        """Probes whose time has come, ``room`` at most."""
        chosen: list[ProbeBatch] = []
        for _ in range(_AT_ONCE):
            if room <= 0 or self.next_due > now:
                break
            lane = self._lanes[heapq.heappop(self._due)[1]]
            probes = lane.take(min(lane.governor.allowance(now), room))
            lane.note_asked(now, len(probes))
            room -= len(probes)
            chosen.append(probes)
            self.serve(now + _TICK, lane)
        return np.concatenate(chosen) if chosen else empty_probes()

    @property
    def next_due(self) -> float:
        """When take() may have something; infinity for never."""
        while self._due:
            due, host = self._due[0]
            lane = self._lanes.get(host)
            if lane is not None and lane.waiting and lane.due == due:
                return due
            heapq.heappop(self._due)
        return float("inf")


def rate_text(rate: float) -> str:
    """``0.95/s``, ``93.4/s``, ``3,060/s``."""
    return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.3g}/s"

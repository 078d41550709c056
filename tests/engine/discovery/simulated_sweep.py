"""A sweep of a small simulated network on a virtual clock, with every ping measured."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.core.batch import REPLY, ProbeBatch, ReplyBatch, SendReport
from engine.discovery.core import DiscoveryCore
from engine.discovery.whereabouts import Whereabouts
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec, PingKind
from engine.spec.timing import TEMPLATES, TimingTemplate
from engine.techniques.answer import RST, AnswerKind, answer_code

USUAL = DiscoverySpec()
REPLIES: Mapping[PingKind, int] = {
    PingKind.ECHO: answer_code(AnswerKind.ICMP4, 0),
    PingKind.TIMESTAMP: answer_code(AnswerKind.ICMP4, 14 << 8),
    PingKind.SYN: answer_code(AnswerKind.TCP, RST),
    PingKind.ACK: answer_code(AnswerKind.TCP, RST),
    PingKind.NEIGHBOUR: answer_code(AnswerKind.NEIGHBOUR, 4),
}
"""What a host that is up says to each kind of ping."""


@dataclass
class Network:
    """Hosts that are up, by index: the answer code to each kind of ping (no entry: silence).

    ``loss`` counts for the way there and back together; ``delay`` and ``jitter`` in seconds.
    """

    up: Mapping[int, Mapping[PingKind, int]]
    loss: float = 0.0
    delay: float = 0.001
    jitter: float = 0.0
    seed: int = 1


@dataclass
class Sweep:
    """A core, driven to its end. ``log`` has (time, host, kind, attempt) of every ping."""

    core: DiscoveryCore
    network: Network
    now: float = 100.0
    log: list[tuple[float, int, int, int]] = field(default_factory=list)
    verdicts: list[np.void] = field(default_factory=list)
    most_in_flight: int = 0
    every_turn: Callable[[Sweep], None] = lambda sweep: None

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.network.seed)
        self.on_the_way: list[tuple[float, int, np.void]] = []

    def run(self, turns: int = 200_000) -> Sweep:
        """To the end; a sweep that does not end fails the test."""
        for _ in range(turns):
            if self.core.finished(self.now):
                return self
            self.turn()
        raise AssertionError("the sweep does not end")

    def run_until_sent(self, pings: int) -> Sweep:
        """Until so many pings have left."""
        while len(self.log) < pings:
            self.turn()
        return self

    def turn(self) -> None:
        self.every_turn(self)
        poll = self.core.poll(self.now)
        if len(poll.batch):
            self.core.sent(self.now, poll.batch, self.send(poll.batch))
            self.most_in_flight = max(self.most_in_flight, self.core.in_flight)
        following = min(poll.wake_at, self.on_the_way[0][0] if self.on_the_way else np.inf)
        assert np.isfinite(following) or self.core.finished(self.now) or self.core.paused
        if np.isfinite(following):
            self.now = max(self.now, following)
        if len(poll.batch):
            self.now += 1e-6 * len(poll.batch)
        arrived = []
        while self.on_the_way and self.on_the_way[0][0] <= self.now:
            arrived.append(heapq.heappop(self.on_the_way)[2])
        if arrived:
            self.core.feed(self.now, ReplyBatch(np.array(arrived, REPLY)))
        self.verdicts.extend(self.core.take_verdicts())

    def send(self, batch: ProbeBatch) -> SendReport:
        lost = self.random.random(len(batch)) < self.network.loss
        late = self.network.delay + self.random.random(len(batch)) * self.network.jitter
        for at, probe in enumerate(batch):
            host, port, protocol, technique, attempt = probe.item()
            self.log.append((self.now, host, technique, attempt))
            answer = self.network.up.get(host, {}).get(PingKind(technique))
            if answer is not None and not lost[at]:
                when = self.now + late[at]
                record = (host, port, protocol, technique, attempt, 64, answer, when)
                item = np.array([record], REPLY)[0]
                heapq.heappush(self.on_the_way, (when, len(self.log), item))
        return SendReport(np.full(len(batch), self.now))

    def found(self, state: HostState) -> set[int]:
        """Hosts whose last verdict is ``state``."""
        last = {int(verdict["host"]): int(verdict["state"]) for verdict in self.verdicts}
        return {host for host, value in last.items() if value == state}

    def copies(self) -> Counter[tuple[int, int]]:
        """Copies by host and kind."""
        return Counter((host, kind) for _, host, kind, _ in self.log)

    def most_within(self, seconds: float) -> int:
        """Most pings that left within any span of ``seconds``."""
        times = np.array([time for time, *_ in self.log])
        behind = np.searchsorted(times, times + seconds, side="left")
        return int((behind - np.arange(len(times))).max(initial=0))


def sweep(
    hosts: int,
    network: Network,
    *,
    where: Whereabouts = Whereabouts.ROUTED,
    spec: DiscoverySpec = USUAL,
    timing: TimingTemplate = TEMPLATES[4],
    version: int = 4,
    seed: int = 5,
) -> Sweep:
    """A sweep of hosts 0..n-1, ready to run."""
    core = DiscoveryCore(spec, timing, seed=seed)
    core.add(
        np.arange(hosts, dtype=np.uint32),
        np.full(hosts, version, np.uint8),
        np.full(hosts, where, np.uint8),
    )
    return Sweep(core, network)


def all_answering(hosts: range | list[int]) -> dict[int, Mapping[PingKind, int]]:
    """Hosts that answer every ping."""
    return dict.fromkeys(hosts, REPLIES)

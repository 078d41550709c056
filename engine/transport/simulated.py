"""The simulated transport: a network from a scenario, on a virtual clock or in real time.

It fulfils the same interface as the live transports, so the same core runs on it: an hour of
scanning passes in seconds, and every run with the same seed is the same run.
"""

from __future__ import annotations

import heapq
import threading
import time

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import REPLY, ProbeBatch, ReplyBatch, SendReport, no_replies
from engine.discovery.whereabouts import Whereabouts
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.answer import RST, AnswerKind
from engine.transport.base import Departed, Recorder, Sending
from engine.transport.scenario import SILENCE, HostProfile, Scenario
from engine.transport.simulated_answers import (
    PING_ANSWERS,
    WITHOUT_TTL,
    answer_flags,
    as_seen_by,
    measure,
)
from engine.transport.spells import Bursts


class SimulatedTransport:
    """A Transport over ``scenario``. ``realtime`` makes its clock the wall's."""

    name = "simulated"
    notes: tuple[str, ...] = ()
    scan_types = frozenset(ScanType)
    pings = frozenset(PingKind)

    def __init__(self, book: AddressBook, scenario: Scenario, *, realtime: bool = False) -> None:
        self._book = book
        self._scenario = scenario
        self._realtime = realtime
        self._clock = 0.0
        self._woken = threading.Event()
        self._random = np.random.default_rng(scenario.seed)
        self._began = self.now()
        self._bad_times = [
            Bursts(np.random.default_rng((scenario.seed, number)), profile.burst, profile.loss)
            if profile.burst
            else None
            for number, profile in enumerate(scenario.profiles)
        ]
        self._living: tuple[AddressBook, ...] = ()
        self._known = 0
        self._arrivals: list[tuple[float, int, NDArray[np.void]]] = []
        self._serial = 0
        self._queue_free: dict[int, float] = {}
        self._buckets: dict[tuple[int, str], tuple[float, float]] = {}
        self.probes = 0

    def now(self) -> float:
        """Seconds: virtual, or time.monotonic() in real time."""
        return time.monotonic() if self._realtime else self._clock

    def wake(self) -> None:
        """Make receive() return at once."""
        self._woken.set()

    def close(self) -> None:
        """Forget everything under way."""
        self._arrivals.clear()

    def await_answers_for(self, seconds: float) -> None:
        """Nothing to do: nothing is held per probe."""

    def record(self, recorder: Recorder | None) -> None:
        """Nothing to do: a simulation has no packets to show."""

    def probe_packet(self, probe: np.void) -> bytes:
        """No packets exist here."""
        return b""

    def whereabouts(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """LINK for hosts whose profile says so, else ROUTED."""
        linked = [profile.link for profile in self._scenario.profiles]
        near = np.array([*linked, False])[self._profiles(hosts)]  # -1, no profile: the last one
        return np.where(near, np.uint8(Whereabouts.LINK), np.uint8(Whereabouts.ROUTED))

    def hardware(self, host: int) -> bytes:
        """A locally administered address made of the host's number, for neighbours."""
        near = self.whereabouts(np.array([host], np.uint32))[0] == Whereabouts.LINK
        return b"\x02\0" + host.to_bytes(4, "big") if near else b""

    def send(self, batch: ProbeBatch) -> SendReport:
        """Every probe leaves now; its answer, if any, is put on the calendar."""
        now = self.now()
        self.probes += len(batch)
        profiles = self._profiles(batch["host"])
        for number in np.unique(profiles[profiles >= 0]):
            mine = batch[profiles == number]
            self._answer(now, int(number), mine)
        return SendReport(np.full(len(batch), now))

    def _profiles(self, hosts: NDArray[np.uint32]) -> NDArray[np.int64]:
        """The number of each host's profile, the last that names it; -1 for none."""
        if self._known != self._book.count:
            self._look_round()
        found = np.full(len(hosts), -1, np.int64)
        families = self._book.families(hosts)
        four, six = np.flatnonzero(families == 4), np.flatnonzero(families == 6)
        v4, v6 = self._book.v4(hosts[four]), self._book.v6(hosts[six])
        for number, living in enumerate(self._living):
            found[four[living.find_v4(v4) >= 0]] = number
            found[six[living.find_v6(v6) >= 0]] = number
        return found

    def _look_round(self) -> None:
        """Find the scanned hosts of each profile: a scenario may hold far more than is scanned."""
        scanned = self._book.targets
        self._living = tuple(
            AddressBook(scanned.minus(scanned.minus(profile.hosts)))
            for profile in self._scenario.profiles
        )
        self._known = self._book.count

    def _answer(self, now: float, number: int, batch: ProbeBatch) -> None:
        profile = self._scenario.profiles[number]
        leaves = np.full(len(batch), now - self._began)
        arrives = self._passes(number, leaves)
        leaves = profile.hold.until_over(leaves)
        delay = profile.delay + profile.jitter * self._random.random(len(batch))
        if profile.rate:
            waited = self._queue_waits(now, profile, batch["host"])
            arrives &= ~np.isnan(waited)
            delay = delay + np.nan_to_num(waited)
        arrives &= ~profile.down.cover(leaves + delay / 2)
        comes = profile.hold.until_over(leaves + delay)
        arrives &= self._passes(number, comes)
        codes = np.full(len(batch), SILENCE, np.uint32)
        for protocol, answers in profile.answers.items():
            mine = batch["protocol"] == protocol
            codes[mine] = answers[batch["port"][mine]]
        answer_flags(batch["technique"], codes)
        measure(batch["technique"], codes)
        self._answer_pings(profile, batch, codes)
        arrives &= codes != SILENCE
        if profile.rst_rate or profile.icmp_rate:
            arrives &= self._rationed(now, profile, batch["host"], codes, arrives)
        chosen = np.flatnonzero(arrives)
        if not len(chosen):
            return
        replies = np.zeros(len(chosen), REPLY)
        for name in ("host", "port", "protocol", "technique"):
            replies[name] = batch[name][chosen]
        replies["attempt"] = batch["attempt"][chosen]
        unseen = np.isin(batch["technique"][chosen], WITHOUT_TTL)
        replies["ttl"] = np.where(unseen, 0, profile.ttl)
        replies["answer"] = as_seen_by(batch["technique"][chosen], codes[chosen])
        replies["time"] = self._began + comes[chosen]
        replies.sort(order="time")
        self._serial += 1
        heapq.heappush(self._arrivals, (float(replies["time"][0]), self._serial, replies))

    def _passes(self, number: int, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether packets are not lost on the link, once, at these times since the beginning."""
        profile, bad_times = self._scenario.profiles[number], self._bad_times[number]
        if bad_times is None:
            lost = self._random.random(len(times)) < profile.loss
        else:
            lost = bad_times.cover(times)
        return ~(lost | profile.pause.cover(times))

    def _answer_pings(
        self, profile: HostProfile, batch: ProbeBatch, codes: NDArray[np.uint32]
    ) -> None:
        """Put in the answers to pings that are about no port."""
        for kind in (PingKind.ECHO, PingKind.TIMESTAMP, PingKind.MASK, PingKind.NEIGHBOUR):
            mine = np.flatnonzero(batch["technique"] == kind)
            if not len(mine):
                continue
            families = self._book.families(batch["host"][mine])
            answers = profile.link if kind is PingKind.NEIGHBOUR else profile.ping
            for version in (4, 6):
                code = PING_ANSWERS.get((kind, version), SILENCE) if answers else SILENCE
                codes[mine[families == version]] = code

    def _queue_waits(
        self, now: float, profile: HostProfile, hosts: NDArray[np.uint32]
    ) -> NDArray[np.float64]:
        """Seconds each packet waits in its host's queue; NaN for one that finds it full."""
        waits = np.empty(len(hosts))
        service = 1.0 / profile.rate
        longest = max(1, profile.queue) * service
        for place, host in enumerate(hosts.tolist()):
            free = max(self._queue_free.get(host, now), now)
            if free - now > longest:
                waits[place] = np.nan
            else:
                waits[place] = free - now
                self._queue_free[host] = free + service
        return waits

    def _rationed(
        self,
        now: float,
        profile: HostProfile,
        hosts: NDArray[np.uint32],
        codes: NDArray[np.uint32],
        arrives: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """False for answers a host's rate limit swallows: a token bucket that holds the burst, or
        what a second brings; of ICMP errors six at least, as Linux has it for each destination."""
        allowed = np.ones(len(hosts), bool)
        kinds = codes >> 24
        for kind, rate, burst, label, least in (
            (AnswerKind.TCP, profile.rst_rate, profile.rst_burst, "rst", 1.0),
            (AnswerKind.ICMP4, profile.icmp_rate, profile.icmp_burst, "icmp", 6.0),
        ):
            if not rate:
                continue
            limited = arrives & (kinds == kind)
            if kind is AnswerKind.TCP:
                limited &= codes & RST > 0
            for place in np.flatnonzero(limited).tolist():
                bucket = (int(hosts[place]), label)
                most = max(1.0, burst) if burst else max(least, rate)
                level, since = self._buckets.get(bucket, (most, now))
                level = min(most, level + (now - since) * rate)
                allowed[place] = level >= 1.0
                self._buckets[bucket] = (level - allowed[place], now)
        return allowed

    def begin(self, batch: ProbeBatch) -> Sending:
        """As send()."""
        return Departed(self.send(batch))

    def receive(self, until: float, rest: float = 0.0) -> ReplyBatch:
        """Answers whose time has come; after a rest, moves the virtual clock to the next event, at
        most ``until``."""
        if self._realtime:
            if rest:
                time.sleep(rest)
            self._sleep(until)
            return self._due()
        self._clock += rest
        if self._arrivals and self._arrivals[0][0] <= until:
            self._clock = max(self._clock, self._arrivals[0][0])
        elif until < float("inf"):
            self._clock = max(self._clock, until)
        return self._due()

    def _due(self) -> ReplyBatch:
        now = self.now()
        due: list[NDArray[np.void]] = []
        while self._arrivals and self._arrivals[0][0] <= now:
            _, _, replies = heapq.heappop(self._arrivals)
            ready = int(np.searchsorted(replies["time"], now, side="right"))
            due.append(replies[:ready])
            if ready < len(replies):
                others = replies[ready:]
                self._serial += 1
                heapq.heappush(self._arrivals, (float(others["time"][0]), self._serial, others))
        return ReplyBatch(np.concatenate(due)) if due else no_replies()

    def _sleep(self, until: float) -> None:
        next_event = self._arrivals[0][0] if self._arrivals else until
        pause = min(until, next_event) - time.monotonic()
        if pause > 0:
            self._woken.wait(min(pause, 1.0))
        self._woken.clear()

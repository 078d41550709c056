"""Hosts that answer SYN/ACK on everything: SYN proxies, tarpits, and programs that take all ports.

A host whose answers are nearly all "open" becomes a suspect. It is asked on ports picked at random:
no honest host has those open too. Where packets can be made, ports it called open are also sent an
ACK, which a listening TCP resets (RFC 9293 section 3.10.7.2) and a proxy or tarpit, which keeps no
connections, does not. What is then known of a liar is told in words.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.batch import (
    PROBE,
    UNKNOWN_ATTEMPT,
    ProbeBatch,
    ReplyBatch,
    empty_probes,
    gather,
)
from engine.core.distinct import distinct, tally
from engine.core.questions import FIRST_QUESTION
from engine.core.syn_ack_shape import SynAckShapes
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import FROM_TARGET

if TYPE_CHECKING:
    from random import Random

MANY = 50
"""Open ports below which a host is never suspected."""
_NEARLY_ALL = 0.95
_SAMPLE = 8
_BELIEVED = 7
_TRIES = 3
_PERIOD = 1.0
_AT_ONCE = 64
"""Suspects questioned together."""
_UNUSUAL = range(20_000, 60_000)
_WIDE = 10_000
"""Asked ports from which on random ones are picked among them, so that no other port is touched."""
_OPENS = np.zeros(256, np.bool_)
_OPENS[[ScanType.SYN, ScanType.CONNECT]] = True
"""By technique: whether an open port answers it with a SYN/ACK."""
_COUNTED = np.zeros(256, np.bool_)
_COUNTED[:FIRST_QUESTION] = _COUNTED[UNKNOWN_ATTEMPT] = True
"""By attempt: whether the answer is to a port's probe, not to a question asked again."""


class LiarKind(Enum):
    """What a host that calls every port open seems to be. The value says so in words."""

    TARPIT = (
        "a tarpit: it accepts every connection, takes no data and holds on. Which of its ports are "
        "used cannot be told from here"
    )
    SYN_PROXY = (
        "behind a SYN proxy, which answers every SYN in its place and only then asks the host. "
        "Scan from behind the proxy to see what is open"
    )
    CATCH_ALL = (
        "answering on every port, ports picked at random too: one program or device takes all "
        "connections (a honeypot or a captive portal). Open says nothing here"
    )


class LiarMark(Struct, frozen=True):
    """A host whose open ports are not to be believed, and one line for the user that says why."""

    host: int
    kind: LiarKind
    text: str


class _Case(Struct):
    """A suspect being questioned: ports asked, and those that gave the answer expected of a liar
    (doors that opened) or of an honest TCP (ACKs that were reset)."""

    technique: int
    doors: tuple[int, ...]
    acked: tuple[int, ...]
    due: float
    tries: int = 0
    answered: set[tuple[int, int]] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    reset: set[int] = field(default_factory=set)

    def over(self, now: float) -> bool:
        """Whether it is time to judge. A few doors that stay shut clear the host at once; to an ACK
        silence is an answer, so two copies of it are enough."""
        asked = sum(technique == self.technique for technique, _ in self.answered)
        if asked - len(self.opened) > len(self.doors) - _BELIEVED:
            return True
        if len(self.answered) == len(self.doors) + len(self.acked):
            return True
        copies = _TRIES - 1 if asked == len(self.doors) else _TRIES
        return self.due <= now and self.tries >= copies

    def missing(self) -> list[tuple[int, int]]:
        """(technique, port) of what is still to be answered."""
        questions = [(self.technique, port) for port in self.doors]
        questions += [(int(ScanType.ACK), port) for port in self.acked]
        return [one for one in questions if one not in self.answered]


class LiarWatch:
    """Watches the answers of one scan. Sans-I/O; the owner calls, times in seconds,

    1. ``note(now, replies)`` with every batch, before ScanCore.feed(), which must not get the
       replies that note() says are its own;
    2. ``poll(now)``: probes to send past the pace (a few per suspect and second), next due at
       ``wake_at``; what becomes of them need not be told;
    3. ``take_marks()``: hosts found to lie since the last call.

    A scan should not end while ``busy``. Each host is judged once, until forget().

    Args:
        asked: the TCP ports of the scan.
        seed: fixes which ports are picked.

    Attributes:
        asked: as above; to be extended when the scan is.
    """

    def __init__(self, asked: Collection[int], seed: int) -> None:
        self._seed = seed
        self.asked = asked
        self._pool: list[int] = []
        self._pool_for: Collection[int] | None = None
        self._shapes = SynAckShapes()
        self._opened = np.zeros(0, np.uint32)
        self._answered = np.zeros(0, np.uint32)
        self._other_ttl = np.zeros(0, np.uint8)
        self._waiting: dict[int, NDArray[np.void]] = {}
        self._cases: dict[int, _Case] = {}
        self._judged: set[int] = set()
        self._marks: list[LiarMark] = []

    @property
    def busy(self) -> bool:
        """Whether a suspect is being questioned."""
        return bool(self._cases or self._waiting)

    @property
    def wake_at(self) -> float:
        """When poll() has something to do; infinity for never."""
        return min((case.due for case in self._cases.values()), default=float("inf"))

    @cached_property
    def _random(self) -> Random:
        """Made for the first suspect: its module takes longer to load than a short scan."""
        from random import Random

        return Random(self._seed)

    def note(self, now: float, replies: ReplyBatch) -> NDArray[np.bool_]:
        """Take in answers; which of them (n,) only this watch asked for."""
        records = replies.records
        mine = np.zeros(len(records), np.bool_)
        from_target = records["answer"] & FROM_TARGET > 0
        counted = _OPENS[records["technique"]] & _COUNTED[records["attempt"]] & from_target
        if counted.any():
            self._grow(int(records["host"].max()) + 1)
            states = replies.verdicts.state
            opened = np.flatnonzero(counted & (states == PortState.OPEN))
            self._count_others(gather(records, counted & (states > PortState.OPEN)))
            if len(opened):
                raw = replies.raw[opened] if len(replies.raw) == len(records) else None
                self._count_open(gather(records, opened), raw)
        if self._cases:
            tcp = (records["protocol"] == Protocol.TCP) & from_target
            self._hear(records, replies.verdicts.state, tcp, mine)
        self._open_cases(now)
        return mine

    def _count_others(self, records: NDArray[np.void]) -> None:
        """Answers that told another state: how many of each host, and from how far away."""
        _add(self._answered, records["host"])
        seen = records["ttl"] > 0
        self._other_ttl[records["host"][seen]] = records["ttl"][seen]

    def _count_open(self, records: NDArray[np.void], raw: NDArray[np.uint8] | None) -> None:
        """Ports that were open. Hosts that have just shown too many are suspects."""
        _add(self._answered, records["host"])
        _add(self._opened, records["host"])
        if raw is not None:
            self._shapes.note(records["host"], raw)
        hosts = distinct(records["host"])
        enough = self._opened[hosts] >= MANY
        enough &= self._opened[hosts] >= _NEARLY_ALL * self._answered[hosts]
        for host in hosts[enough].tolist():
            if host not in self._judged and host not in self._waiting:
                self._judged.add(host)
                self._waiting[host] = records[records["host"] == host]

    def _grow(self, count: int) -> None:
        missing = count - len(self._opened)
        if missing > 0:
            more = np.zeros(missing, np.uint32)
            self._opened = np.concatenate([self._opened, more])
            self._answered = np.concatenate([self._answered, more])
            self._other_ttl = np.concatenate([self._other_ttl, more.astype(np.uint8)])

    def _hear(
        self,
        records: NDArray[np.void],
        states: NDArray[np.uint8],
        tcp: NDArray[np.bool_],
        mine: NDArray[np.bool_],
    ) -> None:
        """Answers to the questions under way."""
        for row in np.flatnonzero(tcp & np.isin(records["host"], list(self._cases))).tolist():
            case = self._cases[int(records["host"][row])]
            technique, port = int(records["technique"][row]), int(records["port"][row])
            if technique == case.technique and port in case.doors:
                case.answered.add((technique, port))
                mine[row] = port not in self.asked
                if states[row] == PortState.OPEN:
                    case.opened.add(port)
            elif technique == ScanType.ACK and port in case.acked:
                case.answered.add((technique, port))
                mine[row] = True
                if states[row] == PortState.UNFILTERED:
                    case.reset.add(port)

    def _open_cases(self, now: float) -> None:
        while self._waiting and len(self._cases) < _AT_ONCE:
            host = next(iter(self._waiting))
            its = self._waiting.pop(host)
            technique = int(its["technique"][0])
            ports = sorted(set(its["port"].tolist())) if technique == ScanType.SYN else []
            self._cases[host] = _Case(
                technique=technique,
                doors=self._pick(),
                acked=tuple(self._random.sample(ports, min(_SAMPLE, len(ports)))),
                due=now,
            )

    def _pick(self) -> tuple[int, ...]:
        """Ports where nobody would expect a server."""
        if self._pool_for is not self.asked:
            self._pool_for = self.asked
            wide = len(self.asked) >= _WIDE
            self._pool = sorted(self.asked if wide else set(_UNUSUAL).difference(self.asked))
        return tuple(self._random.sample(self._pool, _SAMPLE))

    def poll(self, now: float) -> ProbeBatch:
        """Questions to send now: a PROBE batch. Suspects that have said enough are judged."""
        questions: list[tuple[int, int, int, int, int]] = []
        self._open_cases(now)
        for host, case in list(self._cases.items()):
            if case.over(now):
                self._judge(host, case)
            elif case.due <= now:
                questions += (
                    (host, port, int(Protocol.TCP), technique, case.tries)
                    for technique, port in case.missing()
                )
                case.tries += 1
                case.due = now + _PERIOD
        return np.array(questions, PROBE) if questions else empty_probes()

    def _judge(self, host: int, case: _Case) -> None:
        del self._cases[host]
        if len(case.opened) >= _BELIEVED:
            kind = self._kind(host, case)
            self._marks.append(LiarMark(host, kind, f"This host is {kind.value}."))

    def _kind(self, host: int, case: _Case) -> LiarKind:
        """Netfilter's SYN proxy offers options and a window of 0 until the host has agreed; a
        tarpit neither offers nor takes anything."""
        if len(case.reset) > len(case.acked) // 2 or case.technique != ScanType.SYN:
            return LiarKind.CATCH_ALL
        if self._shapes.shut(host):
            return LiarKind.TARPIT if self._shapes.bare(host) else LiarKind.SYN_PROXY
        other = int(self._other_ttl[host])
        if other and other != self._shapes.ttl(host):
            return LiarKind.SYN_PROXY
        return LiarKind.CATCH_ALL

    def forget(self, host: int) -> None:
        """Judge a host anew, because it is scanned again."""
        self._judged.discard(host)
        self._waiting.pop(host, None)
        self._cases.pop(host, None)
        self._shapes.forget(host)
        if host < len(self._opened):
            self._opened[host] = self._answered[host] = self._other_ttl[host] = 0

    def take_marks(self) -> tuple[LiarMark, ...]:
        """Hosts found to lie since the last call."""
        marks, self._marks = tuple(self._marks), []
        return marks


def _add(counts: NDArray[np.uint32], hosts: NDArray[np.uint32]) -> None:
    """Count the hosts, each as often as it is named."""
    named, times = tally(hosts)
    counts[named] += times.astype(np.uint32)

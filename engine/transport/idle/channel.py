"""IdleChannel: ports of one host at a time, measured through a zombie."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import (
    REPLY,
    UNKNOWN_ATTEMPT,
    ProbeBatch,
    ReplyBatch,
    SendProblem,
    SendReport,
    no_replies,
)
from engine.core.distinct import distinct
from engine.host.routes import Route, RouteKind, RouteTable
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.answer import AnswerKind, answer_code
from engine.techniques.idle import CHANGED, UNCHANGED
from engine.transport.base import Recorder
from engine.transport.idle.alarm import Alarm
from engine.transport.idle.search import find_open
from engine.transport.idle.steps import (
    Ask,
    Forge,
    Packet,
    Player,
    Steps,
    TargetRefused,
    ZombieRefused,
)
from engine.transport.idle.wire import ZombieWire
from engine.transport.idle.zombie import Zombie
from engine.transport.idle.zombie_address import FAMILIES, Destination, zombie_address
from engine.transport.packet.trouble import Trouble, lasting_problems, refused

_REFUSED_FOR = 30.0
"""Seconds after which a zombie that was refused may be tried again."""
_ANSWERS = (answer_code(AnswerKind.IPID, UNCHANGED), answer_code(AnswerKind.IPID, CHANGED))


class IdleChannel:
    """A Channel for idle scans through the zombie written as ``zombie`` (``host[:port]``).

    A host's first probes start a check of the zombie, later ones a measurement of as many ports as
    the zombie can be trusted with. Every other probe meanwhile "did not leave yet". Nothing waits:
    the channel goes on whenever one of its descriptors is readable. A measurement under way ends
    even when no new probes come, so that every port that was taken gets its answer.

    Raises ZombieRefused for a zombie that cannot be one, OSError without the right to send raw
    packets.
    """

    name = "idle"
    scan_types: frozenset[ScanType] = frozenset({ScanType.IDLE})
    pings: frozenset[PingKind] = frozenset()

    def __init__(
        self,
        book: AddressBook,
        zombie: str,
        options: PacketOptions = AS_USUAL,
    ) -> None:
        self._book = book
        self._address = zombie_address(zombie, 4 if 4 in book.versions else 6)
        at = self._address.at
        with contextlib.ExitStack() as stack:
            self._routes = stack.enter_context(contextlib.closing(RouteTable()))
            source = self._source(options.source_address)
            self._wire = stack.enter_context(
                contextlib.closing(ZombieWire(self._address, source, options))
            )
            self._alarm = stack.enter_context(contextlib.closing(Alarm()))
            self._open = stack.pop_all()
        self._zombie = Zombie(f"the zombie {at}", id_size=2 if at.version == 4 else 4)
        self._verified: set[int] = set()
        self._troubles: list[tuple[int, Trouble]] = []
        self._refusal, self._refused_until = "", 0.0
        self._host = 0
        self._ports: NDArray[np.uint16] = np.empty(0, np.uint16)
        self._player: Player[list[int]] | None = None
        self._done: list[ReplyBatch] = []

    def _source(self, wish: str) -> bytes:
        """The address of ours that the zombie is probed from."""
        at = self._address.at
        (route,) = self._routes.lookup([at.packed], [at.scope_text])
        if not isinstance(route, Route):
            raise route
        if route.kind is not RouteKind.UNICAST:
            raise ZombieRefused(f"{at} cannot be a zombie: name another, single host")
        if not wish:
            return route.source
        try:
            return socket.inet_pton(FAMILIES[at.version], wish)
        except OSError:
            raise ZombieRefused(f"-S {wish} is no address to probe {at} from") from None

    def filenos(self) -> Sequence[int]:
        """Descriptors that become readable when drain() has something to do."""
        return (self._wire.fileno(), self._alarm.fileno())

    def send(self, batch: ProbeBatch) -> SendReport:
        """Take ports of one host, if no others are being measured: they count as sent. The rest
        did not leave yet and is in no problem: hand it in again."""
        now = time.monotonic()
        report = SendReport(np.full(len(batch), np.nan))
        hosts = distinct(batch["host"]).tolist()
        if self._player is None and not self._refused(now):
            host = self._next_host(hosts)
            if host is not None:
                report.sent_at[self._start(host, batch, now)] = now
        measured = (batch["host"] == self._host) & np.isin(batch["port"], self._ports)
        report.sent_at[measured] = now  # a copy of one under way asks nothing new
        report.problems = self._problems(hosts, now)
        return report

    def _next_host(self, hosts: list[int]) -> int | None:
        """Which of the hosts to go on with: the last one while it is among them, since each has to
        be verified first. Those that cannot be targets are noted."""
        for host in sorted(hosts, key=lambda host: host != self._host):
            trouble = None if host in self._verified else self._why_not(host)
            if trouble is None:
                return host
            self._troubles.append((host, trouble))
        return None

    def _why_not(self, host: int) -> Trouble | None:
        """What makes a host no target at all; None for one that can be tried."""
        target, zombie = self._target(host), self._address.at
        if target.version != zombie.version:
            return _no_target(f"the zombie has an IPv{zombie.version} address; scan it by itself")
        if target.packed == zombie.packed:
            return _no_target("it is the zombie itself; name another zombie, or use -sS")
        (route,) = self._routes.lookup([target.packed], [target.scope_text])
        if isinstance(route, OSError):
            return refused(route)
        if route.kind is RouteKind.LOCAL:
            return _no_target("it is this machine, which sends a zombie no answers; use -sT")
        if route.kind is not RouteKind.UNICAST:
            return _no_target("it is no single host; name single hosts instead")
        return None

    def _start(self, host: int, batch: ProbeBatch, now: float) -> NDArray[np.intp]:
        """Begin to check or to measure; the places in the batch of the ports that are measured."""
        rows = np.empty(0, np.intp)
        if host in self._verified:
            rows = np.flatnonzero(batch["host"] == host)[: self._zombie.tempo.size]
        self._host, self._ports = host, batch["port"][rows].copy()
        self._player = Player(self._procedure(), self._perform)
        self._go_on(now)
        return rows

    def _procedure(self) -> Steps[list[int]]:
        if not len(self._ports):
            if self._zombie.series is None:
                yield from self._zombie.examine()
            yield from self._zombie.verify()
            return []
        found = yield from find_open(self._zombie, self._ports.tolist())
        return found

    def _perform(self, action: Packet) -> None:
        target = self._target(self._host)
        if isinstance(action, Forge):
            if action.port is None:
                self._wire.forge_syn_ack(target)
            else:
                self._wire.forge_syn(target, action.port)
            return
        try:
            if isinstance(action, Ask):
                self._wire.ask()
            else:
                self._wire.ask_for_ids(target.packed if action.to_target else self._wire.us)
        except OSError as error:
            trouble = refused(error)
            text = f"{trouble.what} {self._zombie.name}: {trouble.advice}"
            raise ZombieRefused(text) from error

    def _go_on(self, now: float) -> None:
        """Perform what is due, and set the alarm for what is not."""
        player = self._player
        if player is None:
            return
        try:
            player.advance(now)
        except TargetRefused as refusal:
            self._troubles.append((self._host, _no_target(str(refusal))))
            self._end()
        except ZombieRefused as refusal:
            self._refusal, self._refused_until = str(refusal), now + _REFUSED_FOR
            self._zombie = Zombie(self._zombie.name, self._zombie.id_size)
            self._verified.clear()
            self._end()
        except OSError as error:
            self._troubles.append((self._host, refused(error)))
            self._end()
        if player.done:
            self._finish(set(player.result or ()), now)
        self._alarm.set(float("inf") if self._player is None else player.due)

    def _finish(self, opened: set[int], now: float) -> None:
        self._verified.add(self._host)
        records = np.zeros(len(self._ports), REPLY)
        records["host"], records["port"] = self._host, self._ports
        records["protocol"], records["technique"] = ScanType.IDLE.protocol, ScanType.IDLE
        records["attempt"], records["time"] = UNKNOWN_ATTEMPT, now
        changed = np.isin(self._ports, np.array(sorted(opened), np.uint16))
        records["answer"] = np.array(_ANSWERS, np.uint32)[changed.astype(np.intp)]
        if len(records):
            self._done.append(ReplyBatch(records))
        self._end()

    def _end(self) -> None:
        self._player = None
        self._ports = self._ports[:0]

    def _refused(self, now: float) -> bool:
        return bool(self._refusal) and now < self._refused_until

    def _problems(self, hosts: list[int], now: float) -> tuple[SendProblem, ...]:
        if self._refused(now):
            return (SendProblem(errno.EOPNOTSUPP, tuple(hosts), self._refusal, lasting=True),)
        problems = lasting_problems(self._troubles, self._book.text)
        self._troubles.clear()
        return tuple(problems)

    def _target(self, host: int) -> Destination:
        one = np.array([host], np.uint32)
        if int(self._book.families(one)[0]) == 4:
            return Destination(self._book.v4(one).astype(">u4").tobytes())
        name = self._book.scope(host)
        scope = int(name) if name.isdecimal() else 0
        with contextlib.suppress(OSError):  # an interface that went: the route says so
            scope = scope or socket.if_nametoindex(name)
        return Destination(self._book.v6(one).tobytes(), scope)

    def drain(self, now: float) -> ReplyBatch:
        """Ports whose measurement has ended, never waiting."""
        for reset in self._wire.resets():
            if self._player is not None:
                self._player.hear(*reset)
                self._go_on(now)
        self._go_on(now)
        if not self._done:
            return no_replies()
        records = np.concatenate([batch.records for batch in self._done])
        self._done.clear()
        return ReplyBatch(records)

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._wire.record(recorder)

    def await_answers_for(self, seconds: float) -> None:
        """Nothing to do: no socket is held per probe."""

    def hardware(self, host: int) -> bytes:
        """Not known: the target never answers to us."""
        return b""

    def probe_packet(self, probe: np.void) -> bytes:
        """The IP packet of one PROBE record: a SYN in the zombie's name."""
        target = self._target(int(probe["host"]))
        if target.version != self._address.at.version:
            return b""
        return self._wire.syn(target, int(probe["port"]), 0).tobytes()

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._player = None
        self._open.close()


def _no_target(why: str) -> Trouble:
    return Trouble(errno.EOPNOTSUPP, "cannot idle-scan", why)

"""Doubts: hosts that call every port open are found out, asked, and their open ports flagged."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ReplyBatch, empty_probes
from engine.core.distinct import distinct
from engine.core.liars import LiarMark, LiarWatch
from engine.core.pace import Pace
from engine.results.store import Store
from engine.spec.ports import PortSet
from engine.spec.scan_type import Protocol
from engine.transport.base import Transport


class Doubts:
    """The liar watch of one scan, its marks written to the store.

    Attributes:
        texts: why a host's open ports are not to be believed, by host index.
    """

    def __init__(self, store: Store, ports: PortSet, seed: int) -> None:
        self._store = store
        self._ports = ports
        self._watch = LiarWatch(tcp_numbers(ports), seed)
        self._waiting = empty_probes()
        self._next = 0.0
        self.texts: dict[int, str] = {}

    @property
    def busy(self) -> bool:
        """Whether a suspect is being questioned: the scan should not end yet."""
        return self._watch.busy

    @property
    def wake_at(self) -> float:
        """When ask() has something to do; infinity for never."""
        return self._next if len(self._waiting) else self._watch.wake_at

    def add_ports(self, ports: PortSet) -> None:
        """The scan asks these ports too."""
        self._ports = self._ports.union(ports)
        self._watch.asked = tcp_numbers(self._ports)

    def let_be(self, host: int) -> None:
        """Ask the host nothing more; what was found out about it stays."""
        self._watch.forget(host)

    def forget(self, host: int) -> None:
        """The host is scanned anew: judge it afresh."""
        self._watch.forget(host)
        self.texts.pop(host, None)

    def hear(self, now: float, replies: ReplyBatch) -> ReplyBatch:
        """Take in answers; those that belong to the scan itself."""
        mine = self._watch.note(now, replies)
        return replies.only(~mine) if mine.any() else replies

    def ask(self, now: float, transport: Transport, pace: Pace, *, bounded: bool) -> None:
        """Send the questions that are due. They count against the pace, and wait for it where the
        user has ``bounded`` it."""
        if not len(self._waiting):
            self._waiting = self._watch.poll(now)
        room = pace.allowance(now) if bounded and len(self._waiting) else len(self._waiting)
        questions, self._waiting = self._waiting[:room], self._waiting[room:]
        if len(questions):
            transport.send(questions)
            pace.note_sent(len(questions))
        self._next = pace.next_allowed(now, 1) if len(self._waiting) else 0.0

    def flag(self, decided: NDArray[np.uint32], tell: Callable[[LiarMark], None]) -> None:
        """Flag the open ports of liars: of those just found out, which are told, and of those known
        before among the hosts of ports just ``decided``."""
        for mark in self._watch.take_marks():
            self.texts[mark.host] = mark.text
            self._store.doubt(mark.host)
            tell(mark)
        if self.texts:
            for host in self.texts.keys() & set(distinct(decided).tolist()):
                self._store.doubt(host)


def tcp_numbers(ports: PortSet) -> Collection[int]:
    """The TCP ports of a set."""
    ranges = [range(a, b + 1) for protocol, a, b in ports.ranges if protocol is Protocol.TCP]
    return ranges[0] if len(ranges) == 1 else frozenset[int]().union(*ranges)

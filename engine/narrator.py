"""Narrator: tells the log what a scan does, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import SendProblem
from engine.core.pace import Pace
from engine.results.cell import changed
from engine.results.decided import DecidedBatch
from engine.results.host_table import HostTable
from engine.results.host_view import found_up
from engine.results.log import Said, ScanLog
from engine.results.row import HostNames, Row, make_row
from engine.spec.port_state import PortState
from engine.spec.reason import Reason

_PORTS_AT_ONCE = 50
_HOSTS_AT_ONCE = 50
_MOST_DIFFERENT_PROBLEMS = 1_000


class Narrator:
    """Writes ``log``; ``age`` tells the seconds since the scan began."""

    def __init__(self, log: ScanLog, age: Callable[[], float]) -> None:
        self._log = log
        self._age = age
        self._said: set[str] = set()
        self._limit = ""

    def say(self, level: int, said: Said) -> None:
        """One line; ``level`` as in LogLine."""
        self._log.add(self._age(), level, said)

    def pressure(self, problem: SendProblem) -> None:
        """Our own machine could not send for now. The same trouble is told once."""
        self.once(1, f"{problem.text}; sending again, slower")

    def once(self, level: int, text: str) -> None:
        """A line that is worth telling only the first time; nothing for an empty one."""
        if text and text not in self._said and len(self._said) < _MOST_DIFFERENT_PROBLEMS:
            self._said.add(text)
            self.say(level, text)

    def hosts_up(self, table: HostTable, hosts: NDArray[np.uint32], book: AddressBook) -> None:
        """Hosts came up: some are named, the others counted, but none that nobody asked."""
        hosts = hosts[found_up(table.records(hosts))]
        for host in hosts[:_HOSTS_AT_ONCE].tolist():
            self.say(1, f"up: {book.text(host)}, {table.reason(host).label}")
        if len(hosts) > _HOSTS_AT_ONCE:
            self.say(1, f"up: {len(hosts) - _HOSTS_AT_ONCE:,} more hosts just now")

    def decided(self, batch: DecidedBatch) -> None:
        """Ports were decided: open ones and those whose answer tells of another state than before
        are named, the others counted."""
        states, others = batch.cells["state"], changed(batch.cells)
        self._name(np.flatnonzero((states == PortState.OPEN) & ~others), batch, "open", _opened)
        told = others & (batch.cells["reason"] != Reason.NO_RESPONSE)
        self._name(np.flatnonzero(told), batch, "changed", _changed)
        counts = np.bincount(states, minlength=len(PortState))
        self.say(3, partial(_decided, tuple(counts.tolist())))

    def changed(self, batch: DecidedBatch) -> None:
        """These ports have changed for good: those are named that are silent now. Before the end
        of a pass silence may be a lost answer."""
        silent = batch.cells["reason"] == Reason.NO_RESPONSE
        self._name(np.flatnonzero(silent), batch, "changed", _changed)

    def _name(
        self,
        places: NDArray[np.intp],
        batch: DecidedBatch,
        word: str,
        words: Callable[[int, NDArray[np.void], HostNames], str],
    ) -> None:
        for place in places[:_PORTS_AT_ONCE].tolist():
            cell = batch.cells[place : place + 1].copy()  # the batch may be large
            self.say(1, partial(words, int(batch.keys[place]), cell, batch.names))
        if len(places) > _PORTS_AT_ONCE:
            self.say(1, f"{word}: {len(places) - _PORTS_AT_ONCE:,} more ports just now")

    def pace(self, pace: Pace) -> None:
        """What limits the pace, when that has changed."""
        if pace.limit != self._limit:
            self._limit = pace.limit
            why = f": {pace.limit}" if pace.limit else ", still growing"
            self.say(2, f"pace {pace.describe()}{why}")


def _opened(key: int, cell: NDArray[np.void], names: HostNames) -> str:
    row = make_row(key, cell[0], names)
    rtt = "" if row.rtt is None else f" after {_milliseconds(row.rtt)}"
    return f"open: {_port(row)}, {row.reason.label}{rtt}"


def _changed(key: int, cell: NDArray[np.void], names: HostNames) -> str:
    row = make_row(key, cell[0], names)
    was = row.was.label if row.was else "another state"
    return f"changed: {_port(row)} was {was}, is {row.state.label} now, {row.reason.label}"


def _port(row: Row) -> str:
    """``22/tcp (ssh) on 192.0.2.1``."""
    name = f" ({row.service})" if row.service else ""
    return f"{row.port}/{row.protocol.label}{name} on {row.address}"


def _decided(counts: Sequence[int]) -> str:
    words = [f"{n:,} {PortState(i).label}" for i, n in enumerate(counts) if n]
    return f"decided {', '.join(words)}"


def _milliseconds(seconds: float) -> str:
    """``0.31 ms``, ``4.2 ms``, ``350 ms``."""
    value = seconds * 1e3
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"


def counted(number: int, noun: str) -> str:
    """``number`` of ``noun`` in words: ``1 port``, ``1,000 ports``, ``2 addresses``."""
    plural = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{plural}"

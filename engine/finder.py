"""HostFinder: the part of a scan that finds out which hosts are up, and what they are called.

Lives on the engine thread. The discovery core decides what to ask, the host table keeps what is
known, the name lookup works beside both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, ReplyBatch, SendProblem, SendReport
from engine.core.poll import NO_BOUND, Poll
from engine.discovery.core import NOBODY_THERE, DiscoveryCore
from engine.discovery.forecast import SweepForecast, SweepLeft
from engine.discovery.verdict import HOST_VERDICT
from engine.results.host_table import HostTable
from engine.results.host_view import found_up
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec, Mode, Names, PingKind
from engine.spec.reason import Reason
from engine.spec.timing import TimingTemplate
from engine.transport.base import Transport

if TYPE_CHECKING:
    from engine.names.lookup import NameLookup

_PORTION = 16_384
"""Hosts handed to the discovery core at a time: their routes are looked up together. One portion in
one round: of a range without a route nobody needs asking, and it must not hold up the others."""
_HUNGRY = 4_096
"""Hosts still to be asked below which the core gets the next portion."""


class Found(Struct, frozen=True):
    """What discovery has just found out.

    ``up``: hosts that came up, with ``round_trips`` in seconds (NaN unknown); ``unreachable``:
    hosts there is no way to.
    """

    up: NDArray[np.uint32]
    round_trips: NDArray[np.float64]
    unreachable: NDArray[np.uint32]


class HostFinder:
    """Discovery of all hosts of a book, as ``spec`` wants it.

    Attributes:
        held: hand no further hosts to the core for now.
    """

    def __init__(
        self,
        spec: DiscoverySpec,
        timing: TimingTemplate,
        book: AddressBook,
        transport: Transport,
        *,
        seed: int,
    ) -> None:
        self._spec = spec
        self._book = book
        self._transport = transport
        self.table = HostTable(book.count)
        self.core = DiscoveryCore(spec, timing, seed=seed, pings=transport.pings)
        self._forecast = SweepForecast(self.core)
        self._names: NameLookup | None = None
        self._handed = 0
        self.held = False

    # ---------------------------------------------------------------- work

    def step(self) -> None:
        """Hand further hosts to the core when it runs out of them; write down names found.

        Raises SpecError for hosts that no ping can be sent to.
        """
        if self._hungry:
            self._hand_over()
        if self._names is not None:
            for host, name in self._names.take():
                self.table.set_name(host, name)

    @property
    def _hungry(self) -> bool:
        left = self._handed < self._book.count and not self.held
        return left and self.core.waiting < _HUNGRY

    def _hand_over(self) -> None:
        count = min(_PORTION, self._book.count - self._handed)
        hosts = np.arange(self._handed, self._handed + count, dtype=np.uint32)
        self._handed += count
        if self._spec.names is Names.ALL:
            self._look_up(hosts)
        if self._spec.mode is not Mode.LIST:
            self.core.add(hosts, self._book.families(hosts), self._transport.whereabouts(hosts))

    def poll(self, now: float, most: int = NO_BOUND) -> Poll:
        """What may be sent now, ``most`` pings at most, and when to come back at the latest."""
        poll = self.core.poll(now, most)
        return Poll(poll.batch, now) if self._hungry else poll

    def sent(self, now: float, batch: ProbeBatch, report: SendReport) -> None:
        """Note what became of a batch from poll()."""
        self.core.sent(now, batch, report)

    def feed(self, now: float, replies: ReplyBatch) -> None:
        """Take in answers to pings."""
        self.core.feed(now, replies)

    def explains(self, problem: SendProblem) -> bool:
        """Whether a problem of sending says what discovery wants to know: nobody is there."""
        return problem.errno in NOBODY_THERE

    def take_found(self) -> Found:
        """Write down what was decided since the last call, and return it."""
        verdicts = self.core.take_verdicts()
        up = verdicts[verdicts["state"] == HostState.UP]
        if len(verdicts):
            self.table.note(verdicts)
        for host in up["host"][up["kind"] == PingKind.NEIGHBOUR].tolist():
            hardware = self._transport.hardware(host)
            if hardware:
                self.table.set_hardware(host, hardware)
        if self._spec.names is Names.UP:
            self._look_up(up["host"])
        lost = (verdicts["state"] == HostState.UNKNOWN) & (verdicts["reason"] == Reason.NO_ROUTE)
        return Found(up["host"], up["rtt"].astype(np.float64), verdicts["host"][lost])

    def _look_up(self, hosts: NDArray[np.uint32]) -> None:
        if not len(hosts):
            return
        if self._names is None:
            from engine.names.lookup import NameLookup

            self._names = NameLookup(self._spec.name_servers, self._spec.system_resolver)
        for host in hosts.tolist():
            self._names.ask(host, self._book.text(host))

    # ---------------------------------------------------------------- state

    @property
    def unknown(self) -> int:
        """Hosts that are still to be asked or being asked."""
        if self._spec.mode is Mode.LIST:
            return 0
        return self._book.count - self._handed + self.core.open_hosts

    def note(self, now: float) -> None:
        """Take in how far it is at ``now``; cheap enough to call in every round."""
        self._forecast.note(now, self.beyond)

    def left(self, now: float, timing: TimingTemplate) -> SweepLeft:
        """What is expected to be left to do."""
        return self._forecast.left(now, timing, self._handed, self.beyond)

    @property
    def beyond(self) -> int:
        """Hosts still to be handed over, to be asked."""
        return max(self.unknown - self.core.open_hosts - self.assumed, 0)

    @property
    def assumed(self) -> int:
        """Hosts still to be handed over of which nearly all are scanned unasked."""
        return self._book.count - self._handed if self._spec.mode is Mode.ASSUME_UP else 0

    @property
    def asking(self) -> bool:
        """Whether hosts are being asked, or are about to be."""
        return self.unknown > 0 and (not self.held or self.core.open_hosts > 0)

    def answered(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of these hosts answered that they are up."""
        return found_up(self.table.records(hosts))

    @property
    def naming(self) -> int:
        """Names that are being looked up."""
        return self._names.waiting if self._names is not None else 0

    @property
    def trouble(self) -> str:
        """Why names are missing, in one line; empty while all is well."""
        return self._names.trouble if self._names is not None else ""

    def finished(self, now: float) -> bool:
        """True when every host is decided and every name is known or given up."""
        handed = self._handed == self._book.count
        return handed and not self.naming and self.core.finished(now)

    def close(self) -> None:
        """End the name lookup. Idempotent."""
        if self._names is not None:
            self._names.close()

    # ---------------------------------------------------------------- commands

    def grow(self) -> None:
        """The book has more hosts than before."""
        self.table.grow(self._book.count)

    def drop(self, hosts: NDArray[np.uint32]) -> None:
        """Ask these hosts no more."""
        self.core.drop(hosts)
        self.table.close(hosts)

    def ask_again(self, hosts: NDArray[np.uint32]) -> None:
        """Ping hosts again; what is known of them stays visible, marked stale."""
        hosts = hosts[hosts < self._handed]
        self.table.reopen(hosts)
        self.core.ask_again(hosts)

    def assume_up(self, host: int, now: float) -> None:
        """Believe that a host is up although it did not answer."""
        hosts = np.array([host], np.uint32)
        self.drop(hosts)
        verdict = np.zeros(1, HOST_VERDICT)
        verdict["host"], verdict["state"], verdict["reason"] = host, HostState.UP, Reason.USER_SET
        verdict["rtt"], verdict["time"] = np.nan, now
        self.table.note(verdict)

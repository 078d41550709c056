"""PacketChannel: TCP and UDP probes through Linux packet sockets, many to a system call."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, ReplyBatch, SendProblem, SendReport
from engine.core.token import ProbeTokens
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.registry import PACKET_PINGS, PACKET_TYPES
from engine.transport.base import Recorder, Sending
from engine.transport.merging import merge_replies
from engine.transport.packet.dispatch import Dispatch, Dispatcher, Troubles
from engine.transport.packet.kernel_filter import answers
from engine.transport.packet.listener import Listener
from engine.transport.packet.matching import match_replies
from engine.transport.packet.neighbour_messages import ETHERTYPES
from engine.transport.packet.neighbour_pings import NeighbourPings
from engine.transport.packet.packet_sockets import close_together
from engine.transport.packet.paths import HostPaths
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.single_port import reserve_ports
from engine.transport.packet.tcp_echo import TcpEcho
from engine.transport.packet.trouble import lasting_problems, no_such_probe
from engine.transport.packet.verdict import Sent

_MOST_READ = 16_384
"""Packets taken in at once, so that a flood cannot hold us."""


class PacketChannel:
    """A Channel that makes and reads packets itself, as ``options`` want them.

    Raises TransportUnavailable where they cannot be had, and OSError (PermissionError without
    CAP_NET_RAW) when its sockets cannot be opened.
    """

    name = "packet"
    scan_types: frozenset[ScanType] = frozenset(PACKET_TYPES)
    pings: frozenset[PingKind] = PACKET_PINGS | {PingKind.NEIGHBOUR}

    def __init__(
        self,
        book: AddressBook,
        tokens: ProbeTokens,
        options: PacketOptions = AS_USUAL,
        *,
        busy: bool = False,
    ) -> None:
        """``busy``: tens of thousands of answers are expected."""
        self._book = book
        self._busy = busy
        self._recorder: Recorder | None = None
        with contextlib.ExitStack() as stack:
            self._listeners: dict[int, Listener] = {}
            stack.callback(self._close_listeners)
            self._open_listeners()  # first, for the kernel takes its time with a ring
            reserved = stack.enter_context(contextlib.closing(reserve_ports(options)))
            self._let_go_of_ports = reserved.close
            self._paths = stack.enter_context(contextlib.closing(HostPaths(book, options)))
            self._filters = answers(reserved.ports)
            self._open = stack.pop_all()
        self._neighbours = NeighbourPings(self._paths)
        self._sent = Sent(book, tokens, reserved.ports, self._paths.sources, echo=TcpEcho(options))
        self._packets = ProbePackets(book, tokens, reserved.ports, self._paths.sources, options)
        self._dispatcher = Dispatcher(self._paths, self._packets)

    def _open_listeners(self) -> None:
        """Open a listener for each IP version that has hosts; the book may have grown. Each costs
        the kernel about 10 ms to close, so none is opened in vain. Raises OSError."""
        for version in self._book.versions:
            if version not in self._listeners:
                self._listeners[version] = Listener(ETHERTYPES[version], busy=self._busy)

    def _listen(self) -> None:
        """Hear what may answer from now on. Raises OSError."""
        self._open_listeners()
        for version, listener in self._listeners.items():
            listener.let_pass(self._filters[version])

    def _close_listeners(self) -> None:
        close_together(listener.close for listener in self._listeners.values())

    def filenos(self) -> Sequence[int]:
        """Descriptors that become readable when drain() has something to do."""
        listeners = (listener.fileno() for listener in self._listeners.values())
        return (*listeners, *self._paths.filenos())

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send probes. Those to a host whose Ethernet address is still being asked for do not
        leave yet and are in no problem: hand them in again."""
        return self.begin(batch).report()

    def begin(self, batch: ProbeBatch) -> Sending:
        """As send(), but many probes leave while the caller goes on; until it has the report, it
        may drain(), and nothing else, but send() and begin() once it has taken part."""
        if self._sent.note_askers(batch["technique"]):
            self._filters = answers(self._sent.ports, every_protocol=True)
        self._sent.ports.note(batch)
        sent_at = np.full(len(batch), np.nan)
        asking = batch["technique"] == PingKind.NEIGHBOUR
        troubles, problem = self._neighbours.send(batch, np.flatnonzero(asking), sent_at)
        packets = self._packets.exist(batch)
        for row in np.flatnonzero(~packets & ~asking).tolist():
            sent_at[row] = REFUSED
            troubles.append((int(batch["host"][row]), no_such_probe()))
        troubles += self._paths.find(batch["host"][packets], time.monotonic())
        ready = np.flatnonzero(packets & self._paths.ready(batch["host"]))
        if len(ready):
            self._listen()
        dispatch = Dispatch(self._dispatcher, batch, sent_at)
        dispatch.begin(ready)
        return _Leaving(dispatch, sent_at, troubles, problem, self._book.text)

    def hardware(self, host: int) -> bytes:
        """The Ethernet address of a neighbour on the link; empty when none is known."""
        return self._paths.hardware_of(host)

    def await_answers_for(self, seconds: float) -> None:
        """Nothing to do: no socket is held per probe."""

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = self._dispatcher.recorder = recorder
        self._neighbours.record(recorder)

    def drain(self, now: float) -> ReplyBatch:
        """Answers that have arrived, each with the time it came in."""
        self._paths.step(now)
        batches = [
            match_replies(packets, lengths, self._sent, arrivals, self._recorder)
            for listener in self._listeners.values()
            for packets, lengths, arrivals in listener.read(_MOST_READ)
        ]
        return merge_replies([*batches, self._neighbours.drain()])

    def probe_packet(self, probe: np.void) -> bytes:
        """The IP packet of one PROBE record as it was, or would be, sent."""
        probes = np.array([probe])
        host = int(probes["host"][0])
        self._paths.sources.note(host, self._paths.source(host))
        version = int(self._book.families(probes["host"])[0])
        packets, lengths = self._packets.build(probes, version)
        return packets[0, : lengths[0]].tobytes()

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._dispatcher.close()
        # A listener's ring takes longest: the first thread that is started closes it.
        close_together((self._let_go_of_ports, self._close_listeners, self._paths.close))
        self._open.close()


class _Leaving(Struct, frozen=True):
    """A batch on its way; ``troubles`` and ``problem`` were met before it set out."""

    dispatch: Dispatch
    sent_at: NDArray[np.float64]
    troubles: Troubles
    problem: SendProblem | None
    name: Callable[[int], str]

    @property
    def under_way(self) -> bool:
        return self.dispatch.under_way

    def take_part(self) -> NDArray[np.float64] | None:
        if self.troubles or self.problem is not None or not self.dispatch.take_part():
            return None
        return self.sent_at.copy()

    def report(self) -> SendReport:
        troubles, full = self.dispatch.finish()
        problems = [problem for problem in (self.problem, full) if problem is not None]
        lasting = lasting_problems([*self.troubles, *troubles], self.name)
        return SendReport(self.sent_at, (*lasting, *problems))

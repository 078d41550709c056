"""PacketChannel: TCP and UDP probes through Linux packet sockets, many to a system call."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, ReplyBatch, SendProblem, SendReport
from engine.core.distinct import distinct, distinct_bytes
from engine.core.token import ProbeTokens
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.registry import PACKET_PINGS, PACKET_TYPES
from engine.transport.base import Recorder
from engine.transport.merging import merge_replies
from engine.transport.packet.companion import Companion
from engine.transport.packet.kernel_filter import answers, attach
from engine.transport.packet.matching import match_replies
from engine.transport.packet.messages import PacketReader, Packets, PacketSender
from engine.transport.packet.neighbour_messages import ETH_P_IP, ETH_P_IPV6
from engine.transport.packet.neighbour_pings import NeighbourPings
from engine.transport.packet.outlets import Outlet
from engine.transport.packet.packet_sockets import close_together, open_receiver
from engine.transport.packet.paths import HostPaths
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.single_port import reserve_ports
from engine.transport.packet.socket_names import socket_names
from engine.transport.packet.tcp_echo import TcpEcho
from engine.transport.packet.trouble import (
    Trouble,
    lasting_problems,
    no_such_probe,
    pressure,
    refused,
)
from engine.transport.packet.verdict import Sent

_CHUNK = 4096
"""Probes built together: large enough for numpy, small enough for the cache."""
_WORTH_SHARING = 256
"""Probes worth waking a second thread for."""
_MOST_READS = 16
_ETHERNET = 14
_ETHERTYPES = {4: ETH_P_IP, 6: ETH_P_IPV6}
_PRESSURE = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})
_LINK_LOST = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO})


class _QueueFullError(Exception):
    """The kernel takes no more packets now."""

    def __init__(self, problem: SendProblem) -> None:
        self.problem = problem


class PacketChannel:
    """A Channel that makes and reads packets itself, as ``options`` want them.

    Raises TransportUnavailable where they cannot be had, and OSError (PermissionError without
    CAP_NET_RAW) when its sockets cannot be opened.
    """

    name = "packet"
    scan_types: frozenset[ScanType] = frozenset(PACKET_TYPES)
    pings: frozenset[PingKind] = PACKET_PINGS | {PingKind.NEIGHBOUR}

    def __init__(
        self, book: AddressBook, tokens: ProbeTokens, options: PacketOptions = AS_USUAL
    ) -> None:
        self._book = book
        self._recorder: Recorder | None = None
        with contextlib.ExitStack() as stack:
            reserved = stack.enter_context(contextlib.closing(reserve_ports(options)))
            self._paths = stack.enter_context(contextlib.closing(HostPaths(book, options)))
            self._filters = answers(reserved.ports)
            self._receivers: dict[int, socket.socket] = {}
            stack.callback(self._close_receivers)
            self._listen()
            self._open = stack.pop_all()
        self._neighbours = NeighbourPings(self._paths)
        self._sent = Sent(book, tokens, reserved.ports, self._paths.sources, echo=TcpEcho(options))
        self._packets = ProbePackets(book, tokens, reserved.ports, self._paths.sources, options)
        self._senders = (PacketSender(), PacketSender())
        self._companion: Companion[list[tuple[int, Trouble]]] = Companion()
        self._reader = PacketReader()

    def _listen(self) -> None:
        """Open a receiver for each IP version that has hosts; the book may have grown. Each costs
        the kernel about 10 ms to close, so none is opened in vain. Raises OSError."""
        for version, receives in self._filters.items():
            if version not in self._receivers and version in self._book.versions:
                self._receivers[version] = open_receiver(_ETHERTYPES[version], receives)

    def _hear_every_protocol(self) -> None:
        self._filters = answers(self._sent.ports, every_protocol=True)
        for version, receiver in self._receivers.items():
            attach(receiver, self._filters[version])

    def _close_receivers(self) -> None:
        close_together(receiver.close for receiver in self._receivers.values())

    def filenos(self) -> Sequence[int]:
        """Descriptors that become readable when drain() has something to do."""
        receivers = (receiver.fileno() for receiver in self._receivers.values())
        return (*receivers, *self._paths.filenos())

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send probes. Those to a host whose Ethernet address is still being asked for do not
        leave yet and are in no problem: hand them in again."""
        if self._sent.note_askers(batch["technique"]):
            self._hear_every_protocol()
        self._sent.ports.note(batch)
        self._listen()
        report = SendReport(np.full(len(batch), np.nan))
        asking = batch["technique"] == PingKind.NEIGHBOUR
        troubles, problem = self._neighbours.send(batch, np.flatnonzero(asking), report.sent_at)
        problems = [] if problem is None else [problem]
        packets = self._packets.exist(batch)
        for row in np.flatnonzero(~packets & ~asking).tolist():
            report.sent_at[row] = REFUSED
            troubles.append((int(batch["host"][row]), no_such_probe()))
        troubles += self._paths.find(batch["host"][packets], time.monotonic())
        ready = np.flatnonzero(packets & self._paths.ready(batch["host"]))
        outlets = self._paths.outlets(batch["host"][ready])
        try:
            for number in distinct(outlets):
                rows = ready[outlets == number]
                troubles += self._send_by(int(number), batch, rows, report.sent_at)
        except _QueueFullError as stop:
            problems.append(stop.problem)
        report.problems = (*lasting_problems(troubles, self._book.text), *problems)
        return report

    def _send_by(
        self,
        number: int,
        batch: ProbeBatch,
        rows: NDArray[np.intp],
        sent_at: NDArray[np.float64],
    ) -> list[tuple[int, Trouble]]:
        """Send the probes ``rows`` by one outlet; the troubles met. Raises _QueueFullError."""
        broken = self._paths.broken(number)
        troubles: list[tuple[int, Trouble]] = []
        for some in _of_one_technique(batch, rows) if broken is None else ():
            try:
                troubles += self._send_together(number, batch, some, sent_at)
            except OSError as error:
                broken = self._paths.broken(number) or refused(error)
                break
        if broken is not None:
            left = distinct(batch["host"][rows[np.isnan(sent_at[rows])]])
            troubles += [(host, broken) for host in left.tolist()]
            self._paths.drop(number)
        return troubles

    def _send_together(
        self,
        number: int,
        batch: ProbeBatch,
        rows: NDArray[np.intp],
        sent_at: NDArray[np.float64],
    ) -> list[tuple[int, Trouble]]:
        """As _send_some, by two threads when there is enough to send."""
        ours, theirs = self._senders
        if len(rows) < _WORTH_SHARING:
            return self._send_some(ours, number, batch, rows, sent_at)
        half = len(rows) // 2
        other_half = partial(self._send_some, theirs, number, batch, rows[half:], sent_at)
        one_half = partial(self._send_some, ours, number, batch, rows[:half], sent_at)
        their_troubles, our_troubles = self._companion.share(other_half, one_half)
        return our_troubles + their_troubles

    def _send_some(
        self,
        sender: PacketSender,
        number: int,
        batch: ProbeBatch,
        rows: NDArray[np.intp],
        sent_at: NDArray[np.float64],
    ) -> list[tuple[int, Trouble]]:
        """Send probes of one technique; what the kernel refuses, a host or a port, is left out.

        Raises _QueueFullError, and OSError when the interface is lost.
        """
        outlet = self._paths.outlet(number)
        troubles: list[tuple[int, Trouble]] = []
        packets, lengths, names = self._wire(outlet, batch[rows])
        while len(rows):
            now = time.monotonic()
            try:
                taken = sender.send(outlet.sender.fileno(), packets, lengths, names)
            except OSError as error:
                if error.errno in _PRESSURE:
                    raise _QueueFullError(pressure(error)) from error
                if outlet.link is not None and error.errno in _LINK_LOST:
                    raise
                host, trouble = int(batch["host"][rows[0]]), refused(error)
                troubles.append((host, trouble))
                left: NDArray[np.intp] | slice = np.flatnonzero(batch["host"][rows] != host)
                if not trouble.whole_host:
                    sent_at[rows[0]], left = REFUSED, slice(1, None)
            else:
                sent_at[rows[:taken]] = times = np.linspace(now, time.monotonic(), taken)
                if self._recorder is not None:
                    start = 0 if outlet.link is None else _ETHERNET
                    self._recorder.sent(packets[:taken, start:], lengths[:taken] - start, times)
                left = slice(taken, None)
            rows, packets, lengths = rows[left], packets[left], lengths[left]
            names = None if names is None else names[left]
        return troubles

    def _wire(
        self, outlet: Outlet, probes: ProbeBatch
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.void] | None]:
        """What the outlet's socket takes: rows, their lengths, and a socket address for each
        (None for Ethernet frames, which carry their address)."""
        hosts = probes["host"]
        if outlet.link is None:
            packets, lengths = self._packets.build(probes, outlet.version)
            destinations = self._packets.destinations(hosts, outlet.version)
            return packets, lengths, socket_names(destinations, self._paths.interfaces(hosts))
        packets, lengths = self._packets.build(probes, outlet.version, _ETHERNET)
        packets[:, :6] = self._paths.hardware(hosts)
        packets[:, 6:12] = np.frombuffer(outlet.link.hardware, np.uint8)
        packets[:, 12:14] = divmod(_ETHERTYPES[outlet.version], 256)
        return packets, lengths, None

    def hardware(self, host: int) -> bytes:
        """The Ethernet address of a neighbour on the link; empty when none is known."""
        return self._paths.hardware_of(host)

    def await_answers_for(self, seconds: float) -> None:
        """Nothing to do: no socket is held per probe."""

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = recorder
        self._neighbours.record(recorder)

    def drain(self, now: float) -> ReplyBatch:
        """Answers that have arrived, each with the time it came in."""
        self._paths.step(now)
        batches = [
            match_replies(packets, lengths, self._sent, arrivals, self._recorder)
            for receiver in self._receivers.values()
            for packets, lengths, arrivals in self._waiting(receiver)
        ]
        return merge_replies([*batches, self._neighbours.drain()])

    def _waiting(self, receiver: socket.socket) -> Iterator[Packets]:
        """Packets waiting on a receiver, in pieces, so many that a flood cannot hold us here."""
        for _read in range(_MOST_READS):
            try:
                packets = self._reader.read(receiver.fileno())
            except OSError:  # an interface went down: told once, and send() finds out itself
                continue
            if not len(packets.rows):
                return
            yield packets

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
        self._companion.close()
        close_together((self._close_receivers, self._paths.close))
        self._open.close()


def _of_one_technique(batch: ProbeBatch, rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """``rows`` cut into chunks whose probes have one technique."""
    techniques = batch["technique"][rows]
    for number in distinct_bytes(techniques):
        chosen = rows[techniques == number]
        for start in range(0, len(chosen), _CHUNK):
            yield chosen[start : start + _CHUNK]

"""ScapyChannel: the same probes as PacketChannel, sent and received through scapy's sockets.

For systems without Linux's packet sockets, and to check ours against. Thousands of probes per
second at most; send() may wait up to two seconds for a neighbour that does not answer.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Sequence

import numpy as np

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, ReplyBatch, SendReport, no_replies
from engine.core.token import ProbeTokens
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.registry import PACKET_PINGS, PACKET_TYPES
from engine.transport.base import Recorder
from engine.transport.packet.matching import match_replies
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.single_port import reserve_ports
from engine.transport.packet.source_ports import WINDOW
from engine.transport.packet.sources import SourceAddresses, packed
from engine.transport.packet.tcp_echo import TcpEcho
from engine.transport.packet.trouble import (
    Trouble,
    lasting_problems,
    other_version,
    pressure,
    refused,
)
from engine.transport.packet.verdict import Sent
from engine.transport.scapy_network import Network, Way

_MOST_PACKETS = 1024
_WIDTH = 256
_PRESSURE = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})

_PATIENCE = 0.05
"""Seconds one send() may take."""


class ScapyChannel:
    """A Channel over scapy's layer 3 sockets and listeners.

    Raises TransportUnavailable for ``options`` that cannot be had, and OSError (PermissionError
    without the rights) when sockets cannot be opened.
    """

    name = "scapy"
    scan_types: frozenset[ScanType] = frozenset(PACKET_TYPES)
    pings: frozenset[PingKind] = PACKET_PINGS

    def __init__(
        self, book: AddressBook, tokens: ProbeTokens, options: PacketOptions = AS_USUAL
    ) -> None:
        self._book = book
        self._recorder: Recorder | None = None
        self._ways: dict[int, Way] = {}
        sources = SourceAddresses()
        with contextlib.ExitStack() as stack:
            reserved = stack.enter_context(contextlib.closing(reserve_ports(options)))
            self._network = stack.enter_context(contextlib.closing(Network()))
            self._open = stack.pop_all()
        ports = reserved.ports
        window = str(ports.single or f"{ports.base}-{ports.base + WINDOW - 1}")
        # Other protocols than these three are rare, and matching knows whether they were asked for.
        ported = "(tcp or udp or sctp)"
        self._program = f"({ported} and dst portrange {window}) or ((ip or ip6) and not {ported})"
        self._sources = sources
        self._interface, self._source = options.interface, packed(options.source_address)
        self._sent = Sent(book, tokens, ports, sources, echo=TcpEcho(options))
        self._packets = ProbePackets(book, tokens, ports, sources, options)

    def filenos(self) -> Sequence[int]:
        """Descriptors that become readable when drain() has something to do."""
        return self._network.filenos()

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send probes one by one. What cannot leave within _PATIENCE is handed back unsent, so that
        a command of the user never waits for a slow batch."""
        self._sent.note_askers(batch["technique"])
        self._sent.ports.note(batch)
        patience_ends = time.monotonic() + _PATIENCE
        report = SendReport(np.full(len(batch), np.nan))
        troubles: dict[int, Trouble] = {}
        ports_refused: list[tuple[int, Trouble]] = []
        problems = []
        for row, host in enumerate(batch["host"].tolist()):
            if host in troubles:
                continue
            if time.monotonic() > patience_ends:
                break
            try:
                way = self._way(host)
                if isinstance(way, Trouble):
                    troubles[host] = way
                    continue
                packet = self._build(batch[row : row + 1])
                report.sent_at[row] = time.monotonic()
                self._network.send(way, packet)
                if self._recorder is not None:
                    octets = np.frombuffer(packet, np.uint8)[None, :]
                    self._recorder.sent(
                        octets, np.array([len(packet)]), report.sent_at[row : row + 1]
                    )
            except OSError as error:
                report.sent_at[row] = np.nan
                if error.errno in _PRESSURE:
                    problems.append(pressure(error))
                    break
                trouble = refused(error)
                if not trouble.whole_host:
                    report.sent_at[row] = REFUSED
                    ports_refused.append((host, trouble))
                    continue
                troubles[host] = trouble
                self._ways.pop(host, None)
        lasting = lasting_problems([*troubles.items(), *ports_refused], self._book.text)
        report.problems = (*lasting, *problems)
        return report

    def _way(self, host: int) -> Way | Trouble:
        """The way to a host, looked up once. Raises OSError."""
        if host in self._ways:
            return self._ways[host]
        scope = self._book.scope(host) or self._interface
        way = self._network.way(self._book.text(host), scope)
        if isinstance(way, Way):
            if len(self._source or way.source) != len(way.source):
                return other_version()
            self._network.listen(way.interface, self._program)
            self._sources.note(host, self._source or way.source)
            self._ways[host] = way
        return way

    def _build(self, probes: ProbeBatch) -> bytes:
        version = int(self._book.families(probes["host"])[0])
        packets, lengths = self._packets.build(probes, version)
        return packets[0, : lengths[0]].tobytes()

    def hardware(self, host: int) -> bytes:
        """Empty: Ethernet addresses are not seen here."""
        return b""

    def await_answers_for(self, seconds: float) -> None:
        """Nothing to do: no socket is held per probe."""

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = recorder

    def drain(self, now: float) -> ReplyBatch:
        """Answers that have arrived, each with the time it was read, at least ``now``."""
        waiting = list(self._network.packets(_MOST_PACKETS))
        if not waiting:
            return no_replies()
        packets = np.zeros((len(waiting), _WIDTH), np.uint8)
        for row, packet in enumerate(waiting):
            kept = np.frombuffer(packet[:_WIDTH], np.uint8)
            packets[row, : len(kept)] = kept
        lengths = np.array([len(packet) for packet in waiting])
        now = max(now, time.monotonic())
        return match_replies(packets, lengths, self._sent, now, self._recorder)

    def probe_packet(self, probe: np.void) -> bytes:
        """The IP packet of one PROBE record as it was, or would be, sent. Its source address is
        all zeros for a host that has not been sent to."""
        return self._build(np.array([probe]))

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._open.close()

"""A workshop that makes probes under packet options and reads the answers to them."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    IPv6,
)
from scapy.packet import Packet

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, ProbeBatch, ReplyBatch
from engine.core.token import ProbeTokens
from engine.spec.packet_options import PacketOptions
from engine.spec.ping import PingKind
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.transport.packet.kernel_filter import attach
from engine.transport.packet.matching import match_replies
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.single_port import SinglePort
from engine.transport.packet.source_ports import SourcePorts
from engine.transport.packet.sources import SourceAddresses, packed
from engine.transport.packet.tcp_echo import TcpEcho
from engine.transport.packet.verdict import Sent

THEM = {4: "192.0.2.1", 6: "2001:db8::1"}
US = {4: "192.0.2.99", 6: "2001:db8::99"}
BASE = 61_500
LAYER = {4: IP, 6: IPv6}
Kind = ScanType | PingKind


class Workshop:
    """Makes probes of one IP version and reads answers, under some options."""

    def __init__(self, version: int, **wishes: Any) -> None:
        options = PacketOptions(**wishes)
        self.version = version
        book = AddressBook(resolve_targets(parse_targets(THEM[version])).targets)
        sources = SourceAddresses()
        sources.note(0, packed(US[version]))
        port = options.source_port
        self.ports = SourcePorts(BASE) if port is None else SinglePort(port, BASE)
        tokens = ProbeTokens(5)
        self.sent = Sent(book, tokens, self.ports, sources, echo=TcpEcho(options))
        self.packets = ProbePackets(book, tokens, self.ports, sources, options)

    def probe(self, kind: Kind, port: int = 80, attempt: int = 0) -> Packet:
        """The probe, sent."""
        probes: ProbeBatch = np.zeros(1, PROBE)
        probes["port"], probes["technique"], probes["attempt"] = port, kind, attempt
        self.sent.note_askers(probes["technique"])
        self.ports.note(probes)
        rows, lengths = self.packets.build(probes, self.version)
        again, _ = self.packets.build(probes, self.version)
        assert np.array_equal(rows, again), "a probe can be shown as it was sent"
        return LAYER[self.version](rows[0, : lengths[0]].tobytes())

    def back(self, segment: Packet, sent: Packet) -> Packet:
        return LAYER[self.version](src=sent.dst, dst=sent.src) / segment

    def read(self, *packets: Packet) -> ReplyBatch:
        data = [bytes(packet) for packet in packets]
        matrix = np.zeros((len(data), 256), np.uint8)
        for row, one in enumerate(data):
            matrix[row, : len(one)] = np.frombuffer(one, np.uint8)
        return match_replies(matrix, np.array([len(one) for one in data]), self.sent, 5.0)


def passes(program: bytes, packet: Packet) -> bool:
    """Whether a kernel filter lets a packet through."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        attach(ours, program)
        theirs.send(bytes(packet))
        ours.setblocking(False)
        try:
            return bool(ours.recv(4096))
        except BlockingIOError:
            return False


def same_checksums(packet: Packet) -> None:
    """scapy computes the checksums that the packet has."""
    again = packet.copy()
    for layer in (TCP, UDP, ICMP):
        if layer in again:
            del again[layer].chksum
    assert bytes(again) == bytes(packet)

"""Packets as the packet options want them, and how answers to them are recognised."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    IPv6,
)
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkCookieEcho, SCTPChunkInit, crc32c
from scapy.packet import Packet, Raw

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, UNKNOWN_ATTEMPT, ProbeBatch, ReplyBatch
from engine.core.token import ProbeTokens
from engine.spec.packet_options import PacketOptions
from engine.spec.ping import PingKind
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.registry import TCP_SCANS
from engine.transport.packet.kernel_filter import answers, attach
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


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("ttl", [1, 255])
def test_time_to_live(version: int, ttl: int) -> None:
    packet = Workshop(version, ttl=ttl).probe(ScanType.SYN)
    assert (packet.ttl if version == 4 else packet.hlim) == ttl
    same_checksums(packet)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", sorted(TCP_SCANS))
def test_flags_replace_those_of_every_tcp_scan_and_of_no_ping(version: int, scan_type: int) -> None:
    shop = Workshop(version, tcp_flags=0x03)
    packet = shop.probe(ScanType(scan_type))
    assert packet[TCP].flags == "FS"
    assert dict(packet[TCP].options)["MSS"] == 1460
    same_checksums(packet)
    assert shop.probe(PingKind.SYN)[TCP].flags == "S"
    assert shop.probe(PingKind.ACK)[TCP].flags == "A"
    assert Workshop(version, tcp_flags=0x29).probe(ScanType(scan_type))[TCP].options == []


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("flags", "answer"),
    [
        (0x03, {"flags": "RA", "ack": 2}),  # SYN and FIN count one each
        (0x03, {"flags": "SA", "ack": 1 + 1}),
        (0x01, {"flags": "RA", "ack": 1}),
        (0x00, {"flags": "RA", "ack": 0}),
        (0x12, {"flags": "R", "seq": 0}),  # a reset repeats the acknowledgment number
        (0x29, {"flags": "RA", "ack": 1}),
    ],
)
@pytest.mark.parametrize("data_length", [0, 33])
def test_what_must_come_back_follows_from_the_flags_really_sent(
    version: int, flags: int, answer: dict[str, int | str], data_length: int
) -> None:
    shop = Workshop(version, tcp_flags=flags, data_length=data_length)
    sent = shop.probe(ScanType.SYN)
    token = sent[TCP].seq
    fields = {
        name: value if name == "flags" else (token + int(value)) % 2**32
        for name, value in answer.items()
    }
    if "ack" in fields and fields["flags"] == "RA":
        fields["ack"] = (int(fields["ack"]) + data_length) % 2**32
    ports = {"sport": 80, "dport": sent[TCP].sport}
    assert len(shop.read(shop.back(TCP(**ports, **fields), sent))) == 1
    wrong = {
        name: value if name == "flags" else int(value) ^ 4096 for name, value in fields.items()
    }
    replies = shop.read(shop.back(TCP(**ports, **wrong), sent))
    assert (len(replies), replies.rejected) == (0, 1)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("size", [1, 2, 24, 1400])
def test_data_behind_tcp_empty_datagrams_and_echo_requests(version: int, size: int) -> None:
    shop = Workshop(version, data_length=size)
    plain = Workshop(version)
    echo = ICMP if version == 4 else ICMPv6EchoRequest
    tcp, udp, ping = (shop.probe(k) for k in (ScanType.SYN, ScanType.UDP, PingKind.ECHO))
    assert len(tcp[TCP].payload) == len(udp[UDP].payload) == size
    assert bytes(tcp[Raw]) == bytes(udp[Raw])
    assert len(ping) == len(plain.probe(PingKind.ECHO)) + size
    assert bytes(ping[echo]).endswith(bytes(tcp[Raw]))
    for packet in (tcp, udp, ping):
        same_checksums(packet)
    if version == 4:
        assert udp[UDP].len == 8 + size
    asked = shop.probe(ScanType.UDP, port=53)
    assert len(asked) == len(plain.probe(ScanType.UDP, port=53)), "a request stays whole"


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("size", [1, 3, 4, 24])
def test_data_inside_sctp_chunks(version: int, size: int) -> None:
    shop = Workshop(version, data_length=size)
    init, echo = shop.probe(ScanType.SCTP_INIT), shop.probe(ScanType.SCTP_ECHO)
    chunk = init[SCTPChunkInit]
    assert chunk.len == 20 + 4 + size
    start = bytes(init[SCTP]).index(b"\x80\x05")
    assert int.from_bytes(bytes(init[SCTP])[start + 2 : start + 4], "big") == 4 + size
    assert echo[SCTPChunkCookieEcho].len == 8 + size
    for packet in (init, echo):
        assert len(bytes(packet[SCTP])) % 4 == 0
        data = bytes(packet[SCTP])  # scapy leaves the zeros behind a chunk out
        assert int.from_bytes(data[8:12], "big") == crc32c(data[:8] + bytes(4) + data[12:])
    abort = SCTP(sport=80, dport=init[SCTP].sport, tag=chunk.init_tag) / SCTPChunkAbort()
    assert len(shop.read(shop.back(abort, init))) == 1


def test_data_behind_protocols_and_not_behind_messages_of_one_size() -> None:
    shop, plain = Workshop(4, data_length=10), Workshop(4)
    for number, more in ((6, 10), (17, 10), (1, 10), (132, 16), (2, 0), (47, 10), (200, 10)):
        longer = shop.probe(ScanType.PROTOCOL, port=number)
        assert len(longer) == len(plain.probe(ScanType.PROTOCOL, port=number)) + more, number
    for kind in (PingKind.TIMESTAMP, PingKind.MASK):
        assert len(shop.probe(kind)) == len(plain.probe(kind))


@pytest.mark.parametrize("version", [4, 6])
def test_echo_replies_with_data_count(version: int) -> None:
    shop = Workshop(version, data_length=40)
    sent = shop.probe(PingKind.ECHO, 0)
    if version == 4:
        reply = shop.back(ICMP(bytes(sent[ICMP])), sent)
        reply[ICMP].type = 0
        del reply[ICMP].chksum
    else:
        asked = sent[ICMPv6EchoRequest]
        reply = shop.back(ICMPv6EchoReply(id=asked.id, seq=asked.seq, data=asked.data), sent)
    assert len(shop.read(reply)) == 1


# ---------------------------------------------------------------- one source port


def reset_of(shop: Workshop, sent: Packet) -> Packet:
    fields = {"flags": "RA", "ack": (sent[TCP].seq + 1) % 2**32}
    return shop.back(TCP(sport=sent[TCP].dport, dport=sent[TCP].sport, **fields), sent)


@pytest.mark.parametrize("version", [4, 6])
def test_from_one_port_the_token_tells_technique_and_copy(version: int) -> None:
    shop = Workshop(version, source_port=53)
    kinds = (ScanType.SYN, ScanType.FIN, PingKind.SYN)
    sent = {(kind, copy): shop.probe(kind, 80, copy) for kind in kinds for copy in range(3)}
    assert {packet[TCP].sport for packet in sent.values()} == {53}
    for (kind, copy), packet in sent.items():
        (record,) = shop.read(reset_of(shop, packet)).records
        assert (record["technique"], record["attempt"]) == (kind, copy)
        assert (record["port"], record["protocol"]) == (80, kind.facts.protocol)


@pytest.mark.parametrize("version", [4, 6])
def test_from_one_port_forged_answers_are_rejected_once(version: int) -> None:
    shop = Workshop(version, source_port=53)
    sent = [shop.probe(ScanType.SYN, 80, copy) for copy in range(3)]
    forged = reset_of(shop, sent[0])
    forged[TCP].ack ^= 1
    elsewhere = reset_of(shop, sent[0])
    elsewhere[TCP].dport = 54
    replies = shop.read(forged, reset_of(shop, sent[2]), elsewhere, reset_of(shop, sent[1]))
    assert replies.records["attempt"].tolist() == [2, 1]
    assert [bytes(row[: len(forged)]) for row in replies.raw] == [
        bytes(reset_of(shop, sent[copy])) for copy in (2, 1)
    ]
    assert replies.rejected == 1


@pytest.mark.parametrize("version", [4, 6])
def test_from_one_port_a_datagram_answers_an_unknown_copy(version: int) -> None:
    shop = Workshop(version, source_port=53)
    sent = shop.probe(ScanType.UDP, 500)
    answer = shop.back(UDP(sport=500, dport=53) / b"yes", sent)
    (record,) = shop.read(answer).records
    assert record["attempt"] == 0
    shop.probe(ScanType.UDP, 500, 1)
    (record,) = shop.read(answer).records
    assert (record["port"], record["technique"]) == (500, ScanType.UDP)
    assert record["attempt"] == UNKNOWN_ATTEMPT
    shop.probe(PingKind.UDP, 500)
    techniques = shop.read(answer).records["technique"].tolist()
    assert techniques == [ScanType.UDP, PingKind.UDP]


@pytest.mark.parametrize("version", [4, 6])
def test_from_one_port_errors_name_their_probes(version: int) -> None:
    shop = Workshop(version, source_port=53)
    layer = ICMP(type=3, code=3) if version == 4 else ICMPv6DestUnreach(code=4)
    for kind, attempts in ((ScanType.SYN, [0, 1]), (ScanType.SCTP_INIT, [0, 1])):
        for attempt in attempts:
            sent = shop.probe(kind, 80, attempt)
            (record,) = shop.read(shop.back(layer / bytes(sent), sent)).records
            assert (record["technique"], record["attempt"]) == (kind, attempt)
    sent = shop.probe(PingKind.ECHO, 0, 1)
    (record,) = shop.read(shop.back(layer / bytes(sent), sent)).records
    assert (record["technique"], record["attempt"]) == (PingKind.ECHO, 1)


@pytest.mark.parametrize("version", [4, 6])
def test_from_one_port_protocols_are_recognised(version: int) -> None:
    shop = Workshop(version, source_port=53)
    tcp = shop.probe(ScanType.PROTOCOL, 6)
    udp = shop.probe(ScanType.PROTOCOL, 17, 1)
    echo = shop.probe(ScanType.PROTOCOL, 1 if version == 4 else 58)
    assert (tcp[TCP].sport, udp[UDP].sport) == (53, 53)
    identifier = echo[ICMP].id if version == 4 else echo[ICMPv6EchoRequest].id
    assert BASE <= identifier < BASE + 512
    reset = shop.back(TCP(sport=80, dport=53, flags="R", seq=tcp[TCP].ack), tcp)
    datagram = shop.back(UDP(sport=40_125, dport=53), udp)
    records = shop.read(reset, datagram).records
    assert records["port"].tolist() == [6, 17]
    assert records["technique"].tolist() == [ScanType.PROTOCOL] * 2


@pytest.mark.parametrize("version", [4, 6])
def test_our_own_probes_are_no_answers_even_to_the_port_they_come_from(version: int) -> None:
    shop = Workshop(version, source_port=53)
    probes = [shop.probe(kind, 53) for kind in (ScanType.SYN, ScanType.UDP, ScanType.SCTP_INIT)]
    replies = shop.read(*probes)
    assert (len(replies), replies.rejected) == (0, 0)


@pytest.mark.parametrize("version", [4, 6])
def test_the_kernel_lets_the_one_port_pass_and_the_window_for_identifiers_alone(
    version: int,
) -> None:
    shop = Workshop(version, source_port=53)
    program = answers(shop.ports)[version]
    error = ICMP(type=3, code=3) if version == 4 else ICMPv6DestUnreach(code=4)
    for segment in (TCP, UDP, SCTP):
        for port, expected in ((53, True), (52, False), (BASE, False)):
            packet = LAYER[version](src=THEM[version], dst=US[version])
            answer, probe = segment(sport=80, dport=port), segment(sport=port, dport=80)
            assert passes(program, packet / answer) is expected
            assert passes(program, packet / error / packet / probe) is expected
    ping = shop.probe(PingKind.ECHO, 0)
    assert passes(program, shop.back(error / bytes(ping), ping))
    kind = ICMP(type=0, id=53) if version == 4 else ICMPv6EchoReply(id=53)
    assert not passes(program, shop.back(kind, ping))

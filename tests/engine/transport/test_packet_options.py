"""Packets as the packet options want them, and what must come back for them."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
)
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkCookieEcho, SCTPChunkInit, crc32c
from scapy.packet import Raw

from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.registry import TCP_SCANS
from tests.engine.transport.probe_workshop import (
    Workshop,
    same_checksums,
)


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

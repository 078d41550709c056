"""Packets as text, letter for letter; and bytes that try to be more than that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkInit
from scapy.packet import Packet

from engine.formats.packet_line import packet_lines

A, B = "192.0.2.1", "192.0.2.2"
A6, B6 = "2001:db8::1", "2001:db8::2"
PROBE = IP(src=A, dst=B, id=9, ttl=40) / TCP(
    sport=6100, dport=22, seq=7, window=1024, flags="S", options=[("MSS", 1460)]
)
PROBE6 = IPv6(src=A6, dst=B6, fl=5, hlim=40) / UDP(sport=6100, dport=53) / b"\x1b]0;owned\x07"


def line(packet: bytes, width: int = 128) -> str:
    matrix = np.zeros((1, width), np.uint8)
    kept = np.frombuffer(packet[:width], np.uint8)
    matrix[0, : len(kept)] = kept
    return packet_lines(matrix, np.array([len(packet)]))[0]


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        (PROBE, f"TCP {A}:6100 > {B}:22 S ttl=40 id=9 len=44 seq=7 win=1024"),
        (
            IP(src=B, dst=A, id=0) / TCP(sport=22, dport=6100, seq=3, ack=8, flags="SA", window=5),
            f"TCP {B}:22 > {A}:6100 SA ttl=64 id=0 len=40 seq=3 ack=8 win=5",
        ),
        (
            IP(src=B, dst=A) / TCP(sport=22, dport=6100, flags=0, window=0),
            f"TCP {B}:22 > {A}:6100 none ttl=64 id=1 len=40 seq=0 win=0",
        ),
        (PROBE6, f"UDP [{A6}]:6100 > [{B6}]:53 hopl=40 flow=5 len=58"),
        (
            IPv6(src=B6, dst=A6) / IPv6ExtHdrDestOpt() / TCP(sport=1, dport=2, flags="R", window=0),
            f"TCP [{B6}]:1 > [{A6}]:2 R hopl=64 flow=0 len=68 seq=0 win=0",
        ),
        (
            IP(src=B, dst=A, id=4) / ICMP(type=3, code=13) / PROBE,
            f"ICMP {B} > {A} type=3 code=13 ttl=64 id=4 len=72 about TCP {A}:6100 > {B}:22",
        ),
        (
            IPv6(src=B6, dst=A6) / ICMPv6DestUnreach(code=4) / PROBE6,
            f"ICMPv6 [{B6}] > [{A6}] type=1 code=4 hopl=64 flow=0 len=106"
            f" about UDP [{A6}]:6100 > [{B6}]:53",
        ),
        (
            IP(src=B, dst=A) / ICMP(type=8) / PROBE,
            f"ICMP {B} > {A} type=8 code=0 ttl=64 id=1 len=72",
        ),
        (
            IP(src=A, dst=B) / SCTP(sport=6100, dport=3868, tag=0) / SCTPChunkInit(init_tag=7),
            f"SCTP {A}:6100 > {B}:3868 INIT ttl=64 id=1 len=52 tag=0",
        ),
        (
            IP(src=B, dst=A) / SCTP(sport=3868, dport=6100, tag=7) / SCTPChunkAbort(),
            f"SCTP {B}:3868 > {A}:6100 ABORT ttl=64 id=1 len=36 tag=7",
        ),
        (
            IP(src=B, dst=A) / SCTP(sport=3868, dport=6100, tag=7) / b"\xc1\0\0\4",
            f"SCTP {B}:3868 > {A}:6100 chunk=193 ttl=64 id=1 len=36 tag=7",
        ),
        (IP(src=B, dst=A, proto=47) / b"xx", f"IPv4 {B} > {A} protocol=47 ttl=64 id=1 len=22"),
    ],
)
def test_a_line_for_each_kind_of_packet(packet: Packet, text: str) -> None:
    assert line(bytes(packet)) == text


def test_what_cannot_be_read_says_so() -> None:
    assert line(b"") == "unreadable, 0 bytes"
    assert line(b"\x1b[2J") == "unreadable, 4 bytes"
    assert line(bytes(PROBE)[:30]).startswith(f"IPv4 {A} > {B} protocol=6 ")


@given(
    st.lists(st.binary(max_size=200), max_size=6),
    st.sampled_from([b"", b"\x45", b"\x4f", b"\x60", bytes(PROBE)[:20], bytes(PROBE6)[:40]]),
    st.integers(1, 256),
)
def test_no_bytes_reach_the_terminal_as_they_are(
    payloads: list[bytes], head: bytes, width: int
) -> None:
    packets = [head + payload for payload in payloads]
    matrix = np.zeros((len(packets), width), np.uint8)
    for row, packet in zip(matrix, packets, strict=True):
        row[: len(packet)] = np.frombuffer(packet[:width], np.uint8)
    lines = packet_lines(matrix, np.array([len(packet) for packet in packets], np.int64))
    assert len(lines) == len(packets)
    for text in lines:
        assert text.isascii()
        assert text.isprintable()
        assert len(text) < 400

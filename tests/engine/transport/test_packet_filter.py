"""The kernel's own BPF machine runs our programs, on sockets that need no rights."""

from __future__ import annotations

import socket

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6ND_NA,
    IPv6,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import ARP
from scapy.layers.sctp import SCTP
from scapy.packet import Packet

from engine.transport.packet.kernel_filter import (
    answers_over_ipv4,
    answers_over_ipv6,
    arp_replies,
    attach,
    neighbour_advertisements,
)
from engine.transport.packet.source_ports import WINDOW

BASE = 62000


def passes(program: bytes, packet: Packet) -> bool:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        attach(ours, program)
        theirs.send(bytes(packet))
        ours.setblocking(False)
        try:
            return ours.recv(4096) == bytes(packet)
        except BlockingIOError:
            return False


V4 = IP(src="10.0.0.9", dst="10.0.0.1")
V6 = IPv6(src="fd00::9", dst="fd00::1")


@pytest.mark.parametrize(
    ("port", "expected"),
    [(BASE - 1, False), (BASE, True), (BASE + WINDOW - 1, True), (BASE + WINDOW, False)],
)
@pytest.mark.parametrize("segment", [TCP, UDP, SCTP])
def test_only_our_ports_pass(port: int, expected: bool, segment: type[Packet]) -> None:
    answer = segment(sport=80, dport=port)
    options = IP(src="10.0.0.9", dst="10.0.0.1", options=[IPOption_RR(routers=["1.2.3.4"])])
    assert passes(answers_over_ipv4(BASE), V4 / answer) is expected
    assert passes(answers_over_ipv4(BASE), options / answer) is expected
    assert passes(answers_over_ipv6(BASE), V6 / answer) is expected


@pytest.mark.parametrize(("port", "expected"), [(BASE + 7, True), (BASE - 1, False)])
def test_icmp_errors_pass_when_they_quote_one_of_our_ports(port: int, expected: bool) -> None:
    quoted = TCP(sport=port, dport=80)
    for kind in (3, 4, 11, 12):
        assert passes(answers_over_ipv4(BASE), V4 / ICMP(type=kind) / V4 / quoted) is expected
    assert passes(answers_over_ipv6(BASE), V6 / ICMPv6DestUnreach() / V6 / quoted) is expected


def test_the_rest_stays_in_the_kernel() -> None:
    inner = V4 / UDP(sport=BASE, dport=80)
    assert not passes(answers_over_ipv4(BASE), V4 / ICMP(type=5) / inner)
    assert not passes(answers_over_ipv4(BASE), V4 / ICMP(type=3))
    assert not passes(answers_over_ipv4(BASE), IP(frag=8, proto=6) / bytes([BASE >> 8] * 40))
    assert not passes(answers_over_ipv4(BASE), IP(proto=47) / bytes(40))
    assert not passes(answers_over_ipv6(BASE), V6 / ICMPv6EchoReply())
    assert passes(answers_over_ipv6(BASE), V6 / IPv6ExtHdrHopByHop() / TCP(dport=BASE))


def test_a_scan_for_protocols_lets_every_protocol_in_and_still_no_strangers_ports() -> None:
    four = answers_over_ipv4(BASE, every_protocol=True)
    six = answers_over_ipv6(BASE, every_protocol=True)
    gre, gre6 = IP(src="10.0.0.9", dst="10.0.0.1", proto=47), IPv6(nh=47)
    assert passes(four, gre / b"tunnel")
    assert passes(six, gre6 / b"tunnel")
    assert passes(four, V4 / ICMP(type=3, code=2) / gre)
    assert passes(six, V6 / ICMPv6DestUnreach() / gre6)
    for program, outer, unreachable in (
        (four, V4, V4 / ICMP(type=3)),
        (six, V6, V6 / ICMPv6DestUnreach()),
    ):
        for segment in (TCP, UDP, SCTP):
            assert passes(program, outer / segment(dport=BASE + 3))
            assert not passes(program, outer / segment(dport=BASE - 1))
            assert not passes(program, unreachable / outer / segment(sport=BASE - 1))
            assert passes(program, unreachable / outer / segment(sport=BASE + 1))
    assert not passes(four, V4 / ICMP(type=8))
    assert not passes(six, V6 / ICMPv6ND_NA())
    assert not passes(answers_over_ipv4(BASE), V4 / ICMP(type=3, code=2) / gre)


def test_neighbours_answers_pass_and_their_questions_do_not() -> None:
    assert passes(arp_replies(), ARP(op=2))
    assert not passes(arp_replies(), ARP(op=1))
    assert passes(neighbour_advertisements(), V6 / ICMPv6ND_NA())
    assert not passes(neighbour_advertisements(), V6 / ICMPv6EchoReply())
    assert not passes(neighbour_advertisements(), V6 / TCP())

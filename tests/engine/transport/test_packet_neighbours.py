"""ARP and neighbour discovery: scapy reads our questions and writes the answers we read."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, Ether

from engine.transport.packet.neighbour_messages import (
    Advertised,
    question,
    read_advertisement,
    read_arp_reply,
)

OURS, THEIRS = "02:00:00:00:00:01", "02:00:00:00:00:09"
HARDWARE = bytes.fromhex(OURS.replace(":", ""))
ANSWERED = bytes.fromhex(THEIRS.replace(":", ""))
V6_US, V6_THEM = "fd00::1", "fd00::1234:5678"


def packed(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def test_the_arp_question_is_what_scapy_would_ask() -> None:
    expected = Ether(src=OURS, dst="ff:ff:ff:ff:ff:ff") / ARP(
        hwsrc=OURS, psrc="10.0.0.1", pdst="10.0.0.9", hwdst="00:00:00:00:00:00"
    )
    assert question(packed("10.0.0.9"), HARDWARE, packed("10.0.0.1")) == bytes(expected)


def test_the_solicitation_is_what_scapy_would_ask() -> None:
    expected = (
        Ether(src=OURS, dst="33:33:ff:34:56:78")
        / IPv6(src=V6_US, dst="ff02::1:ff34:5678", hlim=255)
        / ICMPv6ND_NS(tgt=V6_THEM)
        / ICMPv6NDOptSrcLLAddr(lladdr=OURS)
    )
    assert question(packed(V6_THEM), HARDWARE, packed(V6_US)) == bytes(expected)


def test_a_true_arp_reply_is_read_with_and_without_padding() -> None:
    reply = bytes(ARP(op=2, hwsrc=THEIRS, psrc="10.0.0.9", hwdst=OURS, pdst="10.0.0.1"))
    assert read_arp_reply(reply) == Advertised(packed("10.0.0.9"), ANSWERED)
    assert read_arp_reply(reply + bytes(18)) == Advertised(packed("10.0.0.9"), ANSWERED)


@pytest.mark.parametrize(
    "wrong",
    [{"op": 1}, {"hwsrc": "ff:ff:ff:ff:ff:ff"}, {"hwsrc": "00:00:00:00:00:00"}, {"ptype": 0x86DD}],
)
def test_other_arp_packets_are_not_replies(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {"op": 2, "hwsrc": THEIRS, "psrc": "10.0.0.9", "plen": 4}
    assert read_arp_reply(bytes(ARP(**{**fields, **wrong}))) is None


def test_a_true_advertisement_is_read() -> None:
    packet = (
        IPv6(src=V6_THEM, dst=V6_US, hlim=255)
        / ICMPv6ND_NA(tgt=V6_THEM)
        / ICMPv6NDOptDstLLAddr(lladdr=THEIRS)
    )
    assert read_advertisement(bytes(packet)) == Advertised(packed(V6_THEM), ANSWERED)
    routed = packet.copy()
    routed.hlim = 64
    assert read_advertisement(bytes(routed)) is None, "came through a router: RFC 4861 7.1.2"
    bare = IPv6(src=V6_THEM, dst=V6_US, hlim=255) / ICMPv6ND_NA(tgt=V6_THEM)
    assert read_advertisement(bytes(bare)) is None


@given(st.binary(max_size=120), st.integers(0, 119), st.integers(0, 255))
def test_no_bytes_raise(noise: bytes, at: int, value: int) -> None:
    read_arp_reply(noise)
    read_advertisement(noise)
    packet = bytearray(
        bytes(
            IPv6(src=V6_THEM, dst=V6_US, hlim=255)
            / ICMPv6ND_NA(tgt=V6_THEM)
            / ICMPv6NDOptDstLLAddr(lladdr=THEIRS)
        )
    )
    packet[at % len(packet)] = value
    read_advertisement(bytes(packet) + noise)
    read_advertisement(bytes(packet)[:at])

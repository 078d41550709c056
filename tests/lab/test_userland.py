"""The user-space hosts say what they should, and scapy finds every checksum of theirs right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrFragment,
)
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkCookieEcho, SCTPChunkInit
from scapy.packet import Packet, Raw

from tests.lab import wire
from tests.lab.sctp_peer import OPEN_PORTS, SILENT_PORTS
from tests.lab.userland import KINDS, Host, SctpPeer, Tarpit, Zombie

ENDS = {
    4: IP(src="10.0.0.1", dst="10.0.0.2"),
    6: IPv6(src="fd00::1", dst="fd00::2"),
}
LAYER = {4: IP, 6: IPv6}
CHECKED = {IP, TCP, ICMP, SCTP, ICMPv6EchoReply}


def ask(host: Host, question: Packet) -> list[Packet]:
    """The decoded answers to a packet, every checksum recomputed and found the same."""
    packet = wire.parse(raw(question))
    assert packet is not None
    answers = []
    for answer in host.answer(packet):
        decoded = LAYER[packet.family](answer)
        again = decoded.copy()
        for layer in CHECKED & set(again.layers()):
            setattr(again[layer], "cksum" if layer is ICMPv6EchoReply else "chksum", None)
        assert raw(again) == answer
        answers.append(decoded)
    return answers


def syn(family: int, port: int = 80, flags: str = "S") -> Packet:
    return ENDS[family] / TCP(sport=1025, dport=port, flags=flags, seq=7, ack=9)


@pytest.mark.parametrize("family", (4, 6))
def test_a_tarpit_takes_any_syn_and_nothing_else(family: int) -> None:
    (answer,) = ask(Tarpit(), syn(family, 4711))
    assert (answer[TCP].flags, answer[TCP].window, answer[TCP].ack) == ("SA", 0, 8)
    assert not ask(Tarpit(), syn(family, 4711, "A"))
    assert not ask(Tarpit(), ENDS[family] / UDP(sport=1025, dport=53))


def test_a_zombie_counts_all_it_sends() -> None:
    zombie = Zombie()
    questions = [syn(4, flags="SA"), ENDS[4] / ICMP(id=1), syn(4), ENDS[4] / UDP(dport=9)]
    numbers = [ask(zombie, question)[0].id for question in questions]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert not ask(zombie, syn(4, flags="R"))


def test_over_ipv6_a_zombie_counts_only_towards_those_who_made_it_fragment() -> None:
    zombie = Zombie()
    assert IPv6ExtHdrFragment not in ask(zombie, syn(6, flags="SA"))[0]
    quoted = IPv6(src="fd00::2", dst="fd00::1") / Raw(bytes(40))
    assert not ask(zombie, ENDS[6] / ICMPv6PacketTooBig(mtu=1278) / quoted)
    numbers = [ask(zombie, syn(6, flags="SA"))[0][IPv6ExtHdrFragment].id for _ in range(3)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert ask(zombie, ENDS[6] / ICMPv6EchoRequest())[0][IPv6ExtHdrFragment].id == numbers[0] + 3


@pytest.mark.parametrize("family", (4, 6))
def test_an_sctp_peer_follows_the_tags(family: int) -> None:
    def init(port: int) -> list[Packet]:
        chunk = SCTPChunkInit(init_tag=77)
        return ask(SctpPeer(), ENDS[family] / SCTP(sport=1025, dport=port, tag=0) / chunk)

    (accepted,) = init(OPEN_PORTS[0])
    assert (accepted[SCTP].tag, accepted[SCTP].payload.type) == (77, 2)
    (refused,) = init(9)
    assert (refused[SCTP].tag, refused[SCTPChunkAbort].TCB) == (77, 0)
    assert not init(SILENT_PORTS[0])
    echo = SCTP(sport=1025, dport=9, tag=88) / SCTPChunkCookieEcho(cookie=b"lab!")
    (reflected,) = ask(SctpPeer(), ENDS[family] / echo)
    assert (reflected[SCTP].tag, reflected[SCTPChunkAbort].TCB) == (88, 1)


@given(st.binary(max_size=120), st.sampled_from(sorted(KINDS)))
def test_no_bytes_trip_a_host(data: bytes, kind: str) -> None:
    """Behind valid IP headers too: hypothesis would seldom find those by itself."""
    heads = (b"", raw(ENDS[4] / Raw(data))[:20], raw(ENDS[6] / Raw(data))[:40])
    for head in heads:
        for protocol in (wire.ICMP, wire.TCP, wire.ICMPV6, wire.SCTP, 99):
            at = {20: 9, 40: 6}.get(len(head), 0)
            named = head[:at] + bytes([protocol]) + head[at + 1 :] if head else b""
            packet = wire.parse(named + data)
            if packet is not None:
                for answer in KINDS[kind]().answer(packet):
                    assert len(answer) <= 200

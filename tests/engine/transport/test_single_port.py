"""All probes from one source port: how answers are told apart."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
)
from scapy.layers.sctp import SCTP
from scapy.packet import Packet

from engine.core.batch import UNKNOWN_ATTEMPT
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.transport.packet.kernel_filter import answers
from tests.engine.transport.probe_workshop import (
    BASE,
    LAYER,
    THEM,
    US,
    Workshop,
    passes,
)


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

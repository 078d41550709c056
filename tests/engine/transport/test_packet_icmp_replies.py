"""Which ICMP messages answer a ping; every other one is counted or ignored, never believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.packet import Packet

from engine.core.batch import PROBE
from engine.spec.ping import PingKind
from engine.spec.scan_type import Protocol
from engine.techniques.answer import AnswerKind, split_answer
from engine.transport.packet.kernel_filter import answers_over_ipv4, answers_over_ipv6
from engine.transport.packet.probe_packets import ProbePackets
from tests.engine.transport.test_packet_filter import passes
from tests.engine.transport.test_packet_matching import (
    BASE,
    BOOK,
    HOSTS,
    LAYER,
    NAMES,
    ROUTER,
    SENT,
    SOURCES,
    TOKENS,
    US,
    matched,
)

KINDS = [
    (4, PingKind.ECHO, 0),
    (4, PingKind.TIMESTAMP, 14),
    (4, PingKind.MASK, 18),
    (6, PingKind.ECHO, 129),
]


def request(version: int, kind: PingKind, attempt: int = 2, host: int = 0) -> bytes:
    """The packet we would have sent to HOSTS[version][host]."""
    record = np.zeros(1, PROBE)
    record["host"] = NAMES.index(HOSTS[version][host])
    record["technique"], record["attempt"] = kind, attempt
    record["protocol"] = Protocol.IP
    rows, lengths = ProbePackets(BOOK, TOKENS, SENT.ports, SOURCES).build(record, version)
    return rows[0, : lengths[0]].tobytes()


def reply(
    version: int, kind: PingKind, reply_type: int, source: str = "", destination: str = ""
) -> bytearray:
    """What a host sends back: the message with another type, from there to us."""
    message = bytearray(request(version, kind)[start(version) :])
    message[0] = reply_type
    packet = LAYER[version](src=source or HOSTS[version][0], dst=destination or US[version])
    setattr(packet, *(("proto", 1) if version == 4 else ("nh", 58)))
    return bytearray(bytes(packet / bytes(message)))


def start(version: int) -> int:
    """Where the ICMP message begins."""
    return 20 if version == 4 else 40


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
def test_requests_are_what_scapy_reads(version: int, kind: PingKind, reply_type: int) -> None:
    packet = LAYER[version](request(version, kind))
    layer, checksum = (ICMP, "chksum") if version == 4 else (ICMPv6EchoRequest, "cksum")
    assert BASE <= packet[layer].id < BASE + 512
    again = packet.copy()
    delattr(again[layer], checksum)
    assert bytes(again) == bytes(packet)


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
def test_a_true_reply_names_host_kind_and_copy(
    version: int, kind: PingKind, reply_type: int
) -> None:
    batch = matched(bytes(reply(version, kind, reply_type)))
    assert batch.rejected == 0
    (record,) = batch.records
    assert NAMES[record["host"]] == HOSTS[version][0]
    assert (record["port"], record["protocol"]) == (0, Protocol.IP)
    assert (record["technique"], record["attempt"]) == (kind, 2)
    expected = AnswerKind.ICMP4 if version == 4 else AnswerKind.ICMP6
    assert split_answer(int(record["answer"])) == (expected, reply_type << 8, True)


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
@pytest.mark.parametrize("place", [5, 7, 11])
def test_a_reply_with_anything_changed_is_rejected(
    version: int, kind: PingKind, reply_type: int, place: int
) -> None:
    """Identifier, sequence number, token; a mask reply has the mask where others have the token."""
    packet = reply(version, kind, reply_type)
    packet[start(version) + place] ^= 1
    expected = (1, 0) if place == 11 and kind is PingKind.MASK else (0, 1)
    batch = matched(bytes(packet))
    assert (len(batch), batch.rejected) == expected


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
@pytest.mark.parametrize("end", ["source", "destination"])
def test_replies_from_addresses_nobody_asked_are_counted(
    version: int, kind: PingKind, reply_type: int, end: str
) -> None:
    """As to a broadcast: many answer, none of them was asked."""
    source, destination = ROUTER[version], ""
    if end == "destination":
        source, destination = destination, source
    batch = matched(bytes(reply(version, kind, reply_type, source, destination)))
    assert (len(batch), batch.rejected) == (0, 1)


def test_the_reply_to_one_kind_does_not_answer_another() -> None:
    packets = [
        bytes(reply(4, kind, reply_type))
        for _, kind, right in KINDS
        for reply_type in (0, 14, 18)
        if reply_type != right and kind in (PingKind.TIMESTAMP, PingKind.MASK)
    ]
    batch = matched(*packets)
    assert (len(batch), batch.rejected) == (0, len(packets))


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
def test_a_request_seen_on_loopback_is_no_answer(
    version: int, kind: PingKind, reply_type: int
) -> None:
    batch = matched(request(version, kind, host=1))
    assert (len(batch), batch.rejected) == (0, 0)


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
@pytest.mark.parametrize("cut", [4, 8, 11])
def test_cut_replies_are_rejected(version: int, kind: PingKind, reply_type: int, cut: int) -> None:
    packet = reply(version, kind, reply_type)[: start(version) + cut]
    length = len(packet) if version == 4 else len(packet) - 40
    at = 2 if version == 4 else 4
    packet[at : at + 2] = length.to_bytes(2, "big")
    batch = matched(bytes(packet))
    assert (len(batch), batch.rejected) == (0, 1)


def error(version: int, quote: bytes, source: str) -> Packet:
    message = ICMP(type=3, code=1) if version == 4 else ICMPv6DestUnreach(code=3)
    return LAYER[version](src=source, dst=US[version]) / message / quote


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
@pytest.mark.parametrize("whole", [True, False])
def test_an_error_about_a_ping_is_an_answer_to_it(
    version: int, kind: PingKind, reply_type: int, whole: bool
) -> None:
    quote = request(version, kind)
    quote = quote if whole else quote[: start(version) + 8]
    batch = matched(error(version, quote, ROUTER[version]))
    (record,) = batch.records
    assert (record["technique"], record["attempt"], record["port"]) == (kind, 2, 0)
    answer, _, from_target = split_answer(int(record["answer"]))
    assert answer is (AnswerKind.ICMP4 if version == 4 else AnswerKind.ICMP6)
    assert not from_target


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
def test_an_error_that_misquotes_a_ping_is_rejected(
    version: int, kind: PingKind, reply_type: int
) -> None:
    mark = 5 if version == 4 else 3
    for place in (mark, start(version) + 5, start(version) + 7):
        quote = bytearray(request(version, kind))
        quote[place] ^= 1
        batch = matched(error(version, bytes(quote), ROUTER[version]))
        assert (len(batch), batch.rejected) == (0, 1)


@pytest.mark.parametrize(("version", "kind", "reply_type"), KINDS)
def test_the_kernel_lets_in_what_can_answer_a_ping(
    version: int, kind: PingKind, reply_type: int
) -> None:
    program = answers_over_ipv4(BASE) if version == 4 else answers_over_ipv6(BASE)
    elsewhere = answers_over_ipv4(BASE + 600) if version == 4 else answers_over_ipv6(BASE + 600)
    for packet in (
        LAYER[version](bytes(reply(version, kind, reply_type))),
        error(version, request(version, kind), ROUTER[version]),
    ):
        assert passes(program, packet)
        assert not passes(elsewhere, packet)
    assert not passes(program, LAYER[version](request(version, kind)))


def test_foreign_pings_are_not_even_counted() -> None:
    batch = matched(
        IP(src="10.0.0.9", dst=US[4]) / ICMP(type=0, id=77, seq=1) / b"somebody else's ping",
        IPv6(src="fd00::9", dst=US[6]) / ICMPv6EchoReply(id=77, seq=1, data=b"somebody else's"),
    )
    assert (len(batch), batch.rejected) == (0, 0)


@settings(max_examples=150, deadline=None)
@given(
    case=st.sampled_from(KINDS),
    at=st.integers(0, 70),
    value=st.integers(0, 255),
    cut=st.integers(0, 80),
)
def test_mutated_replies_never_raise_nor_change_whom_they_speak_for(
    case: tuple[int, PingKind, int], at: int, value: int, cut: int
) -> None:
    version, kind, reply_type = case
    packet = reply(version, kind, reply_type)
    if at < len(packet):
        packet[at] = value
    batch = matched(bytes(packet[:cut]))
    for record in batch.records:
        assert NAMES[record["host"]] in HOSTS[version]
        assert record["technique"] == kind

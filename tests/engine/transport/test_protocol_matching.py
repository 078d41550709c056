"""Which received bytes answer SCTP and IP protocol probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6ParamProblem, IPv6
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkInitAck
from scapy.packet import Packet

from engine.core.batch import UNKNOWN_ATTEMPT
from engine.spec.ping import PingKind
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import AnswerKind, split_answer
from engine.techniques.registry import PACKET_PROBES, PROTOCOL_TECHNIQUES
from tests.engine.transport.test_packet_matching import (
    BASE,
    HOSTS,
    LAYER,
    NAMES,
    ROUTER,
    SENT,
    US,
    icmp_error,
    matched,
    probe,
    tcp_answer,
)

INIT, ECHO, ASKS = ScanType.SCTP_INIT, ScanType.SCTP_ECHO, ScanType.PROTOCOL
ICMP_NUMBER = {4: 1, 6: 58}
ICMP_PINGS = (PingKind.ECHO, PingKind.TIMESTAMP, PingKind.MASK)


@pytest.fixture
def askers() -> Iterator[set[int]]:
    """Protocols were asked for, by an IP protocol scan."""
    SENT.protocol_askers.add(ASKS)
    yield SENT.protocol_askers
    SENT.protocol_askers.clear()


def token(version: int, scan_type: ScanType) -> int:
    sent = LAYER[version](probe(version, scan_type))[SCTP]
    return int(sent.tag or sent.payload.init_tag)


def chunk_answer(version: int, scan_type: ScanType, chunk: Packet, **changes: object) -> Packet:
    sent = LAYER[version](probe(version, scan_type))[SCTP]
    fields = {"sport": 80, "dport": sent.sport, "tag": token(version, scan_type)}
    addresses = {"src": HOSTS[version][0], "dst": US[version]}
    for name, value in changes.items():
        (addresses if name in addresses else fields)[name] = value
    return LAYER[version](**addresses) / SCTP(**fields) / chunk


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("scan_type", "chunk", "number"),
    [(INIT, SCTPChunkInitAck(), 2), (INIT, SCTPChunkAbort(), 6), (ECHO, SCTPChunkAbort(TCB=1), 6)],
)
def test_chunks_with_our_tag_are_matched(
    version: int, scan_type: ScanType, chunk: Packet, number: int
) -> None:
    batch = matched(chunk_answer(version, scan_type, chunk))
    (record,) = batch.records
    assert NAMES[record["host"]] == HOSTS[version][0]
    assert (record["port"], record["protocol"]) == (80, Protocol.SCTP)
    assert (record["technique"], record["attempt"]) == (scan_type, 2)
    assert split_answer(int(record["answer"])) == (AnswerKind.SCTP, number, True)
    assert batch.rejected == 0


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    "change",
    [
        {"tag": 1},
        {"tag": 0},
        {"sport": 81},
        {"dport": BASE + 3},
        {"dport": BASE},
        {"src": ROUTER},
        {"dst": ROUTER},
    ],
    ids=str,
)
def test_forged_chunks_are_rejected(version: int, change: dict[str, object]) -> None:
    change = {
        name: value[version] if isinstance(value, dict) else value for name, value in change.items()
    }
    batch = matched(chunk_answer(version, INIT, SCTPChunkInitAck(), **change))
    assert (len(batch), batch.rejected) == (0, 1)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", [INIT, ECHO])
def test_our_own_chunks_seen_on_loopback_never_match(version: int, scan_type: ScanType) -> None:
    for port in (80, BASE, BASE + 2, BASE + 100):
        batch = matched(*(probe(version, scan_type, port, host=host) for host in (0, 1)))
        assert (len(batch), batch.rejected) == (0, 0)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", [INIT, ECHO])
def test_errors_that_quote_a_chunk_are_matched(version: int, scan_type: ScanType) -> None:
    quoted = probe(version, scan_type)
    header = 20 if version == 4 else 40
    for kept in (len(quoted), header + 8):
        (record,) = matched(icmp_error(version, quoted[:kept])).records
        assert (record["port"], record["protocol"]) == (80, Protocol.SCTP)
        assert (record["technique"], record["attempt"]) == (scan_type, 2)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("scan_type", "at"), [(INIT, 16), (INIT, 4), (ECHO, 4), (INIT, 3)])
def test_errors_that_quote_another_tag_or_port_are_rejected(
    version: int, scan_type: ScanType, at: int
) -> None:
    quoted = bytearray(probe(version, scan_type))
    quoted[(20 if version == 4 else 40) + at] ^= 1
    batch = matched(icmp_error(version, bytes(quoted)))
    assert (len(batch), batch.rejected) == (0, 1)


def protocol_answers(version: int) -> dict[int, Packet]:
    """What a host that speaks them answers to probes of some protocols."""

    def sent(number: int) -> Packet:
        return LAYER[version](probe(version, ASKS, number))

    tcp, udp, sctp = sent(6)[TCP], sent(17)[UDP], sent(132)[SCTP]
    icmp = sent(ICMP_NUMBER[version])
    asked = icmp.getlayer(1)
    reply = (
        ICMP(type=0, id=asked.id, seq=asked.seq) / bytes(asked.payload)
        if version == 4
        else ICMPv6EchoReply(id=asked.id, seq=asked.seq, data=asked.data)
    )
    ip = LAYER[version](src=HOSTS[version][0], dst=US[version])
    return {
        6: ip / TCP(sport=80, dport=tcp.sport, flags="R", seq=tcp.ack),
        17: ip / UDP(sport=40125, dport=udp.sport) / b"hello",
        132: ip / SCTP(sport=80, dport=sctp.sport, tag=sctp.payload.init_tag) / SCTPChunkAbort(),
        ICMP_NUMBER[version]: ip / reply,
    }


@pytest.mark.parametrize("version", [4, 6])
def test_answers_with_a_token_of_their_own_are_matched(version: int) -> None:
    for number, packet in protocol_answers(version).items():
        batch = matched(packet)
        (record,) = batch.records
        assert (record["port"], record["protocol"]) == (number, Protocol.IP)
        assert (record["technique"], record["attempt"]) == (ASKS, 2)
        kind, detail, from_target = split_answer(int(record["answer"]))
        assert from_target
        if number == ICMP_NUMBER[version]:
            assert (kind, detail) in ((AnswerKind.ICMP4, 0), (AnswerKind.ICMP6, 0x8100))
        else:
            assert (kind, detail) == (AnswerKind.IP, number)


def tcp_of_a_session(packet: Packet) -> None:
    packet[TCP].flags, packet[TCP].seq = "A", 4711


FALSE_ANSWERS: dict[str, tuple[int, Callable[[Packet], None]]] = {
    "not a reset": (6, lambda p: setattr(p[TCP], "flags", "A")),
    "another sequence number": (6, lambda p: setattr(p[TCP], "seq", 4711)),
    "another TCP port": (6, lambda p: setattr(p[TCP], "sport", 443)),
    "another UDP port": (17, lambda p: setattr(p[UDP], "sport", 53)),
    "another tag": (132, lambda p: setattr(p[SCTP], "tag", 4711)),
    "another echo": (1, lambda p: setattr(p[ICMP], "seq", p[ICMP].seq ^ 1)),
    "part of a session": (6, tcp_of_a_session),
}


@pytest.mark.parametrize("name", FALSE_ANSWERS)
def test_packets_of_a_protocol_that_show_no_token_are_rejected(name: str, askers: set[int]) -> None:
    number, change = FALSE_ANSWERS[name]
    packet = protocol_answers(4)[number]
    change(packet)
    batch = matched(packet)
    assert (len(batch), batch.rejected) == (0, 1)


def bare(version: int, number: int, source: str, destination: str) -> Packet:
    if version == 4:
        return IP(src=source, dst=destination, proto=number) / b"whatever"
    return IPv6(src=source, dst=destination, nh=number) / b"whatever"


@pytest.mark.parametrize("version", [4, 6])
def test_a_packet_of_a_protocol_without_ports_answers_who_asked(
    version: int, askers: set[int]
) -> None:
    packet = bare(version, 47, HOSTS[version][0], US[version])
    (record,) = matched(packet).records
    assert (record["port"], record["protocol"]) == (47, Protocol.IP)
    assert (record["technique"], record["attempt"]) == (ASKS, UNKNOWN_ATTEMPT)
    assert split_answer(int(record["answer"])) == (AnswerKind.IP, 47, True)
    askers.add(PingKind.PROTOCOL)
    batch = matched(packet)
    assert batch.records["technique"].tolist() == [ASKS, PingKind.PROTOCOL]
    assert len(batch.raw) == len(batch.raw_length) == 2
    askers.clear()
    assert (len(matched(packet)), matched(packet).rejected) == (0, 0)


@pytest.mark.parametrize("version", [4, 6])
def test_packets_of_strangers_for_others_and_of_ours_answer_nothing(
    version: int, askers: set[int]
) -> None:
    here = US[version]
    own = [probe(version, ASKS, number, host=1, attempt=3) for number in (3, 47, 50, 200)]
    batch = matched(
        bare(version, 47, ROUTER[version], here),
        bare(version, 47, HOSTS[version][0], ROUTER[version]),
        bare(version, 255, HOSTS[version][0], here),
        *own,
    )
    assert len(batch) == 0


@pytest.mark.parametrize("version", [4, 6])
def test_this_machine_s_own_packets_answer_when_they_are_no_probes(
    version: int, askers: set[int]
) -> None:
    packet = bare(version, 47, US[version], US[version])
    if version == 4:
        packet.id = 1
    assert matched(packet).records["port"].tolist() == [47]


def unreachable(version: int, quoted: bytes, source: str) -> Packet:
    outer = LAYER[version](src=source, dst=US[version])
    if version == 4:
        return outer / ICMP(type=3, code=2) / quoted
    return outer / ICMPv6ParamProblem(code=1, ptr=6) / quoted


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("number", [6, 17, 132, 2, 47, 200])
@pytest.mark.parametrize("attempt", [0, 2, 15])
def test_errors_that_quote_a_protocol_probe_are_matched(
    version: int, number: int, attempt: int, askers: set[int]
) -> None:
    quoted = probe(version, ASKS, number, attempt)
    (record,) = matched(unreachable(version, quoted, ROUTER[version])).records
    assert (record["port"], record["protocol"]) == (number, Protocol.IP)
    assert (record["technique"], record["attempt"]) == (ASKS, attempt)
    assert not split_answer(int(record["answer"]))[2]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("number", [6, 47])
def test_an_error_from_the_target_shows_that_it_speaks_icmp(
    version: int, number: int, askers: set[int]
) -> None:
    batch = matched(unreachable(version, probe(version, ASKS, number), HOSTS[version][0]))
    assert batch.records["port"].tolist() == [number, ICMP_NUMBER[version]]
    assert split_answer(int(batch.records["answer"][1])) == (
        AnswerKind.IP,
        ICMP_NUMBER[version],
        True,
    )
    about_icmp = probe(version, ASKS, ICMP_NUMBER[version])
    batch = matched(unreachable(version, about_icmp, HOSTS[version][0]))
    assert batch.records["port"].tolist() == [ICMP_NUMBER[version]]


@pytest.mark.parametrize("number", [2, 47, 200])
def test_errors_about_unmarked_packets_are_rejected(number: int, askers: set[int]) -> None:
    quoted = IP(probe(4, ASKS, number)[:20])
    for name, value in (("id", quoted.id ^ 1), ("proto", number + 1), ("dst", ROUTER[4])):
        forged = IP(bytes(quoted))
        setattr(forged, name, value)
        batch = matched(unreachable(4, bytes(forged), HOSTS[4][0]))
        assert len(batch) == 0, name
    quoted6 = IPv6(probe(6, ASKS, number)[:40])
    quoted6.fl ^= 1
    assert len(matched(unreachable(6, bytes(quoted6), HOSTS[6][0]))) == 0
    cut = bytes(quoted)[:19]
    assert len(matched(unreachable(4, cut, HOSTS[4][0]))) == 0


def test_errors_about_bare_packets_mean_nothing_unless_protocols_were_asked_for() -> None:
    quoted = probe(4, ASKS, 47)
    assert len(matched(unreachable(4, quoted, HOSTS[4][0]))) == 0


def test_an_unreachable_over_ipv6_names_the_port(askers: set[int]) -> None:
    quoted = probe(6, ASKS, 17)
    packet = IPv6(src=HOSTS[6][0], dst=US[6]) / ICMPv6DestUnreach(code=4) / quoted
    assert matched(packet).records["port"].tolist() == [17, 58]


def every_answer() -> list[bytes]:
    """A true answer and a quoting error for each technique that sends packets."""
    made: list[Packet | bytes] = []
    for version in (4, 6):
        made += protocol_answers(version).values()
        made += [bare(version, number, HOSTS[version][0], US[version]) for number in (2, 47)]
        made += [
            chunk_answer(version, INIT, SCTPChunkInitAck()),
            chunk_answer(version, ECHO, SCTPChunkAbort()),
            tcp_answer(version),
        ]
        for technique, packets in PACKET_PROBES.items():
            if version in packets.over:
                port = 0 if technique in ICMP_PINGS else 6
                made.append(icmp_error(version, probe(version, technique, port)))
    return [bytes(packet) for packet in made]


ANSWERS = every_answer()


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(ANSWERS)))
    for _change in range(draw(st.integers(0, 3))):
        data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=300, deadline=None)
@given(st.lists(mutants(), max_size=8), st.sampled_from([20, 41, 60, 128, 256]))
def test_mutated_answers_of_every_technique_are_harmless(packets: list[bytes], width: int) -> None:
    SENT.protocol_askers.update(PROTOCOL_TECHNIQUES)
    try:
        batch = matched(*packets, width=width)
    finally:
        SENT.protocol_askers.clear()
    assert len(batch.records) == len(batch.raw) == len(batch.raw_length)
    assert np.all(batch.records["host"] < len(NAMES))
    for record in batch.records:
        probed = PACKET_PROBES[int(record["technique"])]
        assert record["protocol"] == probed.protocol
        split_answer(int(record["answer"]))


@pytest.mark.parametrize("answer", range(len(ANSWERS)))
def test_every_answer_matches_before_it_is_mutated(answer: int, askers: set[int]) -> None:
    assert len(matched(ANSWERS[answer])) >= 1

"""Which received bytes count as answers; every other byte sequence must be harmless."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.packet import Packet

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, ReplyBatch
from engine.core.token import ProbeTokens
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets
from engine.techniques.answer import AnswerKind, split_answer
from engine.transport.packet.matching import match_replies
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.source_ports import SourcePorts
from engine.transport.packet.sources import SourceAddresses
from engine.transport.packet.verdict import Sent

BASE = 61000
US = {4: "10.0.0.1", 6: "fd00::1"}
HOSTS = {4: ("10.0.0.9", "10.0.0.1"), 6: ("fd00::9", "fd00::1")}
ROUTER = {4: "10.0.0.254", 6: "fd00::fe"}
LAYER = {4: IP, 6: IPv6}
BOOK = AddressBook(resolve_targets(parse_targets("10.0.0.9 10.0.0.1 fd00::9 fd00::1")).targets)
NAMES = [BOOK.text(host) for host in range(BOOK.count)]
TOKENS = ProbeTokens(99)
SOURCES = SourceAddresses()
for _host, _name in enumerate(NAMES):
    SOURCES.note(
        _host,
        bytes(IPv6(src=US[6]))[8:24] if ":" in _name else bytes(IP(src=US[4]))[12:16],
    )
SENT = Sent(BOOK, TOKENS, SourcePorts(BASE), SOURCES)


def probe(
    version: int, scan_type: ScanType, port: int = 80, attempt: int = 2, host: int = 0
) -> bytes:
    """The packet we would have sent to HOSTS[version][host]."""
    record = np.zeros(1, PROBE)
    record["host"] = NAMES.index(HOSTS[version][host])
    record["port"], record["technique"], record["attempt"] = port, scan_type, attempt
    rows, lengths = ProbePackets(BOOK, TOKENS, SENT.ports, SOURCES).build(record, version)
    return rows[0, : lengths[0]].tobytes()


def matched(*packets: bytes | Packet, width: int = 256) -> ReplyBatch:
    matrix = np.full((len(packets), width), 0xEE, np.uint8)
    lengths = []
    for row, packet in enumerate(packets):
        data = bytes(packet)
        matrix[row, : len(data)] = np.frombuffer(data[:width], np.uint8)
        lengths.append(len(data))
    return match_replies(matrix, np.array(lengths, np.uint32), SENT, 5.0)


def tcp_answer(version: int, flags: str = "SA", **changes: object) -> Packet:
    sent = LAYER[version](probe(version, ScanType.SYN))
    fields = {
        "sport": 80, "dport": sent[TCP].sport, "ack": sent[TCP].seq + 1 & 0xFFFFFFFF,
        "seq": 77, "window": 100, "flags": flags,
    }  # fmt: skip
    addresses = {"src": HOSTS[version][0], "dst": US[version]}
    for name, value in changes.items():
        (addresses if name in addresses else fields)[name] = value
    return LAYER[version](**addresses) / TCP(**fields)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("flags", ["SA", "RA", "SAE"])
def test_a_true_tcp_answer_is_matched_with_its_probe(version: int, flags: str) -> None:
    packet = tcp_answer(version, flags)
    packet.payload.remove_payload()
    batch = matched(packet)
    assert batch.rejected == 0
    (record,) = batch.records
    assert NAMES[record["host"]] == HOSTS[version][0]
    assert (record["port"], record["protocol"]) == (80, Protocol.TCP)
    assert (record["technique"], record["attempt"]) == (ScanType.SYN, 2)
    assert (record["ttl"], record["time"]) == (64, 5.0)
    kind, detail, from_target = split_answer(int(record["answer"]))
    assert (kind, detail, from_target) == (AnswerKind.TCP, int(packet[TCP].flags) | 0x100, True)
    data = bytes(packet)
    assert len(batch.raw) == 1
    assert batch.raw_length[0] == len(data)
    assert batch.raw[0].tobytes() == data


FORGERIES: dict[str, dict[str, object]] = {
    "wrong port": {"sport": 81},
    "wrong acknowledgment": {"ack": 12345},
    "other attempt": {"dport": BASE + 3},
    "UDP's port": {"dport": BASE + 16 + 2},
    "bare reset": {"flags": "R", "ack": 0},
}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("name", FORGERIES)
def test_forged_tcp_answers_are_rejected_and_counted(version: int, name: str) -> None:
    batch = matched(tcp_answer(version, **FORGERIES[name]))
    assert (len(batch), batch.rejected) == (0, 1)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("end", ["src", "dst"])
def test_answers_from_strangers_or_for_others_are_rejected(version: int, end: str) -> None:
    batch = matched(tcp_answer(version, **{end: ROUTER[version]}))
    assert (len(batch), batch.rejected) == (0, 1)


def test_what_has_nothing_to_do_with_us_is_not_even_counted() -> None:
    batch = matched(
        tcp_answer(4, dport=443),
        tcp_answer(4, dport=BASE + 600),
        IP(src="10.0.0.9", dst=US[4]) / UDP(sport=53, dport=5000),
        IP(src="10.0.0.9", dst=US[4]) / ICMP(type=8) / b"ping ping",
        IP(src="10.0.0.9", dst=US[4], proto=47) / b"tunnel",
        IP(src="10.0.0.9", dst=US[4], frag=100, proto=6) / b"a later fragment of a segment",
    )
    assert (len(batch), batch.rejected) == (0, 0)


@pytest.mark.parametrize("version", [4, 6])
def test_a_split_handshake_needs_no_token(version: int) -> None:
    batch = matched(tcp_answer(version, "S", ack=0))
    assert split_answer(int(batch.records["answer"][0]))[1] & 0xFF == 0x02


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", [ScanType.SYN, ScanType.UDP])
@pytest.mark.parametrize("port", [80, BASE, BASE + 2, BASE + 18, BASE + 255])
def test_our_own_probes_seen_on_loopback_never_match(
    version: int, scan_type: ScanType, port: int
) -> None:
    batch = matched(
        probe(version, scan_type, port, host=1), probe(version, scan_type, port, host=0)
    )
    assert (len(batch), batch.rejected) == (0, 0)


@pytest.mark.parametrize("version", [4, 6])
def test_this_machine_s_own_answers_match_even_from_ports_we_use(version: int) -> None:
    sent = LAYER[version](probe(version, ScanType.SYN, BASE + 5, host=1))
    reset = LAYER[version](src=US[version], dst=US[version]) / TCP(
        sport=BASE + 5, dport=sent[TCP].sport, flags="RA", ack=sent[TCP].seq + 1
    )
    assert matched(reset).records["port"].tolist() == [BASE + 5]


@pytest.mark.parametrize("version", [4, 6])
def test_a_datagram_from_the_probed_port_matches(version: int) -> None:
    sent = LAYER[version](probe(version, ScanType.UDP, 53))
    answer = LAYER[version](src=HOSTS[version][0], dst=US[version]) / UDP(
        sport=53, dport=sent[UDP].sport
    )
    (record,) = matched(answer / (b"x" * 600)).records
    assert (record["port"], record["protocol"], record["technique"]) == (53, 1, ScanType.UDP)
    assert split_answer(int(record["answer"])) == (AnswerKind.UDP, 0, True)


def icmp_error(
    version: int, quoted: bytes, src: str | None = None, dst: str | None = None
) -> Packet:
    outer = LAYER[version](src=src or ROUTER[version], dst=dst or US[version])
    return outer / (ICMP(type=3, code=13) if version == 4 else ICMPv6DestUnreach(code=1)) / quoted


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", [ScanType.SYN, ScanType.UDP])
@pytest.mark.parametrize("from_target", [True, False])
def test_icmp_errors_are_matched_by_what_they_quote(
    version: int, scan_type: ScanType, from_target: bool
) -> None:
    quoted = probe(version, scan_type)
    sender = HOSTS[version][0] if from_target else ROUTER[version]
    for kept in (len(quoted), (20 if version == 4 else 40) + 8):
        (record,) = matched(icmp_error(version, quoted[:kept], src=sender)).records
        assert NAMES[record["host"]] == HOSTS[version][0]
        assert (record["port"], record["technique"], record["attempt"]) == (80, scan_type, 2)
        assert record["protocol"] == scan_type.protocol
        kind = AnswerKind.ICMP4 if version == 4 else AnswerKind.ICMP6
        detail = 0x030D if version == 4 else 0x0101
        assert split_answer(int(record["answer"])) == (kind, detail, from_target)


def changed(quoted: bytes, version: int, change: Callable[[Packet], None]) -> bytes:
    packet = LAYER[version](quoted)
    change(packet)
    return bytes(packet)


QUOTE_FORGERIES: dict[str, Callable[[Packet], None]] = {
    "not from us": lambda p: setattr(p, "src", p.dst),
    "not to a target": lambda p: setattr(p, "dst", p.src.replace("1", "7")),
    "other sequence number": lambda p: setattr(p[TCP], "seq", 4711),
    "other port": lambda p: setattr(p[TCP], "dport", 81),
    "other attempt": lambda p: setattr(p[TCP], "sport", BASE + 9),
    "UDP's source port": lambda p: setattr(p[TCP], "sport", BASE + 18),
}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("name", QUOTE_FORGERIES)
def test_icmp_errors_with_a_forged_quote_are_rejected(version: int, name: str) -> None:
    quoted = changed(probe(version, ScanType.SYN), version, QUOTE_FORGERIES[name])
    batch = matched(icmp_error(version, quoted))
    assert (len(batch), batch.rejected) == (0, 1)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", [ScanType.SYN, ScanType.UDP])
def test_icmp_errors_that_quote_too_little_or_are_not_for_us_are_rejected(
    version: int, scan_type: ScanType
) -> None:
    quoted = probe(version, scan_type)
    short = quoted[: (20 if version == 4 else 40) + 7]
    batch = matched(icmp_error(version, short), icmp_error(version, quoted, dst=HOSTS[version][0]))
    assert (len(batch), batch.rejected) == (0, 2)


def test_time_exceeded_over_ipv6_is_reported_as_it_came() -> None:
    packet = IPv6(src=ROUTER[6], dst=US[6]) / ICMPv6TimeExceeded() / probe(6, ScanType.UDP)
    assert split_answer(int(matched(packet).records["answer"][0]))[1] == 0x0300


def test_ipv4_options_and_ipv6_extension_headers_are_walked() -> None:
    plain4, plain6 = tcp_answer(4), tcp_answer(6)
    options = IP(src=plain4.src, dst=plain4.dst, options=[IPOption_RR(routers=["1.2.3.4"] * 3)])
    batch = matched(
        options / plain4[TCP],
        IPv6(src=plain6.src, dst=plain6.dst)
        / IPv6ExtHdrHopByHop()
        / IPv6ExtHdrDestOpt()
        / plain6[TCP],
        IPv6(src=plain6.src, dst=plain6.dst) / IPv6ExtHdrFragment(m=0, offset=0) / plain6[TCP],
    )
    assert (len(batch), batch.rejected) == (3, 0)


def test_link_padding_and_cut_packets_do_not_fool_the_lengths() -> None:
    answer = bytes(tcp_answer(4))
    assert len(matched(answer + b"\xaa" * 6)) == 1
    assert len(matched(answer[:30])) == 0
    says_it_is_short = bytearray(answer)
    says_it_is_short[2:4] = b"\0\x1e"
    assert len(matched(bytes(says_it_is_short))) == 0


TEMPLATES = [
    bytes(tcp_answer(4)), bytes(tcp_answer(6)),
    bytes(icmp_error(4, probe(4, ScanType.SYN))), bytes(icmp_error(6, probe(6, ScanType.SYN))),
    bytes(icmp_error(4, probe(4, ScanType.UDP))), bytes(icmp_error(6, probe(6, ScanType.UDP))),
    bytes(IPv6(src=HOSTS[6][0], dst=US[6]) / IPv6ExtHdrHopByHop() / tcp_answer(6)[TCP]),
]  # fmt: skip


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(TEMPLATES)))
    for _change in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(mutants(), st.binary(max_size=300)), max_size=6),
    st.sampled_from([1, 20, 60, 128, 256]),
)
def test_no_bytes_raise_and_nothing_is_counted_twice(packets: list[bytes], width: int) -> None:
    batch = matched(*packets, width=width)
    assert 0 <= len(batch) + batch.rejected <= len(packets)
    assert len(batch.raw) == len(batch.raw_length) == len(batch)
    assert np.all(batch.records["host"] < BOOK.count)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 3), st.integers(0, 7))
def test_one_changed_bit_of_the_token_is_enough_to_reject(byte: int, bit: int) -> None:
    for version in (4, 6):
        data = bytearray(bytes(tcp_answer(version)))
        data[(20 if version == 4 else 40) + 8 + byte] ^= 1 << bit
        assert len(matched(bytes(data))) == 0

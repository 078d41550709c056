"""scapy is the judge of every packet we craft."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scapy.layers.igmp import IGMP_MQ
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.sctp import SCTP, SCTPChunkCookieEcho, SCTPChunkInit
from scapy.layers.sctp import crc32c as scapy_crc32c

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE
from engine.core.token import ProbeTokens
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets
from engine.techniques.registry import PACKET_TYPES
from engine.techniques.technique import Segments
from engine.transport.packet.crc32c import crc32c
from engine.transport.packet.headers import Envelope, write_packets
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.source_ports import SLOTS, SourcePorts
from engine.transport.packet.sources import SourceAddresses

PORTS = (1, 53, 80, 123, 161, 443, 5353, 40000, 65535)
LAYERS = {4: IP, 6: IPv6}
SOURCES = {4: "10.0.0.1", 6: "fd00::1"}
TARGETS = {4: "10.0.0.9", 6: "fd00::9"}


def packets_to(
    version: int, scan_type: ScanType, attempt: int = 0, ports: Sequence[int] = PORTS
) -> list[bytes]:
    book = AddressBook(resolve_targets(parse_targets(TARGETS[version])).targets)
    sources = SourceAddresses()
    layer = LAYERS[version]
    source = bytes(layer(src=SOURCES[version], dst=TARGETS[version]))
    sources.note(0, source[12:16] if version == 4 else source[8:24])
    probes = np.zeros(len(ports), PROBE)
    probes["port"] = ports
    probes["technique"] = scan_type
    probes["protocol"] = scan_type.protocol
    probes["attempt"] = attempt
    factory = ProbePackets(book, ProbeTokens(7), SourcePorts(61000), sources)
    rows, lengths = factory.build(probes, version, headroom=14)
    plain, _ = factory.build(probes, version)
    assert np.array_equal(rows[:, 14:], plain), "headroom must not change the packet"
    return [rows[i, 14 : lengths[i]].tobytes() for i in range(len(rows))]


PORTED = [one for one in PACKET_TYPES if one is not ScanType.PROTOCOL]
SEGMENTS = {Protocol.TCP: TCP, Protocol.UDP: UDP, Protocol.SCTP: SCTP}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", PORTED)
def test_scapy_reads_what_was_meant_and_finds_the_same_checksums(
    version: int, scan_type: ScanType
) -> None:
    for port, packet in zip(PORTS, packets_to(version, scan_type, attempt=3), strict=True):
        layer = LAYERS[version]
        read = layer(packet)
        inner = read[SEGMENTS[scan_type.protocol]]
        assert (read.src, read.dst) == (SOURCES[version], TARGETS[version])
        assert inner.dport == port
        assert inner.sport == 61000 + SLOTS.index(scan_type) * 16 + 3
        again = layer(packet)
        del again[inner.__class__].chksum
        if version == 4:
            assert 37 <= read.ttl <= 59
            assert read.len == len(packet)
            assert "DF" not in read.flags
            del again.chksum
        else:
            assert read.plen == len(packet) - 40
        assert bytes(again) == packet


LAYER_OF = {1: ICMP, 2: IGMP_MQ, 6: TCP, 17: UDP, 58: ICMPv6EchoRequest, 132: SCTP}
IN_BOTH = {6: 80, 17: 40125, 132: 80}


@pytest.mark.parametrize("version", [4, 6])
def test_protocol_probes_have_the_protocol_s_header_or_none_and_right_checksums(
    version: int,
) -> None:
    numbers = range(256)
    headed = {*IN_BOTH, 1, 2} if version == 4 else {*IN_BOTH, 58}
    our_port = 61000 + SLOTS.index(ScanType.PROTOCOL) * 16 + 3
    packets = packets_to(version, ScanType.PROTOCOL, 3, numbers)
    for number, packet in zip(numbers, packets, strict=True):
        header = 20 if version == 4 else 40
        assert packet[9 if version == 4 else 6] == number
        if version == 4:
            alone = IP(packet[:20])
            again = IP(packet[:20])
            del again.chksum
            assert bytes(again) == bytes(alone)
            assert alone.len == len(packet)
        else:
            assert int.from_bytes(packet[4:6], "big") == len(packet) - 40
        if number not in headed:
            assert len(packet) == header
            continue
        read = LAYERS[version](packet)
        inner = read[LAYER_OF[number]]
        if number in IN_BOTH:
            assert (inner.sport, inner.dport) == (our_port, IN_BOTH[number])
        if number in (1, 58):
            assert inner.id == our_port
        if number == 2:  # scapy adds an option of its own to the IP header of IGMP
            inner = IGMP_MQ(packet[header:])
            del inner.chksum
            assert bytes(inner) == packet[header:]
            continue
        delattr(read[LAYER_OF[number]], "cksum" if number == 58 else "chksum")
        assert bytes(read) == packet


def test_sctp_chunks_are_those_of_an_association_s_first_and_third_packet() -> None:
    init = IP(packets_to(4, ScanType.SCTP_INIT)[0])[SCTP]
    echo = IP(packets_to(4, ScanType.SCTP_ECHO)[0])[SCTP]
    assert init.tag == 0
    assert isinstance(init.payload, SCTPChunkInit)
    assert init.payload.init_tag != 0
    assert (init.payload.a_rwnd, init.payload.len) == (32768, 20)
    assert (init.payload.n_out_streams, init.payload.n_in_streams) == (10, 2048)
    assert isinstance(echo.payload, SCTPChunkCookieEcho)
    assert echo.tag != 0
    assert echo.payload.len == 8


def test_crc32c_of_rfc_3720_s_examples_and_of_rows_of_any_length() -> None:
    # RFC 3720 appendix B.4
    vectors = {bytes(32): 0x8A9136AA, b"\xff" * 32: 0x62A8AB43, bytes(range(32)): 0x46DD794E}
    for data, expected in vectors.items():
        row = np.frombuffer(data, np.uint8)[None, :]
        assert crc32c(row, np.array([32]))[0] == expected
    rows = np.random.default_rng(3).integers(0, 256, (40, 60), np.uint8)
    lengths = np.arange(20, 60)
    sums = crc32c(rows, lengths)
    for row, length, found in zip(rows, lengths, sums, strict=True):
        assert scapy_crc32c(row[:length].tobytes()) == int(found.byteswap())


def test_a_syn_is_44_bytes_with_a_maximum_segment_size_and_its_token_as_sequence() -> None:
    first, second = packets_to(4, ScanType.SYN)[:2]
    read = IP(first)[TCP]
    assert len(first) == 44
    assert str(read.flags) == "S"
    assert dict(read.options) == {"MSS": 1460}
    assert read.seq != IP(second)[TCP].seq


def test_the_same_probe_gives_different_bytes_each_attempt_and_sixteen_attempts_go_round() -> None:
    sequences = {IP(packets_to(4, ScanType.SYN, attempt)[0])[TCP].seq for attempt in range(16)}
    ports = {IP(packets_to(4, ScanType.SYN, attempt)[0])[TCP].sport for attempt in range(17)}
    assert len(sequences) == 16
    assert ports == set(range(61000, 61016))


@pytest.mark.parametrize("width", [8, 9, 63, 65, 301])
@pytest.mark.parametrize("version", [4, 6])
def test_datagrams_of_any_length_even_or_odd_have_right_checksums(version: int, width: int) -> None:
    data = np.random.default_rng(width).integers(0, 256, (40, width), np.uint8)
    data[:, 4:6] = divmod(width, 256)
    data[:, 6:8] = 0
    size = 4 if version == 4 else 16
    addresses = np.random.default_rng(1).integers(0, 256, (40, size), np.uint8)
    rows, lengths = write_packets(
        Segments(data, np.full(40, width, np.uint16)),
        Envelope(addresses, addresses[::-1].copy(), np.arange(40, dtype=np.uint32), 50, 17),
    )
    for row, length in zip(rows, lengths, strict=True):
        packet = row[:length].tobytes()
        again = LAYERS[version](packet)
        at = size * 2 + (12 if version == 4 else 8) + 6
        del again.payload.chksum
        again.payload.remove_payload()
        again.payload.add_payload(packet[at + 2 :])
        assert bytes(again)[: at + 2] == packet[: at + 2]


def test_a_udp_checksum_that_comes_out_as_zero_is_sent_as_ffff() -> None:
    data = np.zeros((65536, 10), np.uint8)
    data[:, 5] = 10
    data[:, 8:10] = np.arange(65536, dtype=">u2").view(np.uint8).reshape(-1, 2)
    zeros = np.zeros((65536, 4), np.uint8)
    rows, _ = write_packets(
        Segments(data, np.full(65536, 10, np.uint16)),
        Envelope(zeros, zeros, np.zeros(65536, np.uint32), 50, 17),
    )
    checksums = rows[:, 26:28].copy().view(">u2")[:, 0]
    assert not np.any(checksums == 0)
    assert np.any(checksums == 0xFFFF)

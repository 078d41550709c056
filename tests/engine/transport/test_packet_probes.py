"""scapy is the judge of every packet we craft."""

from __future__ import annotations

import numpy as np
import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE
from engine.core.token import ProbeTokens
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.registry import PACKET_TYPES
from engine.techniques.technique import Segments
from engine.transport.packet.headers import Envelope, write_packets
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.source_ports import SLOTS, SourcePorts
from engine.transport.packet.sources import SourceAddresses

PORTS = (1, 53, 80, 123, 161, 443, 5353, 40000, 65535)
LAYERS = {4: IP, 6: IPv6}
SOURCES = {4: "10.0.0.1", 6: "fd00::1"}
TARGETS = {4: "10.0.0.9", 6: "fd00::9"}


def packets_to(version: int, scan_type: ScanType, attempt: int = 0) -> list[bytes]:
    book = AddressBook(resolve_targets(parse_targets(TARGETS[version])).targets)
    sources = SourceAddresses()
    layer = LAYERS[version]
    source = bytes(layer(src=SOURCES[version], dst=TARGETS[version]))
    sources.note(0, source[12:16] if version == 4 else source[8:24])
    probes = np.zeros(len(PORTS), PROBE)
    probes["port"] = PORTS
    probes["technique"] = scan_type
    probes["protocol"] = scan_type.protocol
    probes["attempt"] = attempt
    factory = ProbePackets(book, ProbeTokens(7), SourcePorts(61000), sources)
    rows, lengths = factory.build(probes, version, headroom=14)
    plain, _ = factory.build(probes, version)
    assert np.array_equal(rows[:, 14:], plain), "headroom must not change the packet"
    return [rows[i, 14 : lengths[i]].tobytes() for i in range(len(rows))]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("scan_type", PACKET_TYPES)
def test_scapy_reads_what_was_meant_and_finds_the_same_checksums(
    version: int, scan_type: ScanType
) -> None:
    for port, packet in zip(PORTS, packets_to(version, scan_type, attempt=3), strict=True):
        layer = LAYERS[version]
        read = layer(packet)
        inner = read[UDP if scan_type is ScanType.UDP else TCP]
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

"""IP packets of whole batches: headers and checksums written as numpy columns.

Sources: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 1071 (the checksum), RFC 768 and RFC 9293.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.spec.scan_type import Protocol
from engine.techniques.technique import Segments

IPV4 = np.dtype(
    [
        ("version_length", "u1"),
        ("service", "u1"),
        ("total_length", ">u2"),
        ("identifier", ">u2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("protocol", "u1"),
        ("checksum", "u2"),
        ("source", "u1", (4,)),
        ("destination", "u1", (4,)),
    ]
)
IPV6 = np.dtype(
    [
        ("version_label", ">u4"),
        ("payload_length", ">u2"),
        ("next_header", "u1"),
        ("hop_limit", "u1"),
        ("source", "u1", (16,)),
        ("destination", "u1", (16,)),
    ]
)

PROTOCOL_NUMBERS = {Protocol.TCP: 6, Protocol.UDP: 17}
"""IP protocol numbers (IANA) of what the segments can be."""
_CHECKSUM_AT = {Protocol.TCP: 16, Protocol.UDP: 6}
_NARROW = 64
"""Rows up to this many bytes are summed column by column, which numpy does faster."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the IP headers of a batch say.

    Attributes:
        sources, destinations: uint8 arrays (n, 4) or (n, 16).
        identifiers: uint32 array (n,): its low bits become the IPv4 identification or the IPv6
            flow label.
        ttl: time to live or hop limit of all.
        protocol: what the segments are.
    """

    sources: NDArray[np.uint8]
    destinations: NDArray[np.uint8]
    identifiers: NDArray[np.uint32]
    ttl: int
    protocol: Protocol


def write_packets(
    segments: Segments, envelope: Envelope, headroom: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Rows of bytes (n, width) with an IP packet each behind ``headroom`` unset bytes, and the
    length of each row (headroom included). Checksums are filled in."""
    version = IPV4 if envelope.sources.shape[1] == 4 else IPV6
    count, width = segments.data.shape
    start = headroom + version.itemsize
    rows = np.empty((count, start + width), np.uint8)
    headers = _ipv4(segments, envelope) if version is IPV4 else _ipv6(segments, envelope)
    rows[:, headroom:start] = headers.view(np.uint8).reshape(count, version.itemsize)
    rows[:, start:] = segments.data
    at = start + _CHECKSUM_AT[envelope.protocol]
    checksums = _segment_checksums(segments, envelope)
    rows[:, at : at + 2] = checksums.view(np.uint8).reshape(count, 2)
    return rows, segments.length.astype(np.uint32) + np.uint32(start)


def _ipv4(segments: Segments, envelope: Envelope) -> NDArray[np.void]:
    headers = np.zeros(len(segments.length), IPV4)
    headers["version_length"] = 0x45
    headers["total_length"] = segments.length + np.uint16(IPV4.itemsize)
    headers["identifier"] = envelope.identifiers & np.uint32(0xFFFF)
    headers["ttl"] = envelope.ttl
    headers["protocol"] = PROTOCOL_NUMBERS[envelope.protocol]
    headers["source"] = envelope.sources
    headers["destination"] = envelope.destinations
    headers["checksum"] = ~_folded(_word_sums(headers.view(np.uint8).reshape(-1, IPV4.itemsize)))
    return headers


def _ipv6(segments: Segments, envelope: Envelope) -> NDArray[np.void]:
    headers = np.zeros(len(segments.length), IPV6)
    headers["version_label"] = np.uint32(6 << 28) | (envelope.identifiers & np.uint32(0xFFFFF))
    headers["payload_length"] = segments.length
    headers["next_header"] = PROTOCOL_NUMBERS[envelope.protocol]
    headers["hop_limit"] = envelope.ttl
    headers["source"] = envelope.sources
    headers["destination"] = envelope.destinations
    return headers


def _segment_checksums(segments: Segments, envelope: Envelope) -> NDArray[np.uint16]:
    """Checksums (n,) over pseudo header and segment, in memory order."""
    pseudo = np.zeros((len(segments.length), 4), np.uint8)
    pseudo[:, 1] = PROTOCOL_NUMBERS[envelope.protocol]
    pseudo[:, 2:] = segments.length.astype(">u2").view(np.uint8).reshape(-1, 2)
    total = _word_sums(pseudo)
    for part in (envelope.sources, envelope.destinations, segments.data):
        total += _word_sums(part)
    checksums = ~_folded(total)
    if envelope.protocol is Protocol.UDP:
        checksums[checksums == 0] = 0xFFFF  # zero would mean "no checksum" (RFC 768)
    return checksums


def _word_sums(rows: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Sum of the 16-bit words of each row, in memory order.

    One's complement sums do not depend on byte order (RFC 1071 section 2 B), so no word is swapped.
    """
    if rows.shape[1] % 2:
        rows = np.pad(rows, ((0, 0), (0, 1)))
    words = np.ascontiguousarray(rows).view(np.uint16)
    if rows.shape[1] > _NARROW:
        sums: NDArray[np.uint32] = words.sum(axis=1, dtype=np.uint32)
        return sums
    total = np.zeros(len(words), np.uint32)
    for column in words.T:
        total += column
    return total


def _folded(total: NDArray[np.uint32]) -> NDArray[np.uint16]:
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return total.astype(np.uint16)

"""IP packets of whole batches: headers and checksums written as numpy columns.

Sources: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 1071 (the checksum), RFC 768 and RFC 9293.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import distinct_bytes
from engine.techniques.technique import Segments
from engine.transport.packet.crc32c import crc32c

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

TCP, UDP, ICMP, IGMP, ICMPV6, SCTP = 6, 17, 1, 2, 58, 132
"""IP protocol numbers (IANA)."""
_NARROW = 64
"""Rows up to this many bytes are summed column by column, which numpy does faster."""


class _Checksum(Struct, frozen=True):
    """Where a protocol's 16-bit checksum is, and over which pseudo headers it goes."""

    at: int
    pseudo: bool = True


_CHECKSUMS: dict[tuple[int, int], _Checksum] = {
    (4, TCP): _Checksum(16),
    (6, TCP): _Checksum(16),
    (4, UDP): _Checksum(6),
    (6, UDP): _Checksum(6),
    (4, ICMP): _Checksum(2, pseudo=False),
    (4, IGMP): _Checksum(2, pseudo=False),
    (6, ICMPV6): _Checksum(2),
}
"""By IP version and protocol number."""
_CRC_AT = 8
"""Where SCTP has its CRC32c (RFC 9260 section 3.1)."""


class Envelope(Struct, frozen=True):
    """What the IP headers of a batch say.

    Attributes:
        sources, destinations: uint8 arrays (n, 4) or (n, 16).
        identifiers: uint32 array (n,): its low bits become the IPv4 identification or the IPv6
            flow label.
        ttl: time to live or hop limit of all.
        numbers: IP protocol number of all segments, or a uint8 array (n,) of each one's.
    """

    sources: NDArray[np.uint8]
    destinations: NDArray[np.uint8]
    identifiers: NDArray[np.uint32]
    ttl: int
    numbers: int | NDArray[np.uint8]

    def take(self, rows: NDArray[np.intp]) -> Envelope:
        """The headers of some of the batch."""
        numbers = self.numbers if isinstance(self.numbers, int) else self.numbers[rows]
        return Envelope(
            self.sources[rows], self.destinations[rows], self.identifiers[rows], self.ttl, numbers
        )


def identifiers(tokens: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """What marks the IP headers of probes (n,) with these tokens: 20 bits, never all zero in the
    low 16, which the kernel would replace."""
    mixed = (tokens * np.uint32(0x9E3779B1)) >> np.uint32(12)
    mixed[mixed & np.uint32(0xFFFF) == 0] |= np.uint32(1)
    return mixed


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
    _fill_in_checksums(segments.data, segments.length, envelope)
    rows[:, start:] = segments.data
    return rows, segments.length.astype(np.uint32) + np.uint32(start)


def _ipv4(segments: Segments, envelope: Envelope) -> NDArray[np.void]:
    headers = np.zeros(len(segments.length), IPV4)
    headers["version_length"] = 0x45
    headers["total_length"] = segments.length + np.uint16(IPV4.itemsize)
    headers["identifier"] = envelope.identifiers & np.uint32(0xFFFF)
    headers["ttl"] = envelope.ttl
    headers["protocol"] = envelope.numbers
    headers["source"] = envelope.sources
    headers["destination"] = envelope.destinations
    headers["checksum"] = ~_folded(_word_sums(headers.view(np.uint8).reshape(-1, IPV4.itemsize)))
    return headers


def _ipv6(segments: Segments, envelope: Envelope) -> NDArray[np.void]:
    headers = np.zeros(len(segments.length), IPV6)
    headers["version_label"] = np.uint32(6 << 28) | (envelope.identifiers & np.uint32(0xFFFFF))
    headers["payload_length"] = segments.length
    headers["next_header"] = envelope.numbers
    headers["hop_limit"] = envelope.ttl
    headers["source"] = envelope.sources
    headers["destination"] = envelope.destinations
    return headers


def _fill_in_checksums(
    data: NDArray[np.uint8], length: NDArray[np.uint16], envelope: Envelope
) -> None:
    """Write the checksums of segments (n, width), by protocol; some protocols have none."""
    version = 4 if envelope.sources.shape[1] == 4 else 6
    if isinstance(envelope.numbers, int):
        _write_checksums(data, length, envelope, version, envelope.numbers)
        return
    for number in distinct_bytes(envelope.numbers):
        if number != SCTP and (version, number) not in _CHECKSUMS:
            continue
        rows = np.flatnonzero(envelope.numbers == number)
        some, widths = data[rows], length[rows]
        _write_checksums(some, widths, envelope.take(rows), version, number)
        data[rows] = some


def _write_checksums(
    data: NDArray[np.uint8],
    length: NDArray[np.uint16],
    envelope: Envelope,
    version: int,
    number: int,
) -> None:
    if number == SCTP:
        data[:, _CRC_AT : _CRC_AT + 4] = (
            crc32c(data, length).astype("<u4").view(np.uint8).reshape(-1, 4)
        )
        return
    checksum = _CHECKSUMS.get((version, number))
    if checksum is None:
        return
    total = _word_sums(data)
    if checksum.pseudo:
        total += np.frombuffer(bytes((0, number)), np.uint16)
        total += length.astype(">u2").view(np.uint16)
        total += _word_sums(envelope.sources)
        total += _word_sums(envelope.destinations)
    sums = ~_folded(total)
    if number == UDP:
        sums[sums == 0] = 0xFFFF  # zero would mean "no checksum" (RFC 768)
    data[:, checksum.at : checksum.at + 2] = sums.view(np.uint8).reshape(-1, 2)


def _word_sums(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Sum of the words of each row, in memory order; folded to 16 bits it is that of the checksum.

    One's complement sums depend neither on byte order nor on the size of the words (RFC 1071
    section 2), so no word is swapped, and two are added at once.
    """
    missing = -rows.shape[1] % 4
    if missing:
        rows = np.pad(rows, ((0, 0), (0, missing)))
    words = np.ascontiguousarray(rows).view(np.uint32)
    if rows.shape[1] > _NARROW:
        sums: NDArray[np.uint64] = words.sum(axis=1, dtype=np.uint64)
        return sums
    total = np.zeros(len(words), np.uint64)
    for column in words.T:
        total += column
    return total


def _folded(total: NDArray[np.uint64]) -> NDArray[np.uint16]:
    for bits in (32, 16, 16, 16):
        total = (total & np.uint64((1 << bits) - 1)) + (total >> np.uint64(bits))
    return total.astype(np.uint16)

"""Packets to and from bytes for the lab's user-space hosts: IPv4, IPv6, their ICMPs and checksums.

Written on its own, not with the engine's packet code: what tests the engine must not share its
mistakes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

ICMP, IGMP, TCP, UDP, FRAGMENT, ICMPV6, SCTP = 1, 2, 6, 17, 44, 58, 132
HOPS = 64
QUOTED = 64
"""Bytes of an offending packet that an ICMP error repeats; any amount from 28 (48) on will do."""


@dataclass(frozen=True)
class Packet:
    """One IP packet without options or extension headers.

    Attributes:
        source, target: 4 or 16 bytes each.
        protocol: the number of what ``payload`` is.
        payload: all bytes behind the IP header.
        raw: the packet as received; empty for one of our own.
    """

    source: bytes
    target: bytes
    protocol: int
    payload: bytes
    raw: bytes = b""

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if len(self.source) == 4 else 6

    def reply(self, protocol: int, payload: bytes) -> Packet:
        """A packet back to where this one came from, checksums filled in."""
        return checked(Packet(self.target, self.source, protocol, payload))


def parse(raw: bytes) -> Packet | None:
    """The packet in ``raw``, or None for what no host of the lab would answer."""
    if len(raw) >= 20 and raw[0] >> 4 == 4:
        header = (raw[0] & 15) * 4
        length, _, offset = struct.unpack_from("!HHH", raw, 2)
        if offset & 0x3FFF or not 20 <= header <= length <= len(raw):
            return None
        return Packet(raw[12:16], raw[16:20], raw[9], raw[header:length], raw)
    if len(raw) >= 40 and raw[0] >> 4 == 6:
        return Packet(raw[8:24], raw[24:40], raw[6], raw[40:], raw)
    return None


def to_bytes(packet: Packet, identification: int, fragment_header: bool = False) -> bytes:
    """The packet with an IPv4 identification, or in IPv6, when asked for, an atomic fragment's
    header with that identification (RFC 6946)."""
    ends = packet.source + packet.target
    body = packet.payload
    if packet.family == 4:
        words = (0x45, 0, 20 + len(body), identification & 0xFFFF, 0, HOPS, packet.protocol, 0)
        header = struct.pack("!BBHHHBBH", *words) + ends
        return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + body
    protocol = packet.protocol
    if fragment_header:
        body = struct.pack("!BBHI", protocol, 0, 0, identification & 0xFFFFFFFF) + body
        protocol = FRAGMENT
    return struct.pack("!IHBB", 6 << 28, len(body), protocol, HOPS) + ends + body


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def checked(packet: Packet) -> Packet:
    """The packet with its TCP, ICMP or SCTP checksum; other protocols are left as they are."""
    body = packet.payload
    if packet.protocol == SCTP:
        # RFC 9260, appendix A: the CRC goes out with its least significant byte first.
        blank = body[:8] + bytes(4) + body[12:]
        full = blank[:8] + crc32c(blank).to_bytes(4, "little") + blank[12:]
    elif packet.protocol == ICMP:
        blank = body[:2] + bytes(2) + body[4:]
        full = blank[:2] + checksum(blank).to_bytes(2, "big") + blank[4:]
    elif packet.protocol in (TCP, ICMPV6):
        at = 16 if packet.protocol == TCP else 2
        blank = body[:at] + bytes(2) + body[at + 2 :]
        pseudo = packet.source + packet.target + struct.pack("!II", len(body), packet.protocol)
        full = blank[:at] + checksum(pseudo + blank).to_bytes(2, "big") + blank[at + 2 :]
    else:
        return packet
    return Packet(packet.source, packet.target, packet.protocol, full)


def _crc_row(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC_ROWS = tuple(_crc_row(byte) for byte in range(256))


def crc32c(data: bytes) -> int:
    """The CRC32c of RFC 9260, appendix A."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_ROWS[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def echo_reply(packet: Packet) -> Packet | None:
    """The answer to an ICMP echo request (RFC 792, RFC 4443 section 4.2)."""
    asks, says = {ICMP: (8, 0), ICMPV6: (128, 129)}.get(packet.protocol, (None, 0))
    if len(packet.payload) < 8 or packet.payload[0] != asks:
        return None
    return packet.reply(packet.protocol, bytes([says, 0]) + packet.payload[2:])


def port_unreachable(packet: Packet) -> Packet:
    """ICMP "port unreachable" about a packet (RFC 792; RFC 4443 section 3.1)."""
    kind, code, protocol = (3, 3, ICMP) if packet.family == 4 else (1, 4, ICMPV6)
    return packet.reply(protocol, bytes([kind, code]) + bytes(6) + packet.raw[:QUOTED])


def protocol_unreachable(packet: Packet) -> Packet:
    """ICMP "protocol unreachable", in IPv6 "unknown next header", which points at byte 6."""
    if packet.family == 4:
        return packet.reply(ICMP, bytes([3, 2]) + bytes(6) + packet.raw[:QUOTED])
    pointer = struct.pack("!BBHI", 4, 1, 0, 6)
    return packet.reply(ICMPV6, pointer + packet.raw[:QUOTED])

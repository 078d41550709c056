"""Frames that ask for a neighbour, packets that answer: ARP (RFC 826) and NDP (RFC 4861)."""

from __future__ import annotations

import struct

from msgspec import Struct

ETH_P_IP, ETH_P_ARP, ETH_P_IPV6 = 0x0800, 0x0806, 0x86DD
ETHERTYPES = {4: ETH_P_IP, 6: ETH_P_IPV6}
"""By IP version."""
"""Ethertypes (IEEE 802)."""

_ARP_REQUEST = bytes.fromhex("0001080006040001")
_ARP_REPLY = bytes.fromhex("0001080006040002")
_ARP_SIZE = 28
_IPV6 = struct.Struct(">IHBB")
_ICMPV6 = 58
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOURCE_LINK_ADDRESS, _TARGET_LINK_ADDRESS = 1, 2


class Advertised(Struct, frozen=True):
    """Who answered: a packed IP address and its Ethernet address."""

    address: bytes
    hardware: bytes


def question(wanted: bytes, hardware: bytes, source: bytes) -> bytes:
    """The frame that asks who has ``wanted``, from our Ethernet and packed IP address."""
    return (_arp_request if len(wanted) == 4 else _solicitation)(wanted, hardware, source)


def _arp_request(wanted: bytes, hardware: bytes, source: bytes) -> bytes:
    header = b"\xff" * 6 + hardware + ETH_P_ARP.to_bytes(2, "big")
    return header + _ARP_REQUEST + hardware + source + bytes(6) + wanted


def _solicitation(wanted: bytes, hardware: bytes, source: bytes) -> bytes:
    group = bytes.fromhex("ff0200000000000000000001ff") + wanted[-3:]
    option = bytes((_SOURCE_LINK_ADDRESS, 1)) + hardware
    message = bytes((_SOLICITATION, 0, 0, 0, 0, 0, 0, 0)) + wanted + option
    pseudo = source + group + struct.pack(">II", len(message), _ICMPV6)
    checksum = _checksum(pseudo + message).to_bytes(2, "big")
    header = b"\x33\x33" + group[-4:] + hardware + ETH_P_IPV6.to_bytes(2, "big")
    packet = _IPV6.pack(6 << 28, len(message), _ICMPV6, 255) + source + group
    return header + packet + message[:2] + checksum + message[4:]


def read_arp_reply(packet: bytes) -> Advertised | None:
    """Who an ARP packet (from its first byte) speaks for; None if it is no valid reply."""
    if len(packet) < _ARP_SIZE or packet[:8] != _ARP_REPLY:
        return None
    return _unicast(packet[14:18], packet[8:14])


def read_advertisement(packet: bytes) -> Advertised | None:
    """Who an IPv6 packet (from its first byte) speaks for; None if it is no valid neighbour
    advertisement with a link-layer address (RFC 4861 section 7.1.2)."""
    if len(packet) < 64 or packet[0] >> 4 != 6 or packet[6] != _ICMPV6:
        return None
    end = min(len(packet), 40 + int.from_bytes(packet[4:6], "big"))
    message = packet[40:end]
    if len(message) < 24 or packet[7] != 255 or message[:2] != bytes((_ADVERTISEMENT, 0)):
        return None
    offset = 24
    while offset + 8 <= len(message) and message[offset + 1]:
        if message[offset : offset + 2] == bytes((_TARGET_LINK_ADDRESS, 1)):
            return _unicast(message[8:24], message[offset + 2 : offset + 8])
        offset += 8 * message[offset + 1]
    return None


def _unicast(address: bytes, hardware: bytes) -> Advertised | None:
    group = hardware[0] & 1 or not any(hardware)
    return None if group else Advertised(address, hardware)


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

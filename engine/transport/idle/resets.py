"""The zombie's resets, read from the packets it sends; whatever else comes is nobody's answer."""

from __future__ import annotations

import struct

from msgspec import Struct

from engine.techniques.answer import RST, SYN

_TCP, _FRAGMENT = 6, 44
_TCP_LENGTH = 20


class Expected(Struct, frozen=True):
    """What a reset that answers our probe repeats: addresses, ports, our acknowledgment number."""

    zombie: bytes
    us: bytes
    ports: tuple[int, int]
    token: int


def read_reset(packet: bytes, expected: Expected) -> int | None:
    """The IP id of the reset that ``packet``, an IP packet, may be; None for every other packet. A
    reset over IPv6 that carries no id counts as 0."""
    read = _read_ipv4 if len(expected.zombie) == 4 else _read_ipv6
    found = read(packet, expected)
    if found is None:
        return None
    identifier, start = found
    if len(packet) < start + _TCP_LENGTH:
        return None
    source, destination, sequence = struct.unpack_from("!HHI", packet, start)
    genuine = (
        (source, destination) == expected.ports
        and sequence == expected.token  # RFC 9293 section 3.10.7.1
        and packet[start + 13] & (SYN | RST) == RST
    )
    return identifier if genuine else None


def _read_ipv4(packet: bytes, expected: Expected) -> tuple[int, int] | None:
    """The id, and where TCP starts (RFC 791 section 3.1)."""
    start = (packet[0] & 15) * 4 if packet else 0
    between = expected.zombie + expected.us
    if start < 20 or len(packet) < start or packet[12:20] != between or packet[9] != _TCP:
        return None
    return int.from_bytes(packet[4:6], "big"), start


def _read_ipv6(packet: bytes, expected: Expected) -> tuple[int, int] | None:
    """As _read_ipv4, in a whole packet or an atomic fragment (RFC 8200 section 4.5, RFC 6946)."""
    if len(packet) < 48 or packet[8:40] != expected.zombie + expected.us:
        return None
    if packet[6] == _TCP:
        return 0, 40
    follows, _, place, identifier = struct.unpack_from("!BBHI", packet, 40)
    atomic = packet[6] == _FRAGMENT and follows == _TCP and not place & 0xFFF9
    return (identifier, 48) if atomic else None

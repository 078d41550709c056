"""What a host with SCTP says to the first packet of an association (RFC 9260), as a function."""

from __future__ import annotations

import struct

from tests.lab import wire
from tests.lab.wire import Packet

OPEN_PORTS = (80, 2905, 5060)
SILENT_PORTS = (3868, 9900)
"""A firewall in front drops what goes there."""

INIT, INIT_ACK, ABORT, COOKIE_ECHO = 1, 2, 6, 10
REFLECTED = 1
"""The T bit: the verification tag is the other side's own (section 3.3.7)."""
OUR_TAG, OUR_WINDOW, OUR_TSN = 0x0DDBA115, 32768, 1
STATE_COOKIE = struct.pack("!HH", 7, 8) + b"lab!"


def answer_sctp(packet: Packet) -> Packet | None:
    """INIT ACK or ABORT for INIT; ABORT for a COOKIE ECHO to a closed port, and silence for one to
    an open port, which fails its check (section 5.1.5)."""
    if len(packet.payload) < 16:
        return None
    source, port, tag = struct.unpack_from("!HHI", packet.payload)
    chunk = packet.payload[12]
    if port in SILENT_PORTS:
        return None
    if chunk == INIT and len(packet.payload) >= 32:
        return _answer_init(packet, source, port)
    if chunk == COOKIE_ECHO and port not in OPEN_PORTS:
        return _reply(packet, source, port, tag, struct.pack("!BBH", ABORT, REFLECTED, 4))
    return None


def _answer_init(packet: Packet, source: int, port: int) -> Packet:
    their_tag = int.from_bytes(packet.payload[16:20], "big")
    if port not in OPEN_PORTS:
        return _reply(packet, source, port, their_tag, struct.pack("!BBH", ABORT, 0, 4))
    fixed = struct.pack("!IIHHI", OUR_TAG, OUR_WINDOW, 10, 2048, OUR_TSN)
    length = 4 + len(fixed) + len(STATE_COOKIE)
    chunk = struct.pack("!BBH", INIT_ACK, 0, length) + fixed + STATE_COOKIE
    return _reply(packet, source, port, their_tag, chunk)


def _reply(packet: Packet, source: int, port: int, tag: int, chunk: bytes) -> Packet:
    return packet.reply(wire.SCTP, struct.pack("!HHII", port, source, tag, 0) + chunk)

"""The Internet's elders: echo, TFTP, RIP, and X display managers."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload


def _tftp_read(filename: bytes) -> bytes:
    read_request = 1
    return struct.pack("!H", read_request) + filename + b"\0" + b"octet" + b"\0"


def _rip_request() -> bytes:
    """Asks for the default route alone: a request for the whole table can draw many packets."""
    request, version_2, unused = 1, 2, 0
    family_ip, tag, destination, mask, next_hop, infinity = 2, 0, 0, 0, 0, 16
    entry = struct.pack("!2H4I", family_ip, tag, destination, mask, next_hop, infinity)
    return struct.pack("!2BH", request, version_2, unused) + entry


def _xdmcp_query() -> bytes:
    version, query, no_authentication_names = 1, 2, b"\0"
    return struct.pack("!3H", version, query, len(no_authentication_names)) + (
        no_authentication_names
    )


ECHO = Payload("echo", "RFC 862", b"pyscan" + TOKEN, TOKEN)

TFTP = Payload("TFTP read of a file that is not there", "RFC 1350 section 5", _tftp_read(b"pyscan"))

RIP = Payload(
    "RIPv2 request for the default route", "RFC 2453 sections 3.9.1 and 4", _rip_request()
)

XDMCP = Payload("XDMCP query", "X.Org XDMCP 1.1, packet Query", _xdmcp_query())

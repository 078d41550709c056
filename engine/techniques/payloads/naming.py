"""Naming: DNS, multicast DNS and NetBIOS names, which share one message format."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload

_ID = TOKEN[-2:]
_TXT, _PTR, _NBSTAT = 16, 12, 0x21
_IN, _CHAOS = 1, 3
_UNICAST_RESPONSE = 0x8000


def dns_name(name: str) -> bytes:
    """``name`` as length-prefixed labels (RFC 1035 section 3.1)."""
    labels = (label.encode("ascii") for label in name.split("."))
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def dns_query(identifier: bytes, name: bytes, record_type: int, record_class: int) -> bytes:
    """A query with one question (RFC 1035 section 4.1); ``name`` already in labels."""
    flags, questions, answers, authorities, additionals = 0, 1, 0, 0, 0
    counts = struct.pack("!5H", flags, questions, answers, authorities, additionals)
    return identifier + counts + name + struct.pack("!2H", record_type, record_class)


def netbios_name(name: bytes) -> bytes:
    """A 16-byte NetBIOS name in first-level encoding (RFC 1001 section 14.1): each half of a byte
    becomes a letter from A."""
    halves = (half for byte in name.ljust(16, b"\0") for half in divmod(byte, 16))
    return b"\x20" + bytes(ord("A") + half for half in halves) + b"\0"


DNS = Payload(
    "DNS version.bind",
    "RFC 1035 section 4, RFC 4892 section 2",
    dns_query(_ID, dns_name("version.bind"), _TXT, _CHAOS),
    _ID,
)

MDNS = Payload(
    "mDNS service types",
    "RFC 6762 sections 5.4 and 6.7, RFC 6763 section 9",
    dns_query(_ID, dns_name("_services._dns-sd._udp.local"), _PTR, _IN | _UNICAST_RESPONSE),
    _ID,
)

NETBIOS = Payload(
    "NetBIOS node status",
    "RFC 1002 section 4.2.17",
    dns_query(_ID, netbios_name(b"*"), _NBSTAT, _IN),
    _ID,
)

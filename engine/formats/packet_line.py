"""Packets as lines of text, for ``--packet-trace``.

Only numbers and addresses are read from a packet, never its payload, so nothing a stranger sends
can reach the terminal as it is.
"""

from __future__ import annotations

import struct
from socket import AF_INET, AF_INET6, inet_ntop

import numpy as np
from numpy.typing import NDArray

from engine.transport.packet.ip_reader import UNREADABLE, read_ipv4, read_ipv6

_READERS = {4: (20, read_ipv4), 6: (40, read_ipv6)}
_FLAGS = ((2, "S"), (1, "F"), (4, "R"), (8, "P"), (16, "A"), (32, "U"), (64, "E"), (128, "C"))
_FLAG_LETTERS = tuple(
    "".join(letter for bit, letter in _FLAGS if number & bit) or "none" for number in range(256)
)
_WITH_PORTS = {6: "TCP", 17: "UDP", 132: "SCTP"}
_CHUNKS = {1: "INIT", 2: "INIT-ACK", 6: "ABORT", 9: "ERROR", 10: "COOKIE-ECHO"}
_ICMP = {1: "ICMP", 58: "ICMPv6"}
_ICMP_HEADER = 8
_ICMP_ERRORS = {1: (3, 4, 5, 11, 12), 58: (1, 2, 3, 4)}
"""Messages that quote the packet they are about (RFC 792, RFC 4443)."""


def packet_lines(packets: NDArray[np.uint8], lengths: NDArray[np.integer]) -> list[str]:
    """One line for each packet (n, width) of ``lengths`` (n,) bytes. Never raises, whatever the
    bytes. For example ``TCP 10.0.0.1:6100 > 10.0.0.2:22 S ttl=40 id=9 len=44 seq=7 win=1024``."""
    kept = np.minimum(lengths, packets.shape[1]).astype(np.int64)
    packets = np.pad(packets, ((0, 0), (0, max(0, 40 - packets.shape[1]))))
    lines = [f"unreadable, {length} bytes" for length in kept.tolist()]
    for version, (size, read) in _READERS.items():
        rows = np.flatnonzero((packets[:, 0] >> 4 == version) & (kept >= size))
        headers = read(packets[rows], kept[rows])
        columns = (rows, headers.upper, headers.offset, headers.end)
        for row, upper, offset, end in zip(*(one.tolist() for one in columns), strict=True):
            lines[row] = _line(packets[row, :end].tobytes(), version, upper, offset)
    return lines


def _line(packet: bytes, version: int, upper: int, offset: int) -> str:
    source, destination = _addresses(packet, version)
    tail = _header_fields(packet, version)
    segment = packet[offset:]
    if upper == UNREADABLE:
        return f"IPv{version} {source} > {destination} unreadable {tail}"
    if upper == 6 and len(segment) >= 20:
        sequence, acknowledgment, _offset, flags, window = struct.unpack_from(">IIBBH", segment, 4)
        way = _ports(segment, source, destination)
        answer = f" ack={acknowledgment}" if flags & 16 else ""
        letters = _FLAG_LETTERS[flags]
        return f"TCP {way} {letters} {tail} seq={sequence}{answer} win={window}"
    if upper == 17 and len(segment) >= 8:
        return f"UDP {_ports(segment, source, destination)} {tail}"
    if upper == 132 and len(segment) >= 16:
        tag, chunk = int.from_bytes(segment[4:8], "big"), segment[12]
        name = _CHUNKS.get(chunk, f"chunk={chunk}")
        return f"SCTP {_ports(segment, source, destination)} {name} {tail} tag={tag}"
    if upper in _ICMP and len(segment) >= _ICMP_HEADER:
        kind = segment[0]
        quoted = _quoted(segment[_ICMP_HEADER:]) if kind in _ICMP_ERRORS[upper] else ""
        way = f"{source} > {destination}"
        return f"{_ICMP[upper]} {way} type={kind} code={segment[1]} {tail}{quoted}"
    return f"IPv{version} {source} > {destination} protocol={upper} {tail}"


def _addresses(packet: bytes, version: int) -> tuple[str, str]:
    if version == 4:
        return inet_ntop(AF_INET, packet[12:16]), inet_ntop(AF_INET, packet[16:20])
    return f"[{inet_ntop(AF_INET6, packet[8:24])}]", f"[{inet_ntop(AF_INET6, packet[24:40])}]"


def _header_fields(packet: bytes, version: int) -> str:
    if version == 4:
        length, identifier = struct.unpack_from(">HH", packet, 2)
        return f"ttl={packet[8]} id={identifier} len={length}"
    first, payload = struct.unpack_from(">IH", packet, 0)
    return f"hopl={packet[7]} flow={first & 0xFFFFF} len={payload + 40}"


def _ports(segment: bytes, source: str, destination: str) -> str:
    source_port, destination_port = struct.unpack_from(">HH", segment, 0)
    return f"{source}:{source_port} > {destination}:{destination_port}"


def _quoted(packet: bytes) -> str:
    """`` about TCP a:p > b:q`` from the packet an ICMP error quotes; empty when it is not clear."""
    version = packet[0] >> 4 if packet else 0
    if version not in _READERS:
        return ""
    start = (packet[0] & 15) * 4 if version == 4 else 40
    if start < _READERS[version][0] or len(packet) < start + 4:
        return ""
    name = _WITH_PORTS.get(packet[9 if version == 4 else 6])
    if name is None:
        return ""
    return f" about {name} {_ports(packet[start:], *_addresses(packet, version))}"

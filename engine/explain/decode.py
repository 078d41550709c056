"""Packets as text, decoded by scapy: one line per layer.

Packets come from the network: every field is turned into text here and made harmless, and a packet
scapy cannot read is shown as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from engine.sanitize import clean

WIDTH = 200
_MOST_LAYERS = 8


def decode(packet: bytes) -> str:
    """The packet (from its IP header on) in lines of plain text; empty for no packet."""
    if not packet:
        return ""
    try:
        layers = _layers(packet)
    except Exception as error:  # scapy's dissectors raise anything on hostile input
        return f"{len(packet)} bytes that cannot be decoded ({type(error).__name__}): " + _hex(
            packet
        )
    return "\n".join(clean(line, WIDTH) for line in layers if line)


def _layers(packet: bytes) -> list[str]:
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    import_module("scapy.layers.sctp")  # teaches IP to read it
    layer: Any = (IP if packet[0] >> 4 == 4 else IPv6)(packet)
    lines = []
    for _ in range(_MOST_LAYERS):
        lines.append(_line(layer))
        layer = layer.payload
        if not layer:
            break
    return lines


def _line(layer: Any) -> str:
    kind = type(layer).__name__
    describe = _DESCRIBE.get(kind)
    if describe is not None:
        return describe(layer)
    if kind in ("Raw", "Padding"):
        return f"{len(layer)} bytes of data: {clean(bytes(layer)[:60])}" if kind == "Raw" else ""
    return f"{layer.name}: {layer.summary()}"


def _ip4(layer: Any) -> str:
    return f"IPv4 {layer.src} > {layer.dst}, ttl {layer.ttl}, id {layer.id}, {layer.len} bytes"


def _ip6(layer: Any) -> str:
    return f"IPv6 {layer.src} > {layer.dst}, hop limit {layer.hlim}, {layer.plen} bytes behind it"


def _tcp(layer: Any) -> str:
    names = {
        "F": "FIN", "S": "SYN", "R": "RST", "P": "PSH", "A": "ACK", "U": "URG", "E": "ECE",
        "C": "CWR", "N": "NS",
    }  # fmt: skip
    flags = " ".join(names[letter] for letter in str(layer.flags)) or "no flags"
    options = ", ".join(f"{name} {value}" if value else f"{name}" for name, value in layer.options)
    return (
        f"TCP {layer.sport} > {layer.dport}, {flags}, seq {layer.seq}, ack {layer.ack}, "
        f"window {layer.window}" + (f", options {options}" if options else "")
    )


def _udp(layer: Any) -> str:
    return f"UDP {layer.sport} > {layer.dport}, {layer.len} bytes"


def _sctp(layer: Any) -> str:
    return f"SCTP {layer.sport} > {layer.dport}, verification tag {layer.tag}"


def _init(layer: Any) -> str:
    kind = "INIT ACK" if layer.type == 2 else "INIT"
    return f"{kind}, initiate tag {layer.init_tag}, window {layer.a_rwnd}, TSN {layer.init_tsn}"


def _icmp4(layer: Any) -> str:
    text = f"{layer.sprintf('%ICMP.type%')} {layer.sprintf('%ICMP.code%')}"
    return f"ICMP {text} (type {layer.type}, code {layer.code})"


_DESCRIBE: Mapping[str, Callable[[Any], str]] = {
    "IP": _ip4,
    "IPerror": lambda layer: f"about the probe {_ip4(layer)}",
    "IPv6": _ip6,
    "IPerror6": lambda layer: f"about the probe {_ip6(layer)}",
    "TCP": _tcp,
    "TCPerror": _tcp,
    "UDP": _udp,
    "UDPerror": _udp,
    "ICMP": _icmp4,
    "SCTP": _sctp,
    "SCTPerror": _sctp,
    "SCTPChunkInit": _init,
    "SCTPChunkInitAck": _init,
    "SCTPChunkAbort": lambda _layer: "ABORT",
    "SCTPChunkCookieEcho": lambda _layer: "COOKIE ECHO",
}


def _hex(packet: bytes) -> str:
    return packet[:32].hex(" ") + (" …" if len(packet) > 32 else "")

"""Offers: the channels that can be opened for a scan, and why others cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from engine.core.addressing import AddressBook
from engine.core.token import ProbeTokens
from engine.host.privilege import can_send_raw, how_to_get_raw
from engine.spec.packet_options import PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import TRANSPORTS, ScanType
from engine.techniques.registry import PACKET_PINGS, PACKET_TYPES
from engine.transport.base import Channel, TransportUnavailable

RAW = frozenset(PACKET_TYPES)
"""The scan types that raw channels perform."""
_MANY = 20_000
"""Ports, of all hosts together, from which on answers are expected by the ten thousand."""
_OpensRaw = Callable[[AddressBook, ProbeTokens, PacketOptions], Channel]


class Offer(Struct, frozen=True):
    """A channel that can be opened when one of its scan types or pings is first used. ``open`` may
    raise OSError or TransportUnavailable."""

    scan_types: frozenset[ScanType]
    open: Callable[[], Channel]
    pings: frozenset[PingKind] = frozenset()

    @property
    def techniques(self) -> frozenset[int]:
        """Scan types and pings as the numbers that probes carry."""
        return frozenset((*self.scan_types, *self.pings))


def channel_offers(spec: ScanSpec, book: AddressBook, tokens: ProbeTokens) -> list[Offer]:
    """What a scan can open by the transport it wished for. ``auto`` takes raw packets where the
    rights allow; connects always go through sockets. Raises TransportUnavailable."""
    options = spec.packets
    connect = [
        Offer(frozenset({ScanType.CONNECT}), partial(_open_connect, book, options)),
        Offer(
            frozenset(), partial(_open_connect_ping, book, options), frozenset({PingKind.CONNECT})
        ),
    ]
    raw = raw_channel(spec.transport)
    if raw is None:
        return [*connect, Offer(frozenset({ScanType.UDP}), partial(_open_udp, book, options))]
    if raw is not _open_packet:
        return [*connect, Offer(RAW, partial(raw, book, tokens, options), PACKET_PINGS)]
    cells = sum(spec.ports.count(protocol) for protocol in spec.protocols) * book.count
    opens = partial(_open_packet, book, tokens, options, busy=cells >= _MANY)
    return [*connect, Offer(RAW, opens, PACKET_PINGS | {PingKind.NEIGHBOUR})]


def idle_offers(spec: ScanSpec, book: AddressBook) -> list[Offer]:
    """The idle scan through the zombie of ``spec``, where Linux's raw sockets can be used. Raises
    TransportUnavailable."""
    if raw_channel(spec.transport) is not _open_packet:
        return []
    return [Offer(frozenset({ScanType.IDLE}), partial(_open_idle, spec, book))]


def _open_idle(spec: ScanSpec, book: AddressBook) -> Channel:
    from engine.transport.idle import IdleChannel, ZombieRefused

    try:
        return IdleChannel(book, spec.zombie, spec.packets)
    except ZombieRefused as refusal:
        raise TransportUnavailable(str(refusal)) from refusal


def _open_connect(book: AddressBook, options: PacketOptions) -> Channel:
    from engine.transport.sockets.connect import ConnectChannel

    return ConnectChannel(book, options=options)


def _open_connect_ping(book: AddressBook, options: PacketOptions) -> Channel:
    from engine.transport.sockets.connect import ConnectChannel
    from engine.transport.sockets.descriptors import socket_cap

    few = max(1, socket_cap() // 4)  # a connect scan beside it needs the rest
    return ConnectChannel(book, max_sockets=few, ping=True, options=options)


def _open_udp(book: AddressBook, options: PacketOptions) -> Channel:
    from engine.transport.sockets.udp import UdpChannel

    return UdpChannel(book, options=options)


def raw_channel(wish: str) -> _OpensRaw | None:
    """What opens the raw channel that was wished for, or None to do with sockets."""
    if wish not in TRANSPORTS:
        raise TransportUnavailable(f"there is no transport {wish!r}; use {', '.join(TRANSPORTS)}")
    if wish == "sockets":
        return None
    if not can_send_raw():
        if wish == "auto":
            return None
        raise TransportUnavailable(_needs_raw(f"the transport {wish!r}"))
    if wish == "auto":
        wish = "packet" if sys.platform == "linux" else "scapy"
    return _open_packet if wish == "packet" else _open_scapy


def _open_packet(
    book: AddressBook, tokens: ProbeTokens, options: PacketOptions, *, busy: bool = False
) -> Channel:
    from engine.transport.packet import PacketChannel

    return PacketChannel(book, tokens, options, busy=busy)


def _open_scapy(book: AddressBook, tokens: ProbeTokens, options: PacketOptions) -> Channel:
    from engine.transport.scapy_channel import ScapyChannel

    return ScapyChannel(book, tokens, options)


def why_not(scan_type: ScanType, wish: str) -> str:
    """Why transport ``wish`` does not have a scan type, and what to do, in lines."""
    what = scan_type.option
    if wish == "sockets":
        return f"{what} needs raw packets; the transport 'sockets' sends none"
    if scan_type is ScanType.IDLE and can_send_raw():
        return f"{what} needs Linux and its raw sockets; use the transport 'packet' there"
    return _needs_raw(what)


def _needs_raw(what: str) -> str:
    return "\n".join((f"{what} needs the right to send raw packets", *how_to_get_raw()))

"""What PyScan uses of scapy to reach a network: routes, neighbours, sockets. Portable and slow.

scapy is loaded by the first Network made, never by importing this module.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import socket
import sys
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from engine.transport.packet.packet_sockets import open_packet_sender, tune_receiver
from engine.transport.packet.trouble import (
    Trouble,
    no_single_host,
    refused,
    silent_gateway,
    silent_neighbour,
)

_BROADCAST = "ff:ff:ff:ff:ff:ff"
_NOWHERE = frozenset({"0.0.0.0", "::"})
_LINK_HEADERS = {"Ether": 14, "CookedLinux": 16, "Loopback": 4, "IP": 0, "IPv6": 0, "Raw": 0}
"""Bytes before the IP header, by the name of scapy's class for the link."""


class Way(Struct, frozen=True):
    """How one address is reached: interface, packed source address of ours, next hop.

    ``local`` is True for this machine itself.
    """

    address: str
    scope: str
    interface: str
    source: bytes
    local: bool


class Network:
    """scapy's view of the network. Raises OSError when scapy offers no raw sockets here."""

    def __init__(self) -> None:
        logging.getLogger("scapy").setLevel(logging.CRITICAL)  # it warns on the terminal
        from scapy.config import conf
        from scapy.error import Scapy_Exception
        from scapy.layers import inet, inet6, l2

        conf.verb = 0
        conf.sniff_promisc = False
        conf.raise_no_dst_mac = True  # rather than send to everybody
        conf.ifaces.reload()
        conf.route.resync()
        conf.route6.resync()
        self._conf = conf
        self._failure: tuple[type[Exception], ...] = (Scapy_Exception, ValueError)
        self._gone: tuple[type[Exception], ...] = (OSError, *self._failure)
        self._layers: dict[int, Any] = {4: inet.IP, 6: inet6.IPv6}
        self._find_hardware = {4: l2.getmacbyip, 6: inet6.getmacbyip6}
        self._senders: dict[str, Any] = {}
        self._listeners: dict[str, Any] = {}

    def way(self, address: str, scope: str) -> Way | Trouble:
        """The way to an address. Asks for its neighbour on the link and waits for the answer, up
        to two seconds the first time."""
        target = ipaddress.ip_address(address)
        if target.is_multicast:
            return no_single_host("multicast")
        table = self._conf.route if target.version == 4 else self._conf.route6
        interface, source, gateway = table.route(address, dev=scope or None)
        local = str(interface) == str(self._conf.loopback_name)
        if source in _NOWHERE or (local and not _is_ours(target, source)):
            return refused(OSError(errno.ENETUNREACH, "no route"))
        way = Way(address, scope, str(interface), ipaddress.ip_address(source).packed, local)
        return way if local else self._neighbour(way, target.version, str(gateway)) or way

    def _neighbour(self, way: Way, version: int, gateway: str) -> Trouble | None:
        wanted: Any = way.address
        if way.scope:
            from scapy.base_classes import ScopedIP

            wanted = ScopedIP(way.address, way.scope)
        try:
            hardware = self._find_hardware[version](wanted)
        except OSError as error:
            return refused(error)
        except self._failure:
            hardware = None
        if hardware == _BROADCAST:
            return no_single_host("broadcast")
        if hardware is None:
            direct = gateway in _NOWHERE
            return silent_neighbour(version) if direct else silent_gateway(gateway)
        return None

    def send(self, way: Way, packet: bytes) -> None:
        """Send one IP packet, header included. Raises OSError."""
        version = packet[0] >> 4
        try:
            if way.local and sys.platform == "linux":
                # what is injected on the link of Linux's loopback interface is dropped as martian
                self._raw_sender(version).sendto(packet, (way.address, 0))
                return
            layer = self._layers[version](packet)
            if way.scope:
                from scapy.base_classes import ScopedIP

                layer.dst = ScopedIP(way.address, way.scope)
            self._link_sender(way.interface).send(layer)
        except self._failure as error:
            raise OSError(errno.EHOSTUNREACH, str(error)[:100]) from error

    def _raw_sender(self, version: int) -> Any:
        key = f"raw {version}"
        if key not in self._senders:
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            self._senders[key] = open_packet_sender(family)
        return self._senders[key]

    def _link_sender(self, interface: str) -> Any:
        if interface not in self._senders:
            self._senders[interface] = self._conf.L3socket(iface=interface, nofilter=1)
        return self._senders[interface]

    def listen(self, interface: str, program: str) -> None:
        """Start listening on an interface, once. ``program`` is a pcap filter; where libpcap is
        missing everything is read. Raises OSError."""
        if interface in self._listeners:
            return
        try:
            try:
                listener = self._conf.L2listen(iface=interface, filter=program)
            except self._failure:
                listener = self._conf.L2listen(iface=interface)
        except self._failure as error:
            raise OSError(errno.ENODEV, str(error)[:100]) from error
        captured = getattr(listener, "ins", None)
        if isinstance(captured, socket.socket) and sys.platform == "linux":
            tune_receiver(captured)
        self._listeners[interface] = listener

    def filenos(self) -> tuple[int, ...]:
        """Descriptors of the listeners; none on systems whose captures have no descriptors."""
        numbers = []
        for listener in self._listeners.values():
            try:
                numbers.append(int(listener.fileno()))
            except (OSError, AttributeError, TypeError, ValueError):
                continue
        return tuple(numbers)

    def packets(self, most: int) -> Iterator[bytes]:
        """Waiting packets from their IP header on, at most ``most`` of each interface."""
        for listener in self._listeners.values():
            for _packet in range(most):
                try:
                    if not listener.select([listener], 0):
                        break
                    link, data, _time = listener.recv_raw()
                except self._gone:  # the interface went down; send() tells
                    break
                packet = data[_LINK_HEADERS.get(link.__name__, 0) :] if data and link else b""
                if packet and packet[0] >> 4 in (4, 6):
                    yield packet

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        for opened in (*self._senders.values(), *self._listeners.values()):
            opened.close()
        self._senders.clear()
        self._listeners.clear()


def _is_ours(target: ipaddress.IPv4Address | ipaddress.IPv6Address, source: str) -> bool:
    """scapy also names the loopback interface where it knows no route."""
    return target.is_loopback or str(target) == source

"""Packet options against this machine: what cannot be fulfilled, whichever channel sends."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket

from engine.spec.ping import Mode
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.transport.base import TransportUnavailable


def check_wishes(spec: ScanSpec) -> tuple[str, ...]:
    """Lines about what the packet options will do. Raises TransportUnavailable."""
    options = spec.packets
    if options.interface and not _interface(options.interface):
        raise TransportUnavailable(f"there is no interface {options.interface!r} here; see ip link")
    if options.data_length and ScanType.IDLE in spec.scan_types and spec.scan_ports:
        raise TransportUnavailable(
            "--data-length does not go with -sI, which sends the zombie's packets as they must be"
        )
    if not options.source_address or _is_ours(options.source_address, options.interface):
        return ()
    stranger = f"{options.source_address} is not an address of this machine"
    if not options.interface or not _unasked(spec):
        raise TransportUnavailable(
            f"{stranger}, so answers would go elsewhere\n"
            "name one that ip address shows; with -e and -Pn others are used all the same"
        )
    return (f"{stranger}: answers go there, and what they say is seen only if they pass by here",)


def _unasked(spec: ScanSpec) -> bool:
    """Whether hosts are scanned whether or not they answer."""
    return spec.discovery is None or spec.discovery.mode is Mode.ASSUME_UP


def _interface(name: str) -> int:
    """Its index; 0 when there is none."""
    with contextlib.suppress(OSError, ValueError):
        return socket.if_nametoindex(name)
    return 0


def _is_ours(text: str, interface: str) -> bool:
    """Whether a socket can be bound to the address; link-local ones need their interface."""
    address = ipaddress.ip_address(text)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    scope = (0, _interface(interface)) if address.version == 6 and address.is_link_local else ()
    with contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as trial:
        try:
            trial.bind((text, 0, *scope))
        except OSError as error:
            return error.errno not in (errno.EADDRNOTAVAIL, errno.EINVAL)
    return True

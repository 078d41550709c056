"""The networks this machine is attached to: the one place that knows netifaces.

psutil stands in where netifaces cannot be imported.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import Any

import psutil
from msgspec import Struct

_MOST_INTERFACES = 512
_MOST_ADDRESSES = 64
_LONGEST_NAME = 64

_RawAddress = tuple[str, int, str, str]
"""Interface, IP version, address, netmask, the texts as the library tells them."""


class LocalNetwork(Struct, frozen=True):
    """One address of this machine and the network around it.

    Attributes:
        interface: its name; printable and short.
        address: the address without scope.
        network: the network in CIDR notation, e.g. ``192.0.2.0/24``.
        family: 4 or 6.
        is_loopback: it reaches this machine only.
        is_up: the interface is switched on.
        gateway: the default gateway behind this interface, or None.
    """

    interface: str
    address: str
    network: str
    family: int
    is_loopback: bool
    is_up: bool
    gateway: str | None


def local_networks() -> tuple[LocalNetwork, ...]:
    """Every address of every interface, in the system's order. Never raises: what cannot be read
    is left out."""
    try:
        raw, gateways = _from_netifaces()
    except (ImportError, OSError, ValueError):
        raw, gateways = _from_psutil(), {}
    try:
        up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    except (OSError, psutil.Error):
        up = {name for name, *_ in raw}
    networks = (_network(entry, gateways, entry[0] in up) for entry in raw)
    return tuple(network for network in networks if network is not None)


def _from_netifaces() -> tuple[list[_RawAddress], dict[tuple[str, int], str]]:
    import netifaces

    found: list[_RawAddress] = []
    for name in list(netifaces.interfaces())[:_MOST_INTERFACES]:
        with contextlib.suppress(ValueError, OSError):  # the interface has just gone
            families = netifaces.ifaddresses(name)
            for family in (netifaces.AF_INET, netifaces.AF_INET6):
                version = 4 if family == netifaces.AF_INET else 6
                for entry in families.get(family, [])[:_MOST_ADDRESSES]:
                    mask = entry.get("netmask") or entry.get("mask") or ""
                    found.append((name, version, entry.get("addr", ""), mask))
    gateways: dict[tuple[str, int], str] = {}
    known: dict[Any, Any] = netifaces.gateways()
    for family, version in ((netifaces.AF_INET, 4), (netifaces.AF_INET6, 6)):
        for gateway, interface, *_default in known.get(family, []):
            gateways.setdefault((interface, version), gateway)
    return found, gateways


def _from_psutil() -> list[_RawAddress]:
    try:
        interfaces = list(psutil.net_if_addrs().items())[:_MOST_INTERFACES]
    except (OSError, psutil.Error):
        return []
    versions = {int(socket.AF_INET): 4, int(socket.AF_INET6): 6}
    return [
        (name, versions[int(entry.family)], entry.address, entry.netmask or "")
        for name, entries in interfaces
        for entry in entries[:_MOST_ADDRESSES]
        if int(entry.family) in versions
    ]


def _network(
    entry: _RawAddress, gateways: dict[tuple[str, int], str], is_up: bool
) -> LocalNetwork | None:
    name, version, text, mask = entry
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
        prefix = _prefix(mask, address.max_prefixlen)
        network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    except ValueError:
        return None
    gateway = gateways.get((name, version))
    return LocalNetwork(
        interface=_printable(name),
        address=str(address),
        network=str(network),
        family=address.version,
        is_loopback=address.is_loopback,
        is_up=is_up,
        gateway=_printable(gateway) if gateway else None,
    )


def _prefix(mask: str | None, longest: int) -> int:
    """Prefix length of ``255.255.255.0``, ``ffff:ffff::`` or ``ffff:ffff::/32``; the longest when
    there is no mask. Raises ValueError."""
    if not mask:
        return longest
    address, _, length = mask.partition("/")
    if length:
        return int(length)
    bits = f"{int(ipaddress.ip_address(address)):0{longest}b}"
    ones = bits.rstrip("0")
    if "0" in ones:
        raise ValueError(f"{mask} is no netmask")
    return len(ones)


def _printable(text: str) -> str:
    shown = text[:_LONGEST_NAME]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)

"""Which DNS servers are asked: those the user names, or those of resolv.conf(5)."""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path

from msgspec import Struct

from engine.sanitize import clean
from engine.spec.error import SpecError

RESOLV_CONF = Path("/etc/resolv.conf")

_PORT = 53
_MAX_FILE = 64 << 10
_MAX_SYSTEM_SERVERS = 3
"""MAXNS of resolv.conf(5): what stands after the third is not asked by other programs either."""

_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")


class NameServer(Struct, frozen=True):
    """A DNS server: its address as text, its AF_ family and its socket address."""

    text: str
    family: int
    where: tuple[str, int] | tuple[str, int, int, int]


def parse_server(text: str) -> NameServer:
    """The server meant by an address: ``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1``,
    ``fe80::1%eth0`` or ``[2001:db8::1]:5353``. Raises SpecError."""
    address, port = text.strip(), _PORT
    if match := _WITH_PORT.fullmatch(address):
        address, port = match["six"] or match["four"], int(match["port"])
    if 1 <= port <= 65_535 and address.isprintable():
        try:
            ipaddress.ip_address(address)
            family, _, _, _, where = socket.getaddrinfo(
                address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
            )[0]
        except (OSError, ValueError):
            pass
        else:
            return NameServer(clean(text.strip(), 60), family, where)  # type: ignore[arg-type]
    raise SpecError(
        "DNS servers",
        text,
        None,
        "is not the address of a server",
        "give addresses, e.g. 192.0.2.1",
    )


def system_servers(path: Path = RESOLV_CONF) -> list[NameServer]:
    """The servers in a file like resolv.conf(5); lines that make no sense are passed over, and a
    file that cannot be read names none."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE).decode("ascii", "replace")
    except OSError:
        return []
    servers: list[NameServer] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            servers.append(parse_server(words[1]))
        except SpecError:
            continue
    return servers[:_MAX_SYSTEM_SERVERS]

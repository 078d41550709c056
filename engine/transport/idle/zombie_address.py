"""The address behind ``host[:port]``, as an idle scan's zombie is named."""

from __future__ import annotations

import socket
from typing import NamedTuple

from engine.transport.idle.steps import ZombieRefused

DEFAULT_PORT = 80


class ZombieAddress(NamedTuple):
    """A zombie's packed IPv4 address and the TCP port it is probed on."""

    packed: bytes
    port: int

    def __str__(self) -> str:
        return socket.inet_ntop(socket.AF_INET, self.packed)


def zombie_address(text: str) -> ZombieAddress:
    """Looks a name up. Raises ZombieRefused for what names no IPv4 host."""
    if not text:
        raise ZombieRefused("an idle scan needs a zombie: write -sI host[:port]")
    if text.startswith("[") or text.count(":") > 1:
        raise ZombieRefused(
            "an idle scan needs a zombie with an IPv4 address: over IPv6 hosts put no ids on whole "
            "packets (RFC 8200 section 4.5, RFC 8021); use -sS for IPv6"
        )
    host, _, port = text.partition(":")
    number = int(port) if port.isdecimal() and port.isascii() and len(port) < 6 else 0
    if port and not 1 <= number <= 65_535:
        raise ZombieRefused(f"the zombie's port {port!r} is none; write 1 to 65535")
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ZombieRefused(f"the zombie {host!r} has no IPv4 address; check the name") from None
    return ZombieAddress(socket.inet_aton(str(found[0][4][0])), number or DEFAULT_PORT)

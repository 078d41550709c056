"""The address behind ``host[:port]``, as an idle scan's zombie is named."""

from __future__ import annotations

import re
import socket

from msgspec import Struct

from engine.transport.idle.steps import ZombieRefused

DEFAULT_PORT = 80
_WRITTEN = re.compile(r"(?:\[(?P<inner>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
"""Of socket calls, by IP version."""


class Destination(Struct, frozen=True):
    """A packed IP address, and the number of the interface it is behind (link-local ones only)."""

    packed: bytes
    scope: int = 0

    @property
    def version(self) -> int:
        """4 or 6."""
        return 4 if len(self.packed) == 4 else 6

    @property
    def name(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """What socket calls take."""
        return (str(self), 0) if self.version == 4 else (str(self), 0, 0, self.scope)

    @property
    def scope_text(self) -> str:
        """The interface's number as text; empty for none."""
        return str(self.scope or "")

    def __str__(self) -> str:
        return socket.inet_ntop(FAMILIES[self.version], self.packed)


class ZombieAddress(Struct, frozen=True):
    """Where a zombie is, and the TCP port it is probed on."""

    at: Destination
    port: int


def zombie_address(text: str, version: int) -> ZombieAddress:
    """Looks the zombie of an IPv4 or IPv6 scan up. Raises ZombieRefused for what names none."""
    if not text:
        raise ZombieRefused("an idle scan needs a zombie: write -sI host[:port]")
    match = _WRITTEN.fullmatch(text)
    host, port = (match["inner"] or match["host"] or "", match["port"]) if match else (text, None)
    if port is not None and not 1 <= int(port) <= 65_535:
        raise ZombieRefused(f"the zombie's port {port} is none; write 1 to 65535")
    try:
        found = socket.getaddrinfo(host, None, FAMILIES[version], socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ZombieRefused(
            f"the zombie {host!r} has no IPv{version} address, as this scan needs; check its name"
        ) from None
    name = found[0][4]
    packed = socket.inet_pton(FAMILIES[version], str(name[0]).partition("%")[0])
    scope = int(name[3]) if len(name) == 4 else 0
    return ZombieAddress(Destination(packed, scope), int(port or DEFAULT_PORT))

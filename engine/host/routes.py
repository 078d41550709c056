"""Which way a packet leaves this machine: the kernel's own answer, RTM_GETROUTE (rtnetlink(7))."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from engine.host.links import Link, read_link
from engine.host.netlink import Message, NetlinkSocket, attribute, attributes

_RTM_GETROUTE = 26
_ROUTE = struct.Struct("=BBBBBBBBI")
_RTA_DST = 1
_RTA_OIF = 4
_RTA_GATEWAY = 5
_RTA_PREFSRC = 7
_RTA_VIA = 18
_NUMBER = struct.Struct("=I")


class RouteKind(IntEnum):
    """What the destination is to this machine; values as in linux/rtnetlink.h."""

    UNICAST = 1
    LOCAL = 2
    BROADCAST = 3
    ANYCAST = 4
    MULTICAST = 5


_KINDS = frozenset(int(kind) for kind in RouteKind)
_REFUSALS = {6: errno.EINVAL, 7: errno.EHOSTUNREACH, 8: errno.EACCES, 9: errno.ENETUNREACH}
"""Route types that say "not this way", and the error a socket would report for them."""


class Route(Struct, frozen=True):
    """The way to one address.

    Attributes:
        link: the interface the packet leaves by.
        gateway: packed address of the next router; None when the target is on the link.
        source: packed address of ours that packets to the target carry.
        kind: what the target is to this machine.
        plain_gateway: False when the gateway is of the other address family (RFC 5549), which
            only the kernel itself can use.
    """

    link: Link
    gateway: bytes | None
    source: bytes
    kind: RouteKind
    plain_gateway: bool = True


class RouteTable:
    """Looks up routes. Raises OSError when the kernel offers no netlink.

    Links are remembered until forget(); routes are not, their user keeps what it needs per host.
    """

    def __init__(self) -> None:
        self._netlink = NetlinkSocket()
        self._links: dict[int, Link | None] = {}

    def lookup(
        self, addresses: Sequence[bytes], scopes: Sequence[str] = ()
    ) -> list[Route | OSError]:
        """Routes to packed addresses (4 or 16 bytes), in order; an OSError where there is none.

        ``scopes`` names the interface of each link-local address; empty text for the others.
        """
        scopes = scopes or [""] * len(addresses)
        requests, answers = [], {}
        for position, (address, scope) in enumerate(zip(addresses, scopes, strict=True)):
            try:
                requests.append((position, _request(address, scope)))
            except OSError as error:
                answers[position] = error
        replies = self._netlink.ask(_RTM_GETROUTE, [body for _, body in requests])
        routes: dict[int, Route | OSError] = dict(answers)
        for (position, _), reply in zip(requests, replies, strict=True):
            routes[position] = self._route(reply) if isinstance(reply, Message) else reply
        return [routes[position] for position in range(len(addresses))]

    def link(self, index: int) -> Link | None:
        """The interface numbered ``index`` as first seen since forget(); None if gone."""
        if index not in self._links:
            self._links[index] = read_link(self._netlink, index)
        return self._links[index]

    def link_now(self, index: int) -> Link | None:
        """The interface numbered ``index`` as it is at this moment."""
        return read_link(self._netlink, index)

    def forget(self, index: int) -> None:
        """Ask anew about an interface the next time it is needed."""
        self._links.pop(index, None)

    def _route(self, message: Message) -> Route | OSError:
        if len(message.body) < _ROUTE.size:
            return OSError(errno.EBADMSG, os.strerror(errno.EBADMSG))
        kind = _ROUTE.unpack_from(message.body)[7]
        if kind in _REFUSALS:
            return OSError(_REFUSALS[kind], os.strerror(_REFUSALS[kind]))
        found = attributes(message.body, _ROUTE.size)
        interface = found.get(_RTA_OIF, b"")
        source = found.get(_RTA_PREFSRC, b"")
        link = self.link(_NUMBER.unpack(interface)[0]) if len(interface) == 4 else None
        if link is None or len(source) not in (4, 16) or kind not in _KINDS:
            return OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        return Route(
            link=link,
            gateway=found.get(_RTA_GATEWAY),
            source=source,
            kind=RouteKind(kind),
            plain_gateway=_RTA_VIA not in found,
        )

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        self._netlink.close()


def _request(address: bytes, scope: str) -> bytes:
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    body = _ROUTE.pack(family, 8 * len(address), 0, 0, 0, 0, 0, 0, 0) + attribute(_RTA_DST, address)
    if scope:
        body += attribute(_RTA_OIF, _NUMBER.pack(_interface_index(scope)))
    return body


def _interface_index(scope: str) -> int:
    try:
        index = int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
    except (OSError, ValueError):
        index = 0
    if not 0 < index < 1 << 31:
        raise OSError(errno.ENODEV, f"there is no interface {scope}")
    return index

"""Endpoints: the hosts of the address book in the form socket calls want."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from msgspec import Struct

from engine.core.addressing import AddressBook

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"""``(address, port)``, or for IPv6 ``(address, port, flow, scope id)``."""

_MOST_CACHED = 8192


class Endpoint(Struct, frozen=True):
    """A host as socket calls name it.

    Attributes:
        family: AF_INET or AF_INET6.
        text: the address as inet_ntop(3) writes it, so that it equals what recvfrom() returns.
        scope: interface index of a link-local IPv6 address (RFC 4007), else 0.
    """

    family: int
    text: str
    scope: int

    def address(self, port: int) -> SocketAddress:
        """The socket address of one port."""
        if self.family == socket.AF_INET:
            return self.text, port
        return self.text, port, 0, self.scope


class Endpoints:
    """The endpoints of a book's hosts, worked out once each. ``interface`` stands in for scopes
    that are missing."""

    def __init__(self, book: AddressBook, interface: str = "") -> None:
        self._book = book
        self._interface = interface
        self._known: dict[int, Endpoint] = {}

    def of(self, host: int) -> Endpoint:
        """The endpoint of a host. Raises OSError: ENODEV when its scope names no interface, EINVAL
        for a link-local address without scope, which Linux may send out of any interface."""
        endpoint = self._known.get(host)
        if endpoint is None:
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            endpoint = self._known[host] = self._make(host)
        return endpoint

    def _make(self, host: int) -> Endpoint:
        address = ipaddress.ip_address(self._book.text(host))
        if address.version == 4:
            return Endpoint(socket.AF_INET, str(address), 0)
        text = socket.inet_ntop(socket.AF_INET6, address.packed)
        scope = self._book.scope(host) or self._interface
        index = _interface_index(scope) if address.is_link_local else 0
        return Endpoint(socket.AF_INET6, text, index)


def _interface_index(scope: str) -> int:
    if not scope:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    if scope.isdecimal() and scope.isascii():
        index = int(scope)
        if index < 1 << 31:
            return index
    else:
        try:
            return socket.if_nametoindex(scope)
        except (OSError, ValueError):
            pass
    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

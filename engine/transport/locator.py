"""Locator: where hosts are, as the kernel would route to them."""

from __future__ import annotations

import socket

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.discovery.whereabouts import Whereabouts
from engine.host.route_edges import route_edges
from engine.host.routes import Route, RouteKind, RouteTable

_FEW = 256
"""Hosts that are looked up one by one; for more, the routing tables are read first."""

_OF_KIND = {
    RouteKind.LOCAL: Whereabouts.OURS,
    RouteKind.BROADCAST: Whereabouts.NOBODY,
    RouteKind.MULTICAST: Whereabouts.NOBODY,
}


class Locator:
    """Finds whereabouts for the hosts of a book, by ``interface`` if named. Raises OSError when the
    kernel offers no netlink."""

    def __init__(self, book: AddressBook, interface: str = "") -> None:
        self._interface = interface
        self._book = book
        self._routes = RouteTable()

    def whereabouts(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """A Whereabouts value for each host (n,)."""
        found = np.full(len(hosts), Whereabouts.UNREACHABLE, np.uint8)
        families = self._book.families(hosts)
        for version in (4, 6):
            rows = np.flatnonzero(families == version)
            if len(rows):
                found[rows] = self._of_version(version, hosts[rows])
                found[rows[self._for_many(version, hosts[rows])]] = Whereabouts.NOBODY
        return found

    def _for_many(self, version: int, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Addresses that mean many hosts whatever the routes: multicast (RFC 5771, RFC 4291) and
        IPv4's limited broadcast (RFC 919)."""
        if version == 6:
            multicast: NDArray[np.bool_] = self._book.v6(hosts)[:, 0] == 0xFF
            return multicast
        addresses = self._book.v4(hosts)
        many: NDArray[np.bool_] = (addresses >> np.uint32(28) == 0xE) | (addresses == 0xFFFFFFFF)
        return many

    def _of_version(self, version: int, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        stretches = np.arange(len(hosts)) if len(hosts) <= _FEW else self._stretches(version, hosts)
        scopes = [self._scope(host) for host in hosts.tolist()]
        samples: dict[tuple[int, str], int] = {}
        keys = list(zip(stretches.tolist(), scopes, strict=True))
        for row, key in enumerate(keys):
            samples.setdefault(key, row)
        chosen = [int(hosts[row]) for row in samples.values()]
        routes = self._routes.lookup(
            [_packed(self._book, host) for host in chosen], [self._scope(host) for host in chosen]
        )
        meaning = {key: _place(route) for key, route in zip(samples, routes, strict=True)}
        return np.array([meaning[key] for key in keys], np.uint8)

    def _stretches(self, version: int, hosts: NDArray[np.uint32]) -> NDArray[np.intp]:
        """The number of the stretch between routing edges that each host lies in."""
        try:
            if version == 4:
                edges = np.array(route_edges(socket.AF_INET, 4), np.uint32)
                return np.searchsorted(edges, self._book.v4(hosts), side="right")
            packed = b"".join(edge.to_bytes(16, "big") for edge in route_edges(socket.AF_INET6, 16))
            wide = np.ascontiguousarray(self._book.v6(hosts)).view("S16").reshape(-1)
            return np.searchsorted(np.frombuffer(packed, "S16"), wide, side="right")
        except OSError:  # tables may be kept from us where single look-ups are allowed
            return np.arange(len(hosts))

    def _scope(self, host: int) -> str:
        return self._book.scope(host) or self._interface

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        self._routes.close()


def locator_for(book: AddressBook, interface: str = "") -> Locator | None:
    """A Locator; None where the kernel offers no netlink, as in some sandboxes."""
    try:
        return Locator(book, interface)
    except OSError:
        return None


def _packed(book: AddressBook, host: int) -> bytes:
    one = np.array([host], np.uint32)
    if book.families(one)[0] == 4:
        return book.v4(one).astype(">u4").tobytes()
    return book.v6(one).tobytes()


def _place(route: Route | OSError) -> Whereabouts:
    if isinstance(route, OSError):
        return Whereabouts.UNREACHABLE
    if route.kind in _OF_KIND:
        return _OF_KIND[route.kind]
    neighbour = route.link.ethernet and route.gateway is None and route.plain_gateway
    return Whereabouts.LINK if neighbour else Whereabouts.ROUTED

"""Ways: the routes of hosts, looked up one by one or once for all that are routed alike."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.distinct import groups
from engine.host.route_edges import route_edges
from engine.host.routes import Route, RouteTable

_FEW = 64
"""Hosts that are looked up one by one: that costs less than reading the routing tables."""
_EDGES_LAST = 1.0
"""Seconds for which the edges of the routes are believed."""


class Ways:
    """Routes of the hosts of a book, by ``interface`` if named. Raises OSError when the kernel
    offers no netlink.

    Attributes:
        routes: answers single questions, and knows the links.
    """

    def __init__(self, book: AddressBook, interface: str = "") -> None:
        self._book = book
        self._interface = interface
        self.routes = RouteTable()
        self._edges = np.empty(0, np.uint32)
        self._edges_until = 0.0

    def version(self, host: int) -> int:
        """IP version of a host."""
        return int(self._book.families(np.array([host], np.uint32))[0])

    def address(self, host: int) -> bytes:
        """Packed address of a host."""
        one = np.array([host], np.uint32)
        if self.version(host) == 4:
            return self._book.v4(one).astype(">u4").tobytes()
        return self._book.v6(one).tobytes()

    def each(self, hosts: NDArray[np.uint32]) -> Iterator[tuple[int, bytes, Route | OSError]]:
        """Number, packed address and route of each host."""
        numbers: list[int] = hosts.tolist()
        if (self._book.families(hosts) == 4).all():
            packed = self._book.v4(hosts).astype(">u4").tobytes()
            addresses = [packed[at : at + 4] for at in range(0, len(packed), 4)]
        else:
            addresses = [self.address(host) for host in numbers]
        scopes = [self._book.scope(host) or self._interface for host in numbers]
        routes = self.routes.lookup(addresses, scopes)
        return zip(numbers, addresses, routes, strict=True)

    def alike(
        self, hosts: NDArray[np.uint32], now: float
    ) -> Iterator[tuple[NDArray[np.uint32], bytes, Route | OSError]]:
        """Groups of hosts that have one route, each with the packed address of its first host.

        Many IPv4 hosts are looked up once for each stretch between the edges of the routing tables;
        IPv6 hosts never, because of their addresses the best source is chosen one by one (RFC 6724
        section 5).
        """
        together = len(hosts) > _FEW and bool((self._book.families(hosts) == 4).all())
        if together and self._read_edges(now):
            stretches = np.searchsorted(self._edges, self._book.v4(hosts), side="right")
            numbers, group = groups(stretches.astype(np.uint64))
            parts = [hosts[group == number] for number in range(len(numbers))]
        else:
            parts = [hosts[at : at + 1] for at in range(len(hosts))]
        firsts = np.array([part[0] for part in parts], np.uint32)
        for part, (_, address, route) in zip(parts, self.each(firsts), strict=True):
            yield part, address, route

    def _read_edges(self, now: float) -> bool:
        """Bring the edges up to date; False where the tables are kept from us."""
        if now >= self._edges_until:
            try:
                self._edges = np.array(route_edges(socket.AF_INET, 4), np.uint32)
            except OSError:
                return False
            self._edges_until = now + _EDGES_LAST
        return True

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        self.routes.close()

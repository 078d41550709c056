"""The way to each host: which socket its packets leave by, and for which Ethernet address."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.distinct import distinct
from engine.host.routes import Route, RouteKind, RouteTable
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.transport.packet.outlets import Outlet, Outlets
from engine.transport.packet.packet_sockets import close_together
from engine.transport.packet.resolver import Asker, Hop, NeighbourResolver
from engine.transport.packet.sources import SourceAddresses, packed
from engine.transport.packet.trouble import (
    Trouble,
    lost_interface,
    no_neighbour,
    no_single_host,
    other_version,
    refused,
    silent_gateway,
    silent_neighbour,
)

UNKNOWN, SEARCHING, READY = range(3)
_NOBODY = {RouteKind.BROADCAST: "broadcast", RouteKind.MULTICAST: "multicast"}

_PATH = np.dtype([("state", "u1"), ("outlet", "u2"), ("hardware", "u1", (6,)), ("interface", "u4")])


class Neighbour(NamedTuple):
    """A host that is on the link itself: the question for it, and the number of the outlet."""

    hop: Hop
    asker: Asker
    outlet: int


class HostPaths:
    """Paths by host index, found when a host is first sent to. Raises OSError without rights.

    ``options`` may name the interface that everything leaves by, and the address it comes from.

    Attributes:
        sources: which address of ours each host is probed from.
        resolver: finds the Ethernet addresses of neighbours.
    """

    def __init__(self, book: AddressBook, options: PacketOptions = AS_USUAL) -> None:
        self._interface = options.interface
        self._source = packed(options.source_address)
        self.sources = SourceAddresses()
        self._book = book
        self._table = np.zeros(0, _PATH)
        self._hops: dict[int, Hop] = {}
        self._near: dict[int, Hop] = {}
        self._outlets = Outlets()
        self._routes = RouteTable()
        try:
            self.resolver = NeighbourResolver()
        except BaseException:
            self._routes.close()
            raise

    def filenos(self) -> tuple[int, ...]:
        """Descriptors that become readable when a neighbour has answered."""
        return self.resolver.filenos()

    def step(self, now: float) -> None:
        """Go on looking for neighbours."""
        self.resolver.step(now)

    def find(self, hosts: NDArray[np.uint32], now: float) -> list[tuple[int, Trouble]]:
        """Look for the ways to hosts (duplicates allowed); the troubles of those without one.

        A host that is neither ready afterwards nor in trouble is still being looked for.
        """
        self._grow()
        missing = distinct(hosts[self._table["state"][hosts] != READY])
        if not len(missing):
            return []
        states = self._table["state"][missing]
        troubles = self._route(missing[states == UNKNOWN], now)
        self.resolver.step(now)
        searching = missing[self._table["state"][missing] == SEARCHING]
        return troubles + self._settle(searching)

    def ready(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which hosts can be sent to now."""
        ready: NDArray[np.bool_] = self._table["state"][hosts] == READY
        return ready

    def outlets(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint16]:
        """The number of the outlet of each ready host."""
        numbers: NDArray[np.uint16] = self._table["outlet"][hosts]
        return numbers

    def outlet(self, number: int) -> Outlet:
        """The outlet with a number from outlets()."""
        return self._outlets[number]

    def hardware(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Ethernet address (n, 6) of each ready host's next hop."""
        addresses: NDArray[np.uint8] = self._table["hardware"][hosts]
        return addresses

    def hardware_of(self, host: int) -> bytes:
        """The Ethernet address of ``host`` itself, when it is a neighbour whose address is known;
        else empty."""
        hop = self._near.get(host)
        return b"" if hop is None else self.resolver.found.get(hop, b"")

    def neighbours(self, hosts: NDArray[np.uint32]) -> list[Neighbour | Trouble]:
        """How each host (n,) is asked for on the link, or why it is no neighbour there."""
        return [self._take_neighbour(*found) for found in self._look_up(hosts)]

    def interfaces(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Index of the interface each ready host is reached by."""
        indices: NDArray[np.uint32] = self._table["interface"][hosts]
        return indices

    def source(self, host: int) -> bytes:
        """The packed address of ours that ``host`` is probed from; zeros when there is no route."""
        size = 4 if self._version(host) == 4 else 16
        known: bytes = self.sources.of(np.array([host]), size)[0].tobytes()
        if any(known):
            return known
        (found,) = self._look_up(np.array([host], np.uint32))
        route = found[2]
        source = self._source or (route.source if isinstance(route, Route) else b"")
        return source if len(source) == size else bytes(size)

    def broken(self, number: int) -> Trouble | None:
        """Why nothing can leave by an outlet now: its interface is gone, down, or unplugged."""
        link = self._outlets[number].link
        now = self._routes.link_now(link.index) if link else None
        if link is None or (now is not None and now.running):
            return None
        happened = "went away" if now is None else "has no carrier" if now.up else "is down"
        return lost_interface(link.name, happened)

    def drop(self, number: int) -> None:
        """Forget an outlet that failed: the ways that led there are looked for anew."""
        outlet = self._outlets[number]
        self._table["state"][(self._table["outlet"] == number)] = UNKNOWN
        self._outlets.drop(number)
        if outlet.link is not None:
            self._routes.forget(outlet.link.index)
            self.resolver.forget(outlet.link.index)

    def _grow(self) -> None:
        missing = self._book.count - len(self._table)
        if missing > 0:
            self._table = np.concatenate([self._table, np.zeros(missing, _PATH)])
            self.sources.grow(self._book.count)

    def _version(self, host: int) -> int:
        return int(self._book.families(np.array([host], np.uint32))[0])

    def _address(self, host: int) -> bytes:
        one = np.array([host], np.uint32)
        if self._version(host) == 4:
            return self._book.v4(one).astype(">u4").tobytes()
        return self._book.v6(one).tobytes()

    def _route(self, hosts: NDArray[np.uint32], now: float) -> list[tuple[int, Trouble]]:
        if not len(hosts):
            return []
        troubles: list[tuple[int, Trouble]] = []
        wanted: dict[Hop, Asker] = {}
        for host, address, route in self._look_up(hosts):
            trouble = self._take_route(host, address, route, wanted)
            if trouble is not None:
                troubles.append((host, trouble))
        self.resolver.ask(wanted, now)
        return troubles

    def _look_up(self, hosts: NDArray[np.uint32]) -> Iterator[tuple[int, bytes, Route | OSError]]:
        """Number, packed address and route of each host."""
        numbers: list[int] = hosts.tolist()
        if (self._book.families(hosts) == 4).all():
            packed = self._book.v4(hosts).astype(">u4").tobytes()
            addresses = [packed[at : at + 4] for at in range(0, len(packed), 4)]
        else:
            addresses = [self._address(host) for host in numbers]
        scopes = [self._book.scope(host) or self._interface for host in numbers]
        routes = self._routes.lookup(addresses, scopes)
        return zip(numbers, addresses, routes, strict=True)

    def _take_route(
        self, host: int, address: bytes, route: Route | OSError, wanted: dict[Hop, Asker]
    ) -> Trouble | None:
        if isinstance(route, OSError):
            return refused(route)
        number = self._first_step(address, route)
        if isinstance(number, Trouble):
            return number
        self.sources.note(host, self._source or route.source)
        framed = self._outlets[number].link is not None
        row = self._table[host : host + 1]
        row["outlet"], row["interface"] = number, route.link.index
        row["state"] = SEARCHING if framed else READY
        if framed:
            hop = self._hop(host, address, route)
            self._hops[host] = hop
            wanted.setdefault(hop, self._asker(number, route))
        return None

    def _take_neighbour(
        self, host: int, address: bytes, route: Route | OSError
    ) -> Neighbour | Trouble:
        if isinstance(route, OSError):
            return refused(route)
        number = self._first_step(address, route)
        if isinstance(number, Trouble):
            return number
        if self._outlets[number].link is None or route.gateway is not None:
            return no_neighbour()
        return Neighbour(self._hop(host, address, route), self._asker(number, route), number)

    def _hop(self, host: int, address: bytes, route: Route) -> Hop:
        if route.gateway is None:
            self._near[host] = Hop(route.link.index, address)
        return Hop(route.link.index, route.gateway or address)

    def _first_step(self, address: bytes, route: Route) -> int | Trouble:
        """The number of the outlet that a route begins with."""
        if route.kind in _NOBODY:
            return no_single_host(_NOBODY[route.kind])
        if len(route.source) != len(address):
            return refused(OSError(errno.ENETUNREACH, "no source address"))
        if len(self._source or address) != len(address):
            return other_version()
        framed = route.link.ethernet and route.kind is not RouteKind.LOCAL and route.plain_gateway
        try:
            device = "" if route.kind is RouteKind.LOCAL else self._interface
            return self._outlets.open(route.link if framed else None, _version(address), device)
        except OSError as error:
            return refused(error)

    def _asker(self, number: int, route: Route) -> Asker:
        return Asker(self._outlets[number].sender, route.link.hardware, route.source)

    def _settle(self, hosts: NDArray[np.uint32]) -> list[tuple[int, Trouble]]:
        """Take over what the resolver has found out about hosts being searched for."""
        troubles = []
        for host in hosts.tolist():
            hop = self._hops[host]
            row = self._table[host : host + 1]
            if hop in self.resolver.found:
                row["hardware"] = np.frombuffer(self.resolver.found[hop], np.uint8)
                row["state"] = READY
            elif hop in self.resolver.failed:
                row["state"] = UNKNOWN
                troubles.append((host, self._silence(host, hop)))
            if row["state"][0] != SEARCHING:
                del self._hops[host]
        return troubles

    def _silence(self, host: int, hop: Hop) -> Trouble:
        if hop.address == self._address(host):
            return silent_neighbour(self._version(host))
        family = socket.AF_INET if len(hop.address) == 4 else socket.AF_INET6
        return silent_gateway(socket.inet_ntop(family, hop.address))

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._routes.close()
        close_together((self.resolver.close, *self._outlets.closers()))


def _version(address: bytes) -> int:
    return 4 if len(address) == 4 else 6

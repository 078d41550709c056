"""The way to each host: which socket its packets leave by, and for which Ethernet address."""

from __future__ import annotations

import errno
import socket

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.distinct import distinct
from engine.core.paged import PagedArray
from engine.host.routes import Route, RouteKind
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
from engine.transport.packet.ways import Ways

UNKNOWN, SEARCHING, READY = range(3)
_NOBODY = {RouteKind.BROADCAST: "broadcast", RouteKind.MULTICAST: "multicast"}

_PATH = np.dtype([("state", "u1"), ("outlet", "u2"), ("hardware", "u1", (6,)), ("interface", "u4")])


class Neighbour(Struct, frozen=True):
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
        self._table = PagedArray(book.count, _PATH)
        self._state = self._table.field("state")
        self._hops: dict[int, Hop] = {}
        self._near: dict[int, Hop] = {}
        self._outlets = Outlets()
        self._ways = Ways(book, options.interface)
        try:
            self.resolver = NeighbourResolver()
        except BaseException:
            self._ways.close()
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
        self._table.grow(self._book.count)
        missing = distinct(hosts[self._state[hosts] != READY])
        if not len(missing):
            return []
        states = self._state[missing]
        troubles = self._route(missing[states == UNKNOWN], now)
        self.resolver.step(now)
        searching = missing[self._state[missing] == SEARCHING]
        return troubles + self._settle(searching)

    def ready(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which hosts can be sent to now."""
        ready: NDArray[np.bool_] = self._state[hosts] == READY
        return ready

    def outlets(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint16]:
        """The number of the outlet of each ready host."""
        numbers: NDArray[np.uint16] = self._table.field("outlet")[hosts]
        return numbers

    def outlet(self, number: int) -> Outlet:
        """The outlet with a number from outlets()."""
        return self._outlets[number]

    def hardware(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Ethernet address (n, 6) of each ready host's next hop."""
        addresses: NDArray[np.uint8] = self._table.field("hardware")[hosts]
        return addresses

    def hardware_of(self, host: int) -> bytes:
        """The Ethernet address of ``host`` itself, when it is a neighbour whose address is known;
        else empty."""
        hop = self._near.get(host)
        return b"" if hop is None else self.resolver.found.get(hop, b"")

    def neighbours(self, hosts: NDArray[np.uint32]) -> list[Neighbour | Trouble]:
        """How each host (n,) is asked for on the link, or why it is no neighbour there."""
        return [self._take_neighbour(*found) for found in self._ways.each(hosts)]

    def interfaces(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Index of the interface each ready host is reached by."""
        indices: NDArray[np.uint32] = self._table.field("interface")[hosts]
        return indices

    def source(self, host: int) -> bytes:
        """The packed address of ours that ``host`` is probed from; zeros when there is no route."""
        size = 4 if self._ways.version(host) == 4 else 16
        known: bytes = self.sources.of(np.array([host]), size)[0].tobytes()
        if any(known):
            return known
        (found,) = self._ways.each(np.array([host], np.uint32))
        route = found[2]
        source = self._source or (route.source if isinstance(route, Route) else b"")
        return source if len(source) == size else bytes(size)

    def broken(self, number: int) -> Trouble | None:
        """Why nothing can leave by an outlet now: its interface is gone, down, or unplugged."""
        link = self._outlets[number].link
        now = self._ways.routes.link_now(link.index) if link else None
        if link is None or (now is not None and now.running):
            return None
        happened = "went away" if now is None else "has no carrier" if now.up else "is down"
        return lost_interface(link.name, happened)

    def drop(self, number: int) -> None:
        """Forget an outlet that failed: the ways that led there are looked for anew."""
        outlet = self._outlets[number]
        self._table.rewrite(lambda rows: _forget_way(rows, number))
        self._outlets.drop(number)
        if outlet.link is not None:
            self._ways.routes.forget(outlet.link.index)
            self.resolver.forget(outlet.link.index)

    def _route(self, hosts: NDArray[np.uint32], now: float) -> list[tuple[int, Trouble]]:
        if not len(hosts):
            return []
        troubles: list[tuple[int, Trouble]] = []
        wanted: dict[Hop, Asker] = {}
        for group, address, route in self._ways.alike(hosts, now):
            trouble = self._take_route(group, address, route, wanted)
            if trouble is not None:
                troubles += [(host, trouble) for host in group.tolist()]
        self._table.fold(hosts)
        self.resolver.ask(wanted, now)
        return troubles

    def _take_route(
        self,
        hosts: NDArray[np.uint32],
        address: bytes,
        route: Route | OSError,
        wanted: dict[Hop, Asker],
    ) -> Trouble | None:
        """Note the route of hosts that have it in common, the first of them at ``address``."""
        if isinstance(route, OSError):
            return refused(route)
        number = self._first_step(address, route)
        if isinstance(number, Trouble):
            return number
        self.sources.note(hosts, self._source or route.source)
        row = np.zeros(1, _PATH)
        row["outlet"], row["interface"], row["state"] = number, route.link.index, READY
        if self._outlets[number].link is not None:
            hop = Hop(route.link.index, route.gateway or address)
            known = self.resolver.found.get(hop) if route.gateway else None
            if known is None:
                row["state"] = SEARCHING
                self._search(hosts, route, self._asker(number, route), wanted)
            else:
                row["hardware"] = np.frombuffer(known, np.uint8)
        self._table[hosts] = row[0]
        return None

    def _search(
        self, hosts: NDArray[np.uint32], route: Route, asker: Asker, wanted: dict[Hop, Asker]
    ) -> None:
        """Look for the Ethernet address of the gateway, or of each of the hosts themselves."""
        for host in hosts.tolist():
            hop = self._hops[host] = self._hop(host, self._ways.address(host), route)
            wanted.setdefault(hop, asker)

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
        found: dict[bytes, list[int]] = {}
        for host in hosts.tolist():
            hop = self._hops[host]
            if hop in self.resolver.found:
                found.setdefault(self.resolver.found[hop], []).append(host)
            elif hop in self.resolver.failed:
                self._state[host] = UNKNOWN
                troubles.append((host, self._silence(host, hop)))
            else:
                continue
            del self._hops[host]
        for hardware, ready in found.items():
            row = self._table[np.array(ready)]
            row["hardware"], row["state"] = np.frombuffer(hardware, np.uint8), READY
            self._table[np.array(ready)] = row
        self._table.fold(hosts)
        return troubles

    def _silence(self, host: int, hop: Hop) -> Trouble:
        if hop.address == self._ways.address(host):
            return silent_neighbour(self._ways.version(host))
        family = socket.AF_INET if len(hop.address) == 4 else socket.AF_INET6
        return silent_gateway(socket.inet_ntop(family, hop.address))

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._ways.close()
        close_together((self.resolver.close, *self._outlets.closers()))


def _forget_way(rows: NDArray[np.void], number: int) -> None:
    """Forget that any host is reached by an outlet."""
    rows["state"][rows["outlet"] == number] = UNKNOWN


def _version(address: bytes) -> int:
    return 4 if len(address) == 4 else 6

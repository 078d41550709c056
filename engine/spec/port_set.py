"""PortSet: ports per protocol, as ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from engine.spec.scan_type import Protocol

LAST_PORT = {Protocol.TCP: 65535, Protocol.UDP: 65535, Protocol.SCTP: 65535, Protocol.IP: 255}
"""The highest port of each protocol; the "ports" of IP are the protocol numbers of its header."""

PREFIXES = {"T": Protocol.TCP, "U": Protocol.UDP, "S": Protocol.SCTP, "P": Protocol.IP}
"""The letters before the colon in port text."""

LETTERS = {protocol: letter for letter, protocol in PREFIXES.items()}

PortRange = tuple[Protocol, int, int]
"""A protocol with its first and last port, both included."""


class PortSet(Struct, frozen=True):
    """Ports per protocol.

    Make one with :meth:`of`, which keeps the ranges canonical: sorted, disjoint, not touching, so
    equal sets compare equal.
    """

    ranges: tuple[PortRange, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[PortRange]) -> PortSet:
        """The set of all ports in ``ranges``, which may overlap and come in any order."""
        merged: list[PortRange] = []
        for protocol, first, last in sorted(ranges):
            if merged and merged[-1][0] == protocol and first <= merged[-1][2] + 1:
                merged[-1] = (protocol, merged[-1][1], max(last, merged[-1][2]))
            else:
                merged.append((protocol, first, last))
        return cls(tuple(merged))

    @classmethod
    def of_ports(cls, protocol: Protocol, ports: Iterable[int]) -> PortSet:
        """The set of single ``ports`` of one protocol."""
        return cls.of((protocol, port, port) for port in ports)

    @property
    def total(self) -> int:
        """How many ports there are, over all protocols."""
        return sum(last - first + 1 for _, first, last in self.ranges)

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols that have ports in the set."""
        return tuple(dict.fromkeys(protocol for protocol, _, _ in self.ranges))

    def count(self, protocol: Protocol) -> int:
        """How many ports of ``protocol`` there are."""
        return sum(last - first + 1 for _, first, last in self.only((protocol,)).ranges)

    def ports(self, protocol: Protocol) -> Iterator[int]:
        """The ports of ``protocol``, ascending."""
        for _, first, last in self.only((protocol,)).ranges:
            yield from range(first, last + 1)

    def contains(self, protocol: Protocol, port: int) -> bool:
        """True when ``port`` of ``protocol`` is in the set."""
        return any(key == protocol and first <= port <= last for key, first, last in self.ranges)

    def only(self, protocols: Sequence[Protocol]) -> PortSet:
        """The ports of these protocols."""
        return PortSet(tuple(item for item in self.ranges if item[0] in protocols))

    def union(self, other: PortSet) -> PortSet:
        """The ports of either set."""
        return PortSet.of((*self.ranges, *other.ranges))

    def minus(self, other: PortSet) -> PortSet:
        """The ports of this set that are not in ``other``."""
        left: list[PortRange] = []
        for protocol, first, last in self.ranges:
            for _, low, high in other.only((protocol,)).ranges:
                if low > last:
                    break
                if low > first:
                    left.append((protocol, first, low - 1))
                first = max(first, high + 1)
            if first <= last:
                left.append((protocol, first, last))
        return PortSet(tuple(left))

    def expression(self, protocols: Sequence[Protocol]) -> str:
        """Port text that gives this set back for a scan of ``protocols``, as short as can be.

        Without a prefix when each of the protocols has the same ports: ``22,80`` for
        ``T:22,80,U:22,80`` in a scan of both.
        """
        lists = {protocol: self._list(protocol) for protocol in protocols}
        if len(set(lists.values())) == 1 and set(self.protocols) <= set(protocols):
            return next(iter(lists.values()))
        return str(self)

    def _list(self, protocol: Protocol) -> str:
        return ",".join(
            str(first) if first == last else f"{first}-{last}"
            for _, first, last in self.only((protocol,)).ranges
        )

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __str__(self) -> str:
        """Port text that gives this set back, e.g. ``T:22,80-90,U:53``."""
        return ",".join(f"{LETTERS[key]}:{self._list(key)}" for key in self.protocols)

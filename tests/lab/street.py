"""A /24 on the scanner's own link with 40 hosts up, and as many IPv6 neighbours: one namespace that
answers ARP and neighbour solicitations for those addresses only."""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from tests.lab.namespace import ip_batch
from tests.lab.network import Lab, Subnet, join

UP = 40


@dataclass(frozen=True)
class Street:
    """The link's networks and the addresses that are up in them, the scanner's own among them.

    Attributes:
        net4: the /24.
        net6: a /120 of the link's /64: IPv6 has no small networks to walk through.
        up4, up6: 40 addresses each and the scanner's own.
    """

    net4: str
    net6: str
    up4: frozenset[str]
    up6: frozenset[str]


def add_street(lab: Lab) -> Street:
    """Build the street. Raises LabError."""
    n = lab.next_link()
    where = lab.new_namespace("street")
    link = Subnet(77, n)
    join(link, (lab.scanner, f"to{n}"), (where, "up0"))
    ipv4, ipv6 = IPv4Address(link.far[0]), IPv6Address(link.far[1])
    offsets = random.Random(24).sample(range(1, 250), UP - 1)
    more4 = [str(ipv4 + at) for at in offsets]
    more6 = [str(ipv6 + at) for at in offsets]
    ip_batch(
        [
            *(f"addr add {address}/24 dev up0" for address in more4),
            *(f"addr add {address}/64 dev up0 nodad" for address in more6),
        ],
        where,
    )
    net4, net6 = link.nets
    return Street(
        net4,
        net6.replace("/64", "/120"),
        frozenset((*link.near[:1], *link.far[:1], *more4)),
        frozenset((*link.near[1:], *link.far[1:], *more6)),
    )

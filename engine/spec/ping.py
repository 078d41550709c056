"""Host discovery as it was asked for: which probes find out whether a host is up."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple

from msgspec import Struct

from engine.spec.scan_type import Protocol


class PingKind(IntEnum):
    """One way of asking whether a host is up. Shares its number space with ScanType: the number is
    what PROBE and REPLY records carry as ``technique``."""

    ECHO = 32
    TIMESTAMP = 33
    MASK = 34
    SYN = 35
    ACK = 36
    UDP = 37
    SCTP = 38
    PROTOCOL = 39
    CONNECT = 40
    NEIGHBOUR = 41
    """ARP (RFC 826) or neighbour solicitation (RFC 4861), on the local link only."""

    @property
    def facts(self) -> PingFacts:
        """What is known about the kind before any packet is sent."""
        return _FACTS[self]


class PingFacts(Struct, frozen=True):
    """One row of the table of ping kinds.

    Attributes:
        option: the command-line option; empty for kinds that are chosen for the user.
        title: name for people.
        protocol: the protocol ``PingProbe.port`` belongs to (IP for ICMP and neighbours).
        default_ports: ports (for PROTOCOL: protocol numbers) when the option names none; ``(0,)``
            for kinds without ports.
        needs_raw: whether the kind needs the right to send raw packets.
        versions: IP versions the kind exists for.
    """

    option: str
    title: str
    protocol: Protocol
    default_ports: tuple[int, ...]
    needs_raw: bool = True
    versions: tuple[int, ...] = (4, 6)


_FACTS = {
    PingKind.ECHO: PingFacts("-PE", "ICMP echo", Protocol.IP, (0,)),
    PingKind.TIMESTAMP: PingFacts("-PP", "ICMP timestamp", Protocol.IP, (0,), versions=(4,)),
    PingKind.MASK: PingFacts("-PM", "ICMP address mask", Protocol.IP, (0,), versions=(4,)),
    PingKind.SYN: PingFacts("-PS", "TCP SYN ping", Protocol.TCP, (80,)),
    PingKind.ACK: PingFacts("-PA", "TCP ACK ping", Protocol.TCP, (80,)),
    PingKind.UDP: PingFacts("-PU", "UDP ping", Protocol.UDP, (40_125,)),
    PingKind.SCTP: PingFacts("-PY", "SCTP INIT ping", Protocol.SCTP, (80,)),
    PingKind.PROTOCOL: PingFacts("-PO", "IP protocol ping", Protocol.IP, (1, 2, 4)),
    PingKind.CONNECT: PingFacts("", "TCP connect ping", Protocol.TCP, (80, 443), needs_raw=False),
    PingKind.NEIGHBOUR: PingFacts("", "neighbour ping", Protocol.IP, (0,)),
}


class PingProbe(NamedTuple):
    """One probe of a host's discovery. ``port`` is a port, for PROTOCOL an IP protocol number, and
    0 for kinds without ports."""

    kind: PingKind
    port: int = 0


DEFAULT_PINGS: tuple[PingProbe, ...] = (
    PingProbe(PingKind.ECHO),
    PingProbe(PingKind.SYN, 443),
    PingProbe(PingKind.ACK, 80),
    PingProbe(PingKind.TIMESTAMP),
)
"""What a routed host is asked when nobody says otherwise; over IPv6 without TIMESTAMP."""
CONNECT_PINGS: tuple[PingProbe, ...] = (
    PingProbe(PingKind.CONNECT, 80),
    PingProbe(PingKind.CONNECT, 443),
)
"""What a host is asked without the right to send raw packets."""


class Mode(Enum):
    """How discovery is done."""

    PING = "ping"
    """Hosts that answer are scanned."""
    ASSUME_UP = "assume up"
    """-Pn: every host is scanned; only neighbours on the local link are still asked."""
    LIST = "list"
    """-sL: nothing is sent."""


class Names(Enum):
    """For which hosts the DNS is asked for a name."""

    NEVER = "never"
    UP = "up"
    ALL = "all"


class DiscoverySpec(Struct, frozen=True):
    """How a scan finds out which hosts are up.

    Attributes:
        mode: whether hosts are asked at all.
        probes: what routed hosts are asked; None takes DEFAULT_PINGS, or CONNECT_PINGS without
            raw rights.
        neighbours: ask neighbours on the local link by ARP or neighbour solicitation instead.
        ignore_resets: a reset does not prove that a host is up (firewalls forge them).
        shuffle: ask hosts in random order, not in ascending order.
        names: which hosts' names are looked up.
        name_servers: DNS servers to ask instead of the system's.
        system_resolver: ask through getnameinfo(), one call per name, instead of the servers.
    """

    mode: Mode = Mode.PING
    probes: tuple[PingProbe, ...] | None = None
    neighbours: bool = True
    ignore_resets: bool = False
    shuffle: bool = False
    names: Names = Names.UP
    name_servers: tuple[str, ...] = ()
    system_resolver: bool = False

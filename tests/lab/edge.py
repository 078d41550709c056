"""What lies behind the lab's edge router: addresses it refuses, a routing loop, user-space hosts,
a server, and a /16 in which few are up.

The edge is one namespace. 10.79.n.0/24 (fd79:n::/64) holds addresses without hosts, 10.80.n.0/24
(fd80:n::/64) the hosts of userland.py, and 10.78.n.2 (fd78:n::2) the server ``inner``.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from tests.lab import sctp_peer
from tests.lab.firewall import (
    MAYBE_OPEN,
    REJECTS_V4,
    REJECTS_V6,
    SILENCE,
    Outcome,
    Verdict,
    ruleset,
    silence_to,
)
from tests.lab.hosts import SCTP, TCP, UDP, HostPlan, protocol_of
from tests.lab.liars import TARPIT
from tests.lab.namespace import ip_batch
from tests.lab.network import (
    CALM,
    ROUTER,
    Lab,
    LabHost,
    Subnet,
    join,
    load_firewall,
    wait_ready,
)

TUN = "tun0"
WIDE_V4, WIDE_V6 = "10.90.0.0/16", "fd90::/112"
WIDE_UP = 40


@dataclass(frozen=True)
class RefusedPlan(HostPlan):
    """An address nobody has: the edge router answers for it.

    Attributes:
        verdicts: what the router does, one verdict per family; empty when it sends packets into a
            routing loop, where they end with their hop limit.
    """

    verdicts: tuple[Verdict, ...] = ()

    def truth(self, scan: str, port: int, family: int) -> Outcome:
        if not self.verdicts:
            return self._lost_in_the_loop(scan, family)
        if family == 6 and scan == "-sO" and port not in (TCP, UDP, SCTP):
            return MAYBE_OPEN  # nft's reject does not answer a packet that ends with its header.
        verdict = self.verdicts[family == 6]
        found = verdict.connect if scan == "-sT" else verdict.syn
        return found or SILENCE

    def _lost_in_the_loop(self, scan: str, family: int) -> Outcome:
        if scan == "-sT":
            return Outcome("filtered", "host-unreach")  # The errno both ICMPs become.
        if family == 4:
            return Outcome("filtered", "time-exceeded")
        return silence_to(scan)

    @property
    def note(self) -> str:
        """Where nmap's answer is not the whole truth."""
        if self.verdicts:
            return ""
        return (
            "IPv6: the router does say time-exceeded (RFC 4443, section 3.3), but nmap's port "
            "scans ignore it, so both report silence"
        )


class SctpPlan(HostPlan):
    """The user-space host with SCTP."""

    def ports(self, scan: str) -> tuple[int, ...]:
        if protocol_of(scan) == "sctp":
            return (*sctp_peer.OPEN_PORTS, *sctp_peer.SILENT_PORTS, 7, 2906)
        return super().ports(scan)

    def served(self, scan: str, port: int, family: int) -> Outcome:
        if protocol_of(scan) != "sctp":
            return super().served(scan, port, family)
        if port in sctp_peer.SILENT_PORTS:
            return silence_to(scan)
        if port not in sctp_peer.OPEN_PORTS:
            return Outcome("closed", "abort")
        return MAYBE_OPEN if scan == "-sZ" else Outcome("open", "init-ack")


UNREACHABLE = RefusedPlan("unreachable", verdicts=(REJECTS_V4[1], REJECTS_V6[2]))
PROHIBITED = RefusedPlan("prohibited", verdicts=(REJECTS_V4[6], REJECTS_V6[1]))
LOOPING = RefusedPlan("looping")
INNER = HostPlan("inner", tcp_open=(22, 80, 443), udp_services={53: "dns"}, also_scanned=(23, 81))
ZOMBIE = HostPlan("zombie", also_scanned=(22, 80))
SCTP_PEER = SctpPlan("sctppeer", also_scanned=(22, 80))

REFUSED = (UNREACHABLE, PROHIBITED, LOOPING)
USERLAND = (ZOMBIE, SCTP_PEER, TARPIT)
EDGE_PLANS: tuple[HostPlan, ...] = (*REFUSED, INNER, ZOMBIE, SCTP_PEER)
"""The hosts every scan type is compared on; the tarpit is a liar (see liars.py)."""


@dataclass(frozen=True)
class Edge:
    """The router, once built.

    Attributes:
        namespace: where it runs.
        up4, up6: the addresses that are up in WIDE_V4 and WIDE_V6.
        silent4, silent6: addresses behind it that swallow everything.
    """

    namespace: str
    up4: frozenset[str]
    up6: frozenset[str]
    silent4: str
    silent6: str


def add_edge(lab: Lab) -> Callable[[], Edge]:
    """Build the edge and what is behind it, and add the hosts to the lab; the returned call waits
    until they answer. Raises LabError."""
    n = lab.next_link()
    edge = lab.new_namespace("edge", (*CALM, *ROUTER))
    inner = lab.new_namespace("inner", (*CALM, *ROUTER))
    outside, inside = Subnet(77, n), Subnet(78, n)
    join(outside, (lab.scanner, f"to{n}"), (edge, "up0"))
    join(inside, (edge, "down0"), (inner, "up0"))
    refused = [(plan, *Subnet(79, n).host(2 + at)) for at, plan in enumerate(REFUSED)]
    userland = [(plan, *Subnet(80, n).host(2 + at)) for at, plan in enumerate(USERLAND)]
    words = (f"{plan.name}={ipv4},{ipv6}" for plan, ipv4, ipv6 in userland)
    stack = lab.start(sys.executable, "-m", "tests.lab.userland", edge, TUN, *words)
    services = lab.start_services(inner, INNER)
    beyond = (*inside.nets, *Subnet(79, n).nets, *Subnet(80, n).nets, WIDE_V4, WIDE_V6)
    hops = {4: outside.far[0], 6: outside.far[1]}
    ip_batch([f"route add {net} via {hops[family_of(net)]}" for net in beyond], lab.scanner)
    ip_batch([f"route add default via {hop}" for hop in inside.near], inner)
    # What the firewall lets through to nobody's network comes straight back: the routing loop.
    loop = zip(Subnet(79, n).nets, inside.far, strict=True)
    ip_batch([f"route add {net} via {hop}" for net, hop in loop], edge)
    load_firewall(edge, ruleset(refusals(refused), "forward"))
    up4, up6 = _scattered()
    ip_batch(
        [
            *(f"route add blackhole {net}" for net in (WIDE_V4, WIDE_V6)),
            *(f"addr add {address}/32 dev lo" for address in up4),
            *(f"addr add {address}/128 dev lo" for address in up6),
        ],
        edge,
    )
    places = (*refused, *userland, (INNER, *inside.far))
    lab.hosts.update((plan.name, LabHost(plan, edge, *ends)) for plan, *ends in places)
    silent = (WIDE_V4.replace("0.0/16", "255.77"), WIDE_V6.replace("/112", "ff77"))

    def wait() -> Edge:
        wait_ready(stack, "user-space hosts")
        nets = Subnet(80, n).nets
        ip_batch([f"link set {TUN} up", *(f"route add {net} dev {TUN}" for net in nets)], edge)
        services()
        return Edge(edge, frozenset(up4), frozenset(up6), *silent)

    return wait


def refusals(refused: Sequence[tuple[RefusedPlan, str, str]]) -> list[str]:
    """The edge's nft rules: a reject per refused address and family."""
    return [
        f"{words} daddr {address} {verdict.statement}"
        for plan, *ends in refused
        for words, address, verdict in zip(("ip", "ip6"), ends, plan.verdicts, strict=False)
    ]


def family_of(net: str) -> int:
    """4 or 6."""
    return 6 if ":" in net else 4


def _scattered() -> tuple[list[str], list[str]]:
    """The addresses that are up in the wide networks, eight of them in its first /23 (/119)."""
    chance = random.Random(16)
    offsets = [*chance.sample(range(1, 512), 8), *chance.sample(range(512, 65000), WIDE_UP - 8)]
    ipv4, ipv6 = IPv4Address(WIDE_V4[:-3]), IPv6Address(WIDE_V6[:-4])
    return [str(ipv4 + at) for at in offsets], [str(ipv6 + at) for at in offsets]

"""What is built for a case: the hosts, their links and rations, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from benchmarks.verdict import HostTruth, PortStates, PortTruth, Truth
from tests.lab.edge import WIDE_V4, add_edge
from tests.lab.hosts import HostPlan, protocol_of
from tests.lab.namespace import LabError, command, ip_batch
from tests.lab.network import Lab, LabHost, Subnet, inside, load_firewall
from tests.lab.slow_link import LinkQuality
from tests.lab.street import add_street

ICMP_LIMIT = (
    "net.ipv4.icmp_ratelimit=1000",
    "net.ipv4.icmp_ratemask=6168",
    "net.ipv4.icmp_msgs_per_sec=1000",
    "net.ipv4.icmp_msgs_burst=50",
)
"""Linux's own settings (the lab turns them off elsewhere): icmp(7)."""
ICMP_BURST = 6
"""ICMP errors an address may get at once: XRLIM_BURST_FACTOR in Linux's net/ipv4/inetpeer.c."""


@dataclass(frozen=True)
class Ground:
    """A scene that stands.

    Attributes:
        targets: what the programs are given.
        truth: what they must find.
        floor: seconds the scene itself makes the scan last; 0 when it does not.
        gateway: namespace and device of the next hop, for programs that build link headers.
    """

    targets: tuple[str, ...]
    truth: Truth
    floor: float = 0.0
    gateway: tuple[str, str] | None = None


Scene = Callable[[Lab, str, Sequence[int]], Ground]
"""Builds a ground for a scan type (``-sS``) of some ports. Raises LabError."""


@dataclass(frozen=True)
class OneHost:
    """A host of its own, over a veth pair or a slow link.

    Attributes:
        plan: the host.
        quality: the link, when it is not clean.
        addresses: how many addresses of the host are scanned.
        resets: resets per second it may send; 0 for all. The burst is nft's, 5.
        icmp_limit: True for Linux's own limit of ICMP errors.
    """

    plan: HostPlan
    quality: LinkQuality | None = None
    addresses: int = 1
    resets: int = 0
    icmp_limit: bool = False

    def __call__(self, lab: Lab, scan: str, ports: Sequence[int]) -> Ground:
        host = lab.add(self.plan, self.quality)
        targets = add_addresses(host, self.addresses)
        states = planned(self.plan, scan, ports)
        floor = 0.0
        if self.resets:
            load_firewall(host.namespace, reset_ration(self.resets))
            floor = list(states.values()).count("closed") / self.resets
        if self.icmp_limit:
            command(*inside(host.namespace, "sysctl", "-qw", *ICMP_LIMIT))
            floor = icmp_floor(host.namespace, list(states.values()).count("closed"))
        gateway = None if self.quality else (host.namespace, "up0")
        return Ground(targets, PortTruth(dict.fromkeys(targets, states)), floor, gateway)


def loopback(plan: HostPlan) -> Scene:
    """The scanner itself, at 127.0.0.1."""

    def build(lab: Lab, scan: str, ports: Sequence[int]) -> Ground:
        lab.start_services(lab.scanner, plan)()
        states = planned(plan, scan, ports)
        return Ground(("127.0.0.1",), PortTruth({"127.0.0.1": states}))

    return build


def half_dark(plan: HostPlan) -> Scene:
    """254 routed addresses: every other one is the host, the rest swallow everything."""

    def build(lab: Lab, scan: str, ports: Sequence[int]) -> Ground:
        host, beyond = lab.add(plan), Subnet(81, lab.next_link())
        addresses = [beyond.host(number)[0] for number in range(1, 255)]
        up = addresses[::2]
        # The rest arrives as well, but the host is no router and drops what is not its own.
        ip_batch([f"addr add {address}/32 dev lo" for address in up], host.namespace)
        ip_batch([f"route add {beyond.nets[0]} via {host.ipv4}"], lab.scanner)
        dark = {(protocol_of(scan), port): "filtered" for port in ports}
        states = dict.fromkeys(addresses, dark) | dict.fromkeys(up, planned(plan, scan, ports))
        return Ground((addresses[0] + "-254",), PortTruth(states))

    return build


def street(lab: Lab, scan: str, ports: Sequence[int]) -> Ground:
    """A /24 on the scanner's own link with 40 hosts up, and the scanner itself."""
    built = add_street(lab)
    return Ground((built.net4,), HostTruth(built.up4, 256))


def wide(lab: Lab, scan: str, ports: Sequence[int]) -> Ground:
    """A routed /16 with 40 hosts up."""
    built = add_edge(lab)()
    return Ground((WIDE_V4,), HostTruth(built.up4, 65_536))


def planned(plan: HostPlan, scan: str, ports: Sequence[int]) -> PortStates:
    """What a scan must find on a host, by its plan."""
    return {(protocol_of(scan), port): plan.truth(scan, port, 4).state for port in ports}


def reset_ration(per_second: int) -> str:
    """An nft ruleset that lets so many resets out of a host."""
    return (
        "table inet ration {\n  chain gate {\n"
        "    type filter hook output priority 0; policy accept\n"
        f"    tcp flags & rst == rst limit rate over {per_second}/second drop\n  }}\n}}\n"
    )


def icmp_floor(namespace: str, errors: int) -> float:
    """The least seconds in which Linux sends one address so many ICMP errors: a burst, then one
    every ``icmp_ratelimit`` milliseconds, and never more than ``icmp_msgs_per_sec``. Raises
    LabError."""
    every, per_second, burst = (
        int(command(*inside(namespace, "sysctl", "-n", f"net.ipv4.icmp_{key}")))
        for key in ("ratelimit", "msgs_per_sec", "msgs_burst")
    )
    by_address = max(0, errors - ICMP_BURST) * every / 1000
    return max(by_address, max(0, errors - burst) / per_second)


def add_addresses(host: LabHost, count: int) -> tuple[str, ...]:
    """``count`` IPv4 addresses of the host, made where it has fewer. Raises LabError."""
    first = ip_address(host.ipv4)
    wanted = tuple(str(first + offset) for offset in range(count))
    if count > 250:
        raise LabError("a lab subnet has room for 250 addresses")
    if wanted[1:]:
        ip_batch([f"addr add {address}/24 dev up0" for address in wanted[1:]], host.namespace)
    return wanted

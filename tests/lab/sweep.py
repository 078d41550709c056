"""All hosts under one scan type at once, seen by one scanner: what the agreement is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Protocol, TypeVar

from tests.lab.edge import EDGE_PLANS, LOOPING, SCTP_PEER, Edge, add_edge
from tests.lab.hosts import PLANS, HostPlan, protocol_of
from tests.lab.network import Lab
from tests.lab.nmap_oracle import Outcomes
from tests.lab.once import once
from tests.lab.street import Street, add_street

T = TypeVar("T")

TYPES = (
    *("-sS", "-sT", "-sU", "-sA", "-sW", "-sM", "-sN", "-sF", "-sX"),
    *("-sY", "-sZ", "-sO"),
)
COMBINED = "-sS -sU -sY"
"""Three types in one run."""
SCANS = (*TYPES, COMBINED)
FAMILIES = (4, 6)
AT_ONCE = 16
"""Scans mostly wait, so many side by side save most of that time."""

ALL_PLANS = (*PLANS, *EDGE_PLANS)
_SILENT = ("dropping", "stateful", "stateless", LOOPING.name, SCTP_PEER.name)
GROUPS: tuple[tuple[HostPlan, ...], ...] = (
    tuple(plan for plan in ALL_PLANS if plan.name not in _SILENT),
    tuple(plan for plan in ALL_PLANS if plan.name in _SILENT),
)
"""Hosts that are scanned together, on all ports any of them was built for. Those that leave most
probes unanswered keep to themselves: nmap is slow with them."""

View = Callable[[str, str, int], Outcomes]
"""What a scanner sees: called with a host's name, a scan type and an address family."""


class Scanner(Protocol):
    """nmap_sweep or pyscan_sweep."""

    __name__: str

    def __call__(
        self, lab: Lab, scan: str, ports: str, addresses: Sequence[str], /
    ) -> dict[str, Outcomes]: ...


@dataclass(frozen=True)
class Grounds:
    """Where sweeps are made.

    Attributes:
        lab: a lab for many scanners at once.
        quiet_lab: another one, for one scanner at a time. To an IP protocol scan any TCP packet of
            a host says that the host has TCP, even one that answers another scanner; and an idle
            scan must be alone with its zombie.
        edge, street: what else is in the first.
        shared: a folder that test processes share, or None.
        pool, quiet_pool: the threads sweeps wait in; the second has one.
    """

    lab: Lab
    quiet_lab: Lab
    edge: Edge
    street: Street
    shared: Path | None
    pool: ThreadPoolExecutor
    quiet_pool: ThreadPoolExecutor

    def submit(self, alone: bool, key: str, work: Callable[[Lab], T]) -> Future[T]:
        """Start a scanner in the lab that suits it. Hosts have the same addresses in both, and in
        those of other processes, so whoever is the first to come to ``key`` works for all."""
        lab, pool = (self.quiet_lab, self.quiet_pool) if alone else (self.lab, self.pool)
        return pool.submit(once, self.shared, key, partial(work, lab))


@contextmanager
def grounds(shared: Path | None = None) -> Iterator[Grounds]:
    """Both labs, with every host of ALL_PLANS."""
    with (
        Lab() as lab,
        Lab() as quiet_lab,
        ThreadPoolExecutor(AT_ONCE) as pool,
        ThreadPoolExecutor(1) as quiet_pool,
    ):
        edge, _ = build(lab), build(quiet_lab)
        yield Grounds(lab, quiet_lab, edge, add_street(lab), shared, pool, quiet_pool)


def build(lab: Lab) -> Edge:
    """Bring up every host of ALL_PLANS."""
    edge = add_edge(lab)
    lab.add_all(PLANS)
    return edge()


def view_of(grounds: Grounds, scanner: Scanner) -> View:
    """A scanner's view of the hosts: the first question starts all scans, and each is done once, as
    the hosts do not change."""

    def start(group: int, scan: str, family: int) -> Future[dict[str, Outcomes]]:
        addresses = [grounds.lab.hosts[plan.name].address(family) for plan in GROUPS[group]]
        ports = port_words(scan, group)
        key = f"{scanner.__name__} {group} {scan} {family}"
        return grounds.submit(scan == "-sO", key, lambda lab: scanner(lab, scan, ports, addresses))

    @cache
    def sweeps() -> dict[tuple[int, str, int], Future[dict[str, Outcomes]]]:
        cases = product(range(len(GROUPS)), SCANS, FAMILIES)
        return {case: start(*case) for case in cases}

    def view(name: str, scan: str, family: int) -> Outcomes:
        found = sweeps()[group_of(name), scan, family].result()
        return found.get(grounds.lab.hosts[name].address(family), {})

    return view


OWN_ICMP = {4: "1", 6: "58"}
ICMP_HOSTS = {4: ("plain", "inner", "stateful"), 6: ("plain", "inner")}
"""By family. Over IPv6 the stateful firewall drops the echo, and whether anything else in ICMPv6
comes from the host, such as a neighbour solicitation, is chance: nmap takes that for an answer."""


def icmp_alone(grounds: Grounds, scanner: Scanner, family: int) -> list[Outcomes]:
    """What -sO says about ICMP itself, host by host. Among other protocols its reason would be that
    of whatever ICMP came in first."""
    addresses = [grounds.lab.hosts[name].address(family) for name in ICMP_HOSTS[family]]
    key = f"{scanner.__name__} icmp {family}"
    found = grounds.submit(True, key, lambda lab: scanner(lab, "-sO", OWN_ICMP[family], addresses))
    return [found.result().get(address, {}) for address in addresses]


def truth(plan: HostPlan, scan: str, family: int) -> Outcomes:
    """What a sweep must find on a host, by how it was built."""
    group = group_of(plan.name)
    return {
        (protocol_of(option), port): plan.truth(option, port, family)
        for option in scan.split()
        for port in ports_of(option, group)
    }


def group_of(name: str) -> int:
    """The index in GROUPS of the group a host is scanned with."""
    return next(at for at, plans in enumerate(GROUPS) if name in {plan.name for plan in plans})


def ports_of(option: str, group: int) -> list[int]:
    """The ports one scan type covers on a group, ascending."""
    return sorted({port for plan in GROUPS[group] for port in plan.ports(option)})


def port_words(scan: str, group: int) -> str:
    """The value of -p for a scan of one or several types."""
    options = scan.split()
    lists = [",".join(map(str, ports_of(option, group))) for option in options]
    if len(options) == 1:
        return lists[0]
    letters = [protocol_of(option)[0].upper() for option in options]
    return ",".join(f"{letter}:{ports}" for letter, ports in zip(letters, lists, strict=True))

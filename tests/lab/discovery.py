"""Host discovery in the lab, seen by one scanner: every way of asking, every host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cache
from typing import Protocol

from tests.lab.firewall import Outcome
from tests.lab.network import Lab
from tests.lab.nmap_oracle import nmap_hosts
from tests.lab.ping_cases import CASES, PLANS, PingCase
from tests.lab.pyscan_run import pyscan_hosts
from tests.lab.sweep import Grounds

SILENT = "nobody"
"""The name of an address that swallows everything."""

HostOutcomes = dict[str, Outcome]
"""Host name -> state and reason."""
PingView = Callable[[str, int], HostOutcomes]
"""What a scanner finds: called with a case's title and an address family."""


class Finder(Protocol):
    """nmap_finder or pyscan_finder."""

    __name__: str

    def __call__(self, lab: Lab, case: PingCase, addresses: Sequence[str], /) -> HostOutcomes: ...


def nmap_finder(lab: Lab, case: PingCase, addresses: Sequence[str]) -> HostOutcomes:
    """nmap's answers by address. Raises LabError."""
    return nmap_hosts(lab, (*case.options, *case.theirs), addresses)


def pyscan_finder(lab: Lab, case: PingCase, addresses: Sequence[str]) -> HostOutcomes:
    """PyScan's answers by address. Raises LabError."""
    return pyscan_hosts(lab, (*case.options, *case.ours), addresses)


def ping_view_of(grounds: Grounds, finder: Finder) -> PingView:
    """A scanner's view: the first question starts all cases, and each is done once."""

    def start(case: PingCase, family: int) -> Future[HostOutcomes]:
        addresses = list(places(grounds, family).values())
        key = f"{finder.__name__} {case.title} {family}"
        return grounds.submit(case.alone, key, lambda lab: finder(lab, case, addresses))

    @cache
    def runs() -> dict[tuple[str, int], Future[HostOutcomes]]:
        return {(case.title, family): start(case, family)
                for case in CASES for family in case.families}  # fmt: skip

    def view(title: str, family: int) -> HostOutcomes:
        found = runs()[title, family].result()
        return {
            name: found[address]
            for name, address in places(grounds, family).items()
            if address in found
        }

    return view


def places(grounds: Grounds, family: int) -> dict[str, str]:
    """The address of everyone who is asked, by name."""
    edge = grounds.edge
    hosts = {plan.name: grounds.lab.hosts[plan.name].address(family) for plan in PLANS}
    return {**hosts, SILENT: edge.silent4 if family == 4 else edge.silent6}

"""One lab per test process: it is built at first use and gone when the process is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import product

import pytest

from tests.lab.hosts import PLANS
from tests.lab.network import Lab
from tests.lab.nmap_oracle import Outcomes, nmap_outcomes
from tests.lab.pyscan_run import pyscan_outcomes

SCANS = ("-sS", "-sT", "-sU", "-sA", "-sW", "-sM", "-sN", "-sF", "-sX")
FAMILIES = (4, 6)
AT_ONCE = 3
"""Scans mostly wait; a few side by side save most of that time and starve nobody."""

View = Callable[[str, str, int], Outcomes]
"""What a scanner sees: called with a host's name, a scan type and an address family."""

Scanner = Callable[[Lab, str, Sequence[int], str], Outcomes]


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as built:
        built.add_all(PLANS)
        yield built


@pytest.fixture(scope="session")
def nmap(lab: Lab) -> Iterator[View]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield view_of(lab, nmap_outcomes, pool)


@pytest.fixture(scope="session")
def pyscan(lab: Lab) -> Iterator[View]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield view_of(lab, pyscan_outcomes, pool)


def view_of(lab: Lab, scanner: Scanner, pool: ThreadPoolExecutor) -> View:
    """A scanner's view of the lab: the first question about a host starts all its scans, and each
    is done once for all tests, as the hosts do not change."""

    @cache
    def scans_of(name: str) -> dict[tuple[str, int], Future[Outcomes]]:
        host = lab.hosts[name]
        return {
            (scan, family): pool.submit(
                scanner, lab, scan, host.plan.ports(scan), host.address(family)
            )
            for scan, family in product(SCANS, FAMILIES)
        }

    return lambda name, scan, family: scans_of(name)[scan, family].result()

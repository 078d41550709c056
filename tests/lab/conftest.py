"""One lab per test process: it is built at first use and gone when the process is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.lab.hosts import PLANS
from tests.lab.network import Lab
from tests.lab.nmap_oracle import Outcomes, nmap_outcomes

Oracle = Callable[[str, str, int], Outcomes]
"""What nmap sees: called with a host's name, a scan type and an address family."""


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as built:
        built.add_all(PLANS)
        yield built


@pytest.fixture(scope="session")
def nmap(lab: Lab) -> Oracle:
    """nmap's view, asked once for all tests of this process: the hosts do not change."""

    @cache
    def outcomes(name: str, scan: str, family: int) -> Outcomes:
        host = lab.hosts[name]
        return nmap_outcomes(lab, scan, host.plan.ports(scan), host.address(family))

    return outcomes

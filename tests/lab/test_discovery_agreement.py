"""PyScan and nmap agree on which hosts are up, and why; where nmap is wrong, PyScan is right."""

from __future__ import annotations

import pytest

from tests.lab.discovery import PingView
from tests.lab.firewall import Outcome
from tests.lab.nmap_oracle import nmap_hosts
from tests.lab.ping_cases import CASES, PLANS, PingCase
from tests.lab.pyscan_run import pyscan_hosts
from tests.lab.sweep import Grounds

pytestmark = pytest.mark.root

EVERY_CASE = [
    pytest.param(case, family, id=f"{case.title}-{family}")
    for case in CASES
    for family in case.families
]


@pytest.mark.parametrize(("case", "family"), EVERY_CASE)
def test_hosts_are_found_as_nmap_finds_them_or_better(
    nmap_pings: PingView, pyscan_pings: PingView, case: PingCase, family: int
) -> None:
    theirs, ours = nmap_pings(case.title, family), pyscan_pings(case.title, family)
    assert len(theirs) == len(PLANS) + 1
    truth = case.corrected(theirs, family)
    differing = {
        name: (ours.get(name), outcome)
        for name, outcome in truth.items()
        if not case.same(ours.get(name), outcome)
    }
    assert not differing
    assert ours.keys() == truth.keys()


@pytest.mark.parametrize(("case", "family"), EVERY_CASE)
def test_nmap_is_wrong_only_where_we_say_so(
    nmap_pings: PingView, case: PingCase, family: int
) -> None:
    theirs = nmap_pings(case.title, family)
    claimed = {
        name: (theirs[name], expected)
        for (name, where), (expected, _) in case.corrections.items()
        if where == family
    }
    assert all(seen in expected for seen, expected in claimed.values()), claimed


@pytest.mark.parametrize("family", (4, 6))
def test_all_neighbours_on_the_link_are_found_and_none_invented(
    both_labs: Grounds, family: int
) -> None:
    street = both_labs.street
    net, up = (street.net4, street.up4) if family == 4 else (street.net6, street.up6)
    theirs = nmap_hosts(both_labs.lab, (), (net,))
    ours = pyscan_hosts(both_labs.lab, (), (net,))
    assert living(theirs) == up
    assert ours == theirs


@pytest.mark.parametrize("family", (4, 6))
def test_all_hosts_of_a_sparse_routed_network_are_found_and_none_invented(
    both_labs: Grounds, family: int
) -> None:
    edge = both_labs.edge
    net, up = ("10.90.0.0/23", edge.up4) if family == 4 else ("fd90::/119", edge.up6)
    found = pyscan_hosts(both_labs.lab, (), (net,))
    assert len(found) == 512
    assert living(found) == up & found.keys()
    assert len(living(found)) == 8
    assert {found[address] for address in living(found)} == {Outcome("up", "echo-reply")}


def living(found: dict[str, Outcome]) -> set[str]:
    """The addresses that are up."""
    return {address for address, outcome in found.items() if outcome.state == "up"}

"""PyScan and Debian's nmap agree on every port: the same state, for the same reason."""

from __future__ import annotations

import pytest

from tests.lab.diff import difference
from tests.lab.nmap_oracle import nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import ALL_PLANS, FAMILIES, SCANS, Grounds, View, icmp_alone

pytestmark = pytest.mark.root


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("name", [plan.name for plan in ALL_PLANS])
def test_pyscan_agrees_with_nmap(
    nmap: View, pyscan: View, name: str, scan: str, family: int
) -> None:
    theirs, ours = nmap(name, scan, family), pyscan(name, scan, family)
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)


@pytest.mark.parametrize("family", FAMILIES)
def test_icmp_as_a_protocol_asked_alone(both_labs: Grounds, family: int) -> None:
    theirs = icmp_alone(both_labs, nmap_sweep, family)
    assert all(theirs)
    assert icmp_alone(both_labs, pyscan_sweep, family) == theirs

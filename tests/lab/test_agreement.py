"""PyScan and Debian's nmap agree on every port: the same state, for the same reason."""

from __future__ import annotations

import pytest

from tests.lab.diff import difference
from tests.lab.hosts import IP_PROTOCOLS
from tests.lab.network import Lab
from tests.lab.nmap_oracle import nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import ALL_PLANS, FAMILIES, SCANS, View

pytestmark = pytest.mark.root

OWN_ICMP = {4: "1", 6: "58"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("name", [plan.name for plan in ALL_PLANS])
def test_pyscan_agrees_with_nmap(
    nmap: View, pyscan: View, name: str, scan: str, family: int
) -> None:
    theirs, ours = nmap(name, scan, family), pyscan(name, scan, family)
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)


@pytest.mark.parametrize("family", FAMILIES)
def test_icmp_as_a_protocol_asked_alone(lab: Lab, family: int) -> None:
    """Among other protocols its reason would be that of whatever ICMP came in first."""
    assert int(OWN_ICMP[family]) not in IP_PROTOCOLS
    addresses = [lab.hosts[name].address(family) for name in ("plain", "inner", "stateful")]
    theirs = nmap_sweep(lab, "-sO", OWN_ICMP[family], addresses)
    ours = pyscan_sweep(lab, "-sO", OWN_ICMP[family], addresses)
    assert len(theirs) == 3
    assert ours == theirs

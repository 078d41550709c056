"""PyScan and Debian's nmap agree on every port: the same state, for the same reason."""

from __future__ import annotations

import pytest

from tests.lab.conftest import Oracle
from tests.lab.diff import difference
from tests.lab.hosts import PLANS
from tests.lab.network import Lab
from tests.lab.pyscan_run import pyscan_outcomes

pytestmark = pytest.mark.root


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("scan", ["-sS", "-sT", "-sU"])
@pytest.mark.parametrize("name", [plan.name for plan in PLANS])
def test_pyscan_agrees_with_nmap(lab: Lab, nmap: Oracle, name: str, scan: str, family: int) -> None:
    host = lab.hosts[name]
    theirs = nmap(name, scan, family)
    ours = pyscan_outcomes(lab, scan, host.plan.ports(scan), host.address(family))
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)

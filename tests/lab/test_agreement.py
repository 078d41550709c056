"""PyScan and Debian's nmap agree on every port: the same state, for the same reason."""

from __future__ import annotations

import pytest

from tests.lab.conftest import FAMILIES, SCANS, View
from tests.lab.diff import difference
from tests.lab.hosts import PLANS

pytestmark = pytest.mark.root


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("name", [plan.name for plan in PLANS])
def test_pyscan_agrees_with_nmap(
    nmap: View, pyscan: View, name: str, scan: str, family: int
) -> None:
    theirs, ours = nmap(name, scan, family), pyscan(name, scan, family)
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)

"""Idle scans through the lab's zombie: PyScan and nmap find what is there."""

from __future__ import annotations

import pytest

from tests.lab import idle
from tests.lab.nmap_oracle import nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import FAMILIES, Grounds, Scanner

pytestmark = pytest.mark.root


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scanner", (nmap_sweep, pyscan_sweep))
def test_open_ports_show_in_the_zombie(both_labs: Grounds, scanner: Scanner, family: int) -> None:
    assert idle.outcomes(both_labs, scanner, family) == idle.TRUTH

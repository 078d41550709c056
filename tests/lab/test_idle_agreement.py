"""Idle scans through the lab's zombie: PyScan and nmap find what is there."""

from __future__ import annotations

import pytest

from tests.lab import idle
from tests.lab.namespace import LabError
from tests.lab.nmap_oracle import nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import Grounds, Scanner

pytestmark = pytest.mark.root


@pytest.mark.parametrize(
    ("scanner", "family"), ((nmap_sweep, 4), (nmap_sweep, 6), (pyscan_sweep, 4))
)
def test_open_ports_show_in_the_zombie(both_labs: Grounds, scanner: Scanner, family: int) -> None:
    assert idle.outcomes(both_labs, scanner, family) == idle.TRUTH


def test_without_ids_on_whole_packets_pyscan_refuses_in_one_line(both_labs: Grounds) -> None:
    """nmap makes the zombie fragment by a forged "packet too big"; PyScan does not."""
    with pytest.raises(LabError) as refused:
        idle.outcomes(both_labs, pyscan_sweep, 6)
    complaint = str(refused.value).splitlines()[1:]
    assert len(complaint) == 1
    assert "needs a zombie with an IPv4 address" in complaint[0]

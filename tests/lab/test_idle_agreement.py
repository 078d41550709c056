"""Idle scans through the lab's zombie: PyScan and nmap find what is there."""

from __future__ import annotations

from functools import partial

import pytest

from tests.lab.edge import INNER, ZOMBIE
from tests.lab.firewall import Outcome
from tests.lab.namespace import LabError
from tests.lab.network import Lab
from tests.lab.nmap_oracle import Outcomes, nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import Grounds, Scanner

pytestmark = pytest.mark.root

PORTS = (*INNER.tcp_open, 23, 81)
TRUTH: Outcomes = {
    ("tcp", port): Outcome("open", "ipid-change")
    if port in INNER.tcp_open
    else Outcome("closed|filtered", "no-ipid-change")
    for port in PORTS
}


@pytest.mark.parametrize(
    ("scanner", "family"), ((nmap_sweep, 4), (nmap_sweep, 6), (pyscan_sweep, 4))
)
def test_open_ports_show_in_the_zombie(both_labs: Grounds, scanner: Scanner, family: int) -> None:
    assert both_labs.submit(True, partial(idle_scan, scanner, family)).result() == TRUTH


def test_without_ids_on_whole_packets_pyscan_refuses_in_one_line(both_labs: Grounds) -> None:
    """nmap makes the zombie fragment by a forged "packet too big"; PyScan does not."""
    refused = both_labs.submit(True, partial(idle_scan, pyscan_sweep, 6)).exception()
    assert isinstance(refused, LabError)
    complaint = str(refused).splitlines()[1:]
    assert len(complaint) == 1
    assert "needs a zombie with an IPv4 address" in complaint[0]


def idle_scan(scanner: Scanner, family: int, lab: Lab) -> Outcomes:
    zombie = lab.hosts[ZOMBIE.name].address(family)
    target = lab.hosts[INNER.name].address(family)
    ports = ",".join(map(str, PORTS))
    return scanner(lab, f"-sI {zombie}", ports, (target,))[target]

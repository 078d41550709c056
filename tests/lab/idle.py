"""The idle scan of the lab: through the zombie onto the inner server, one scanner at a time."""

from __future__ import annotations

from tests.lab.edge import INNER, ZOMBIE
from tests.lab.firewall import Outcome
from tests.lab.network import Lab
from tests.lab.nmap_oracle import Outcomes
from tests.lab.sweep import Grounds, Scanner

TARGET = INNER
PORTS = (*TARGET.tcp_open, 23, 81)
TRUTH: Outcomes = {
    ("tcp", port): Outcome("open", "ipid-change")
    if port in TARGET.tcp_open
    else Outcome("closed|filtered", "no-ipid-change")
    for port in PORTS
}


def outcomes(grounds: Grounds, scanner: Scanner, family: int) -> Outcomes:
    """What a scanner finds. Raises LabError."""

    def scan(lab: Lab) -> Outcomes:
        zombie = lab.hosts[ZOMBIE.name].address(family)
        target = lab.hosts[TARGET.name].address(family)
        return scanner(lab, f"-sI {zombie}", ",".join(map(str, PORTS)), (target,))[target]

    return grounds.submit(True, f"{scanner.__name__} idle {family}", scan).result()

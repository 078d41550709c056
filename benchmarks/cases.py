"""The benchmark cases, as data."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tests.lab.hosts import HostPlan
from tests.lab.slow_link import LinkQuality

LISTENERS = tuple(range(1000, 1500))
"""Ports with a listener on the hosts scanned whole."""


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: what ``--case`` takes.
        about: one line for the report.
        plan: the host scanned.
        scan: the scan type option.
        goal: the figure to reach.
        last_port: ports 1 to this one are scanned.
        quality: the link, when it is not a clean veth pair.
        addresses: how many addresses of the host are scanned.
        nmap: False where only PyScan is measured.
        rounds: the most rounds worth the time.
        timeout: seconds each program may take.
    """

    name: str
    about: str
    plan: HostPlan
    scan: str
    goal: str
    last_port: int = 65_535
    quality: LinkQuality | None = None
    addresses: int = 1
    nmap: bool = True
    rounds: int = 100
    timeout: float = 120.0

    @property
    def ports(self) -> range:
        """Every port scanned."""
        return range(1, self.last_port + 1)

    def tools(self, targets: tuple[str, ...], output: str) -> dict[str, tuple[str, ...]]:
        """The command line of each program measured; both write XML to the file ``output``."""
        shared = ("-n", "-Pn", self.scan, "-T4", f"-p1-{self.last_port}", "-oX", output, *targets)
        commands = {"pyscan": (sys.executable, "-m", "engine.cli", *shared)}
        if self.nmap:
            commands["nmap"] = ("nmap", *shared)
        return commands


CASES = (
    Case(
        "syn-clean",
        "SYN scan of 65,535 ports, 500 open, over a veth pair",
        HostPlan("listening", tcp_open=LISTENERS),
        "-sS",
        goal="no slower than nmap (ratio 1.0)",
    ),
    Case(
        "connect-clean",
        "connect scan of 65,535 ports, 500 open, over a veth pair",
        HostPlan("listening", tcp_open=LISTENERS),
        "-sT",
        goal="at most 1.2 x nmap",
    ),
    Case(
        "loss5",
        "SYN scan of 5,000 ports, 150 open, 20 ms round trip, 5 % loss each way",
        HostPlan("distant", tcp_open=tuple(range(1000, 4000, 20))),
        "-sS",
        last_port=5_000,
        quality=LinkQuality(delay=0.010, loss=0.05, seed=7),
        goal="every port right",
    ),
    Case(
        "memory64",
        "SYN scan of 65,535 ports on each of 64 addresses, 500 open on each",
        HostPlan("crowd", tcp_open=LISTENERS),
        "-sS",
        addresses=64,
        nmap=False,
        rounds=1,
        goal="under 200 MB in all",
        timeout=300.0,
    ),
)

"""The benchmark cases, as data."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.goal import Goal
from benchmarks.scenes import OneHost, Scene, half_dark, loopback, street, wide
from benchmarks.tools import MASSCAN, NMAP, PYSCAN, Tool
from tests.lab.firewall import ACCEPT, DROP, Rule
from tests.lab.hosts import HostPlan
from tests.lab.slow_link import LinkQuality


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: what ``--case`` takes.
        about: one line for the report.
        scene: what is built.
        goal: what PyScan should reach.
        scan: the scan type option; ``-sn`` for discovery.
        ports: how many ports are scanned: 1 to this; 0 for discovery.
        options: what both programs are given beside that.
        rounds: the most rounds worth the time.
        nmap: seconds nmap may take; 0 where it is not measured.
        masscan: whether masscan is measured, too, where it is installed.
        patience: seconds PyScan may take.
        side_by_side: the programs wait for most of their time, so each gets a lab of its own and
            all run at once.
        warmed: each program scans one port before it is measured, so that what it reads from disk
            is in memory: in a scan of half a second that would be a tenth of the time, and some
            kernels give such memory back within seconds.
        note: what the figures do not say by themselves.
    """

    name: str
    about: str
    scene: Scene
    goal: Goal
    scan: str = "-sS"
    ports: int = 65_535
    options: tuple[str, ...] = ("-Pn", "-T4")
    rounds: int = 100
    nmap: float = 120.0
    masscan: bool = False
    patience: float = 120.0
    side_by_side: bool = False
    warmed: bool = False
    note: str = ""

    @property
    def port_range(self) -> range:
        """Every port scanned."""
        return range(1, self.ports + 1)

    @property
    def words(self) -> tuple[str, ...]:
        """The options of the scan, the same for both programs."""
        ports = (f"-p1-{self.ports}",) if self.ports else ()
        return (self.scan, *self.options, *ports)

    @property
    def warming(self) -> tuple[str, ...]:
        """The options of a scan of one port."""
        return (self.scan, *self.options, "-p1")

    @property
    def tools(self) -> list[Tool]:
        """The programs measured, in their order."""
        limits = ((PYSCAN, self.patience), (NMAP, self.nmap), (MASSCAN, 20.0 * self.masscan))
        tools = [Tool(name, seconds) for name, seconds in limits if seconds]
        return [tool for tool in tools if tool.wanted]


LISTENERS = tuple(range(1000, 1500))
"""Ports with a listener on the hosts scanned whole."""
LISTENING = HostPlan("listening", tcp_open=LISTENERS)
DISTANT = HostPlan("distant", tcp_open=tuple(range(1000, 61_000, 600)))
"""100 open ports, far apart."""


def _all_but(*ports: int) -> tuple[Rule, ...]:
    """A firewall that drops all other ports."""
    return (*([Rule("tcp", ports, ACCEPT)] if ports else []), Rule("tcp", (), DROP))


CASES = (
    Case(
        "syn-clean",
        "SYN scan of 65,535 ports, 500 open, over a veth pair",
        OneHost(LISTENING),
        Goal(ratio=1 / 1.5),
        masscan=True,
        warmed=True,
        note="masscan sends at a fixed 100,000 packets/s, asks each port once and then waits; it "
        "names open ports only",
    ),
    Case(
        "syn-loopback",
        "SYN scan of 65,535 ports of 127.0.0.1, 500 open",
        loopback(LISTENING),
        Goal(ratio=1 / 1.5),
        warmed=True,
        note="packets are counted in both directions",
    ),
    Case(
        "connect-clean",
        "connect scan of 65,535 ports, 500 open, over a veth pair",
        OneHost(LISTENING),
        Goal(ratio=1),
        scan="-sT",
        warmed=True,
    ),
    Case(
        "million",
        "SYN scan of 65,535 ports on each of 16 addresses: a million probes and no loss",
        OneHost(LISTENING, addresses=16),
        Goal(cpu_ratio=1),
        rounds=1,
        note="CPU seconds per million probes",
    ),
    Case(
        "dropped",
        "SYN scan of 1,000 ports of a routed host whose firewall drops all",
        OneHost(HostPlan("silent", rules=_all_but(), routed=True)),
        Goal(ratio=1 / 8),
        ports=1000,
        rounds=1,
    ),
    Case(
        "rtt180",
        "SYN scan of 1,000 ports at 180 ms round trip: 3 open, 3 closed, the rest dropped",
        OneHost(
            HostPlan("far", tcp_open=(22, 80, 443), rules=_all_but(22, 80, 443, 23, 81, 444)),
            LinkQuality(delay=0.090),
        ),
        Goal(ratio=1 / 5),
        ports=1000,
        rounds=3,
    ),
    Case(
        "rst150",
        "SYN scan of 1,000 ports of a host that sends at most 150 resets a second",
        OneHost(HostPlan("rationed", tcp_open=tuple(range(10, 1000, 25))), resets=150),
        Goal(ratio=1),
        ports=1000,
        rounds=2,
    ),
    Case(
        "queue",
        "SYN scan of 5,000 ports, 150 open, 40 ms round trip, through a queue of 100 packets that "
        "2,000 a second leave",
        OneHost(
            HostPlan("queued", tcp_open=tuple(range(1000, 4000, 20))),
            LinkQuality(delay=0.020, packets=2000, queue=100),
        ),
        Goal(ratio=1),
        ports=5000,
        rounds=2,
    ),
    Case(
        "half-dark",
        "SYN scan of 100 ports, 3 open, on 254 routed addresses of which half answer nothing",
        half_dark(HostPlan("lit", tcp_open=(22, 53, 80))),
        Goal(ratio=1 / 3),
        ports=100,
        rounds=1,
    ),
    Case(
        "loss5-small",
        "SYN scan of 5,000 ports, 150 open, 20 ms round trip, 5 % loss each way",
        OneHost(
            HostPlan("lossy", tcp_open=tuple(range(1000, 4000, 20))),
            LinkQuality(delay=0.010, loss=0.05, seed=7),
        ),
        Goal(ratio=1 / 5),
        ports=5000,
        rounds=1,
    ),
    Case(
        "loss5",
        "SYN scan of 65,535 ports, 100 open, 20 ms round trip, 5 % loss each way",
        OneHost(DISTANT, LinkQuality(delay=0.010, loss=0.05, seed=5)),
        Goal(seconds=12, right=0.9999),
        rounds=1,
        nmap=60,
        note="nmap was seen to take over 120 s when it was given more time",
    ),
    Case(
        "loss15",
        "SYN scan of 65,535 ports, 100 open, 20 ms round trip, 15 % loss each way",
        OneHost(DISTANT, LinkQuality(delay=0.010, loss=0.15, seed=15)),
        Goal(seconds=20, right=0.999),
        rounds=2,
        nmap=0,
        note="not measured with nmap, which takes over two minutes with a third of the loss",
    ),
    Case(
        "udp-icmp",
        "UDP scan of 200 closed ports behind Linux's own limit of ICMP errors",
        OneHost(HostPlan("icmp"), icmp_limit=True),
        Goal(floors=1.3),
        scan="-sU",
        ports=200,
        rounds=1,
        nmap=300,
        patience=300,
        side_by_side=True,
    ),
    Case(
        "discover-link",
        "which of the 256 addresses on the scanner's own link are up: 40 and the scanner itself",
        street,
        Goal(ratio=1),
        scan="-sn",
        ports=0,
        options=(),
        rounds=3,
    ),
    Case(
        "discover-routed",
        "which of the 65,536 addresses of a routed /16 are up: 40",
        wide,
        Goal(ratio=1 / 3),
        scan="-sn",
        ports=0,
        options=("-T4",),
        rounds=1,
        nmap=90,
        patience=180,
        side_by_side=True,
    ),
    Case(
        "memory64",
        "SYN scan of 65,535 ports on each of 64 addresses, 500 open on each",
        OneHost(LISTENING, addresses=64),
        Goal(megabytes=200),
        rounds=1,
        nmap=0,
        patience=300,
    ),
)

"""The networks in which docs/pacing.md shows how a scan's pace develops, as data: one description
from which both the lab's host and the simulated one are made, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.scenes import ICMP_BURST, OneHost
from engine.spec.scan_type import ScanType
from tests.lab.firewall import DROP, Rule
from tests.lab.hosts import HostPlan
from tests.lab.slow_link import LinkQuality

DIRECT = 0.0001
"""Seconds there and back over a veth pair."""
RESET_BURST = 5
"""Resets that pass at once: nft's usual burst."""


@dataclass(frozen=True)
class Situation:
    """A host without an open port, the path to it, and what is scanned there.

    Attributes:
        name: part of the picture's file name.
        title: one line above the picture.
        ports: how many are scanned: 1 to this.
        scan: the scan type option, ``-sS`` or ``-sU``.
        round_trip: seconds there and back on an empty link; 0 for a veth pair.
        loss: share of packets lost at random, each way.
        queue, rate: packets that may wait for the link, and that leave it per second; 0 for all.
        resets: most RSTs per second; 0 for all.
        icmp_limit: whether Linux's own limit of ICMP errors holds: one a second.
        dropped: whether a router before the host drops all probes.
    """

    name: str
    title: str
    ports: int
    scan: str = "-sS"
    round_trip: float = 0.0
    loss: float = 0.0
    queue: int = 0
    rate: float = 0.0
    resets: int = 0
    icmp_limit: bool = False
    dropped: bool = False

    @property
    def kind(self) -> ScanType:
        return ScanType.UDP if self.scan == "-sU" else ScanType.SYN

    @property
    def scene(self) -> OneHost:
        """What the lab builds."""
        rules = (Rule("tcp", (), DROP),) if self.dropped else ()
        plan = HostPlan(self.name, rules=rules, routed=self.dropped)
        link = LinkQuality(self.round_trip / 2, self.loss, packets=self.rate, queue=self.queue)
        return OneHost(
            plan, link if self.round_trip else None, resets=self.resets, icmp_limit=self.icmp_limit
        )

    @property
    def scenario(self) -> str:
        """The same in the words of engine.transport.scenario."""
        numbers = {
            "delay": self.round_trip or DIRECT,
            "loss": self.loss,
            "queue": self.queue,
            "rate": self.rate,
            "rst_rate": self.resets,
            "rst_burst": RESET_BURST if self.resets else 0,
            "icmp_rate": int(self.icmp_limit),
            "icmp_burst": ICMP_BURST if self.icmp_limit else 0,
        }
        lines = [f"{name} = {number}" for name, number in numbers.items() if number]
        if self.dropped:
            lines.append('[host.tcp]\ndefault = "filtered"')
        return "\n".join(('[[host]]\naddress = "10.0.0.1"', *lines, ""))


@dataclass(frozen=True)
class Course:
    """How a scan went.

    Attributes:
        seconds: from its first probe to its end.
        stopped: whether it was stopped before it was done.
        sent, answered: packets sent, and ports that had answered, after equal steps of the time,
            the last of which ends with the scan.
    """

    seconds: float
    stopped: bool
    sent: Sequence[float]
    answered: Sequence[float]


SITUATIONS = (
    Situation("clean", "clean path: a veth pair, 65,535 ports", 65_535),
    Situation(
        "loss",
        "5 % lost each way, 20 ms there and back, 30,000 ports",
        30_000,
        round_trip=0.02,
        loss=0.05,
    ),
    Situation(
        "queue",
        "a queue of 100 packets drained at 2,000/s, 40 ms there and back, 4,000 ports",
        4000,
        round_trip=0.04,
        queue=100,
        rate=2000,
    ),
    Situation("rst", "150 RSTs per second, 1,000 ports", 1000, resets=150),
    Situation("dropped", "a firewall that drops all of 1,000 ports", 1000, dropped=True),
    Situation("icmp", "one ICMP error per second, 60 UDP ports", 60, "-sU", icmp_limit=True),
)

"""The expected end of a scan, against the real one, in the situations of the benchmarks.

Judged is the time at which the scan is said to end: a person who reads "40 s left" wants to come
back when it is over, so it may be off by a quarter of the whole scan's time. From a fifth of the
scan on, but not in its first half second; through a full queue from seven tenths on, because it
shows late that answers were lost by speed, so that ports are asked again and late answers awaited.

Not foreseen, because nobody can: how much faster the pace will become on a path that has only just
shown that it loses packets at any speed; how many silent ports of a host that rations its answers
are really closed; how long a host that has gone quiet stays so.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, SendReport
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import MeasuredTransport, SimulatedScan

PROBES_PER_SECOND = 20_000
"""What the simulated scanner's machine can send."""


class BusyTransport(MeasuredTransport):
    """A network in front of which the machine needs time to send."""

    def send(self, batch: ProbeBatch) -> SendReport:
        report = super().send(batch)
        self._clock += len(batch) / PROBES_PER_SECOND
        return report


class ForeseenScan(SimulatedScan):
    """A scan that keeps what it said of its end."""

    def _network(self, book: AddressBook) -> BusyTransport:
        self.network = BusyTransport(book, self.scenario)
        return self.network

    def forecasts(self) -> list[tuple[float, float]]:
        """Times at which something was said, and the end foreseen then, both in seconds."""
        said: list[tuple[float, float]] = []
        for _ in range(100_000):
            if self.runner.phase.over:
                return said
            now = self.network.now()
            if not said or now >= said[-1][0] + 0.04:
                left = self.progress.remaining
                if left is not None:
                    said.append((now, now + left))
            self.turn()
        raise AssertionError("the scan does not end")


@dataclass(frozen=True)
class Situation:
    """A network, and what is scanned there."""

    host: str
    which: str
    where: str = "10.0.0.1"
    kind: ScanType = ScanType.SYN
    timing: int = 4
    address: str = "10.0.0.1"
    judged_from: float = 0.2

    @property
    def toml(self) -> str:
        return f'[[host]]\naddress = "{self.address}"\n{self.host}'


SITUATIONS = {
    "clean": Situation('delay = 0.001\n[host.tcp]\nopen = "1000-1499"', "1-30000"),
    "loss5": Situation('delay = 0.02\nloss = 0.05\n[host.tcp]\nopen = "600,9000"', "1-30000"),
    "rtt180": Situation(
        'delay = 0.18\n[host.tcp]\nopen = "22,80,443"\nclosed = "23,81"\ndefault = "filtered"',
        "1-1000",
    ),
    "dropped": Situation('[host.tcp]\ndefault = "filtered"', "1-1000"),
    "rst150": Situation("delay = 0.001\nrst_rate = 150", "1-1000"),
    "queue": Situation("delay = 0.04\nqueue = 100\nrate = 2000", "1-5000", judged_from=0.7),
    "udp-icmp": Situation("delay = 0.001\nicmp_rate = 1", "1-100", kind=ScanType.UDP),
    "udp-silent": Situation(
        'delay = 0.02\n[host.udp]\nclosed = "1-3"\ndefault = "filtered"', "1-200", kind=ScanType.UDP
    ),
    "half-dark": Situation("delay = 0.001", "1-100", where="10.0.0.1-254", address="10.0.0.1-127"),
    "polite": Situation('delay = 0.02\n[host.tcp]\nfiltered = "50-100"', "1-100", timing=2),
    "sneaky": Situation('delay = 0.02\n[host.tcp]\nfiltered = "5-10"', "1-20", timing=1),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_end_is_foreseen_within_a_quarter_from_a_fifth_on(name: str) -> None:
    it = SITUATIONS[name]
    scan = ForeseenScan(it.toml, it.where, it.which, types=(it.kind,), timing=TEMPLATES[it.timing])
    said = scan.forecasts()
    end = scan.network.now()
    judged = [(now, foreseen) for now, foreseen in said if now >= max(it.judged_from * end, 0.5)]
    assert len(judged) >= 10
    worst = max(judged, key=lambda one: abs(one[1] - end))
    assert abs(worst[1] - end) <= 0.25 * end, f"at {worst[0]:.2f} s of {end:.2f} s: {worst[1]:.2f}"

"""The expected end of a scan, against the real one, in the situations of the benchmarks.

Judged is the time at which the scan is said to end: a person who reads "40 s left" wants to come
back when it is over, so it may be off by a quarter of the whole scan's time, from a fifth of the
scan on. Until then it may be unknown. A scan that is over after a few round trips is judged from
one and a half on: that is how long it takes until the first answers tell how long answers take; one
behind a full queue where half of the ports are silent, when it is known how fast they may be asked.

Not foreseen, because nobody can: how much faster the pace will become on a path that has only just
shown that it loses packets at any speed; whether a host that rations its RSTs gives a second's of
them at once after each pause; how many silent ports of such a host are really closed; how long a
host that has gone quiet stays so; how many hosts are up where they lie close together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, ReplyBatch, SendReport
from engine.core.forecast import Measured, expected_remaining
from engine.core.outlook import Outlook
from engine.spec.ping import DiscoverySpec, Names
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from engine.transport.scenario import Scenario
from tests.engine.core.simulated_scan import MeasuredTransport, SimulatedScan

PROBES_PER_SECOND = 20_000
"""What the simulated scanner's machine can send."""
STEP = 0.002
"""Seconds in which it turns from sending to receiving and back."""
DISCOVERY = DiscoverySpec(names=Names.NEVER)
JUDGED_FROM, MOST_WRONG = 0.2, 0.25
"""Shares of a scan's time."""
UPTIME = 70_000.0
"""What the machine's clock shows when the scan begins, in seconds."""
LEAST_TRIPS = 1.5
"""Round trips before which nothing is judged."""


class BusyTransport(MeasuredTransport):
    """A network in front of which the machine needs time to send and to receive."""

    def __init__(self, book: AddressBook, scenario: Scenario) -> None:
        super().__init__(book, scenario)
        self._clock = UPTIME

    def send(self, batch: ProbeBatch) -> SendReport:
        report = super().send(batch)
        self._clock += len(batch) / PROBES_PER_SECOND
        return report

    def receive(self, until: float, rest: float = 0.0) -> ReplyBatch:
        self._clock += STEP
        return super().receive(max(until, self.now()))


class ForeseenScan(SimulatedScan):
    """A scan that keeps what it said of its end."""

    def _network(self, book: AddressBook) -> BusyTransport:
        self.network = BusyTransport(book, self.scenario)
        return self.network

    def forecasts(self) -> list[tuple[float, float]]:
        """Times at which something was said, and the end foreseen then, both in seconds; infinity
        when it was not known."""
        said: list[tuple[float, float]] = []
        for _ in range(100_000):
            if self.runner.phase.over:
                return said
            now = self.network.now() - UPTIME
            if not said or now >= said[-1][0] + 0.02:
                left = self.progress.remaining
                said.append((now, math.inf if left is None else now + left))
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
    discovery: DiscoverySpec | None = None
    judged_from: float = JUDGED_FROM

    @property
    def toml(self) -> str:
        return f'[[host]]\naddress = "{self.address}"\n{self.host}'


SITUATIONS = {
    "clean": Situation('delay = 0.001\n[host.tcp]\nopen = "1000-1499"', "1-65535"),
    "loss5": Situation('delay = 0.02\nloss = 0.05\n[host.tcp]\nopen = "600,9000"', "1-65535"),
    "loss15": Situation('delay = 0.02\nloss = 0.15\n[host.tcp]\nopen = "600,9000"', "1-65535"),
    "rtt180": Situation(
        'delay = 0.18\n[host.tcp]\nopen = "22,80,443"\nclosed = "23,81"\ndefault = "filtered"',
        "1-1000",
    ),
    "dropped": Situation('[host.tcp]\ndefault = "filtered"', "1-1000"),
    "rst150": Situation(
        'delay = 0.001\nrst_rate = 150\nrst_burst = 5\n[host.tcp]\nopen = "10,35,60,85,110,135"',
        "1-1000",
    ),
    "queue": Situation(
        'delay = 0.04\nqueue = 100\nrate = 2000\n[host.tcp]\nopen = "1000-1149"', "1-5000"
    ),
    "slow-relay": Situation(
        'delay = 0.01\nloss = 0.05\nqueue = 1000\nrate = 8000\n[host.tcp]\nopen = "600,9000"',
        "1-20000",
    ),
    "queue-half": Situation(
        'delay = 0.04\nqueue = 100\nrate = 2000\n[host.tcp]\nopen = "1000-1149"\n'
        'filtered = "2501-5000"',
        "1-5000",
        judged_from=0.5,
    ),
    "udp-icmp": Situation("delay = 0.001\nicmp_rate = 1", "1-200", kind=ScanType.UDP),
    "udp-silent": Situation(
        'delay = 0.02\n[host.udp]\nclosed = "1-3"\ndefault = "filtered"', "1-200", kind=ScanType.UDP
    ),
    "half-dark": Situation(
        'delay = 0.001\n[host.tcp]\nopen = "22,53,80"',
        "1-100",
        where="10.0.0.1-254",
        address="10.0.0.1-127",
    ),
    "polite": Situation('delay = 0.02\n[host.tcp]\nfiltered = "50-100"', "1-100", timing=2),
    "sneaky": Situation('delay = 0.02\n[host.tcp]\nfiltered = "5-10"', "1-20", timing=1),
    "discover-half": Situation(
        'delay = 0.005\n[host.tcp]\nopen = "22,53,80"',
        "1-100",
        where="10.0.0.1-254",
        address="10.0.0.1-127",
        discovery=DISCOVERY,
    ),
    "discover-few": Situation(
        "delay = 0.02",
        "1-200",
        where="10.0.0.0/20",
        address="10.0.0-15.7",
        discovery=DISCOVERY,
    ),
    "discover-walls": Situation(
        'delay = 0.02\n[host.tcp]\nopen = "22,80"\ndefault = "filtered"',
        "1-1000",
        where="10.0.0.0/24",
        address="10.0.0.1-40",
        discovery=DISCOVERY,
    ),
    "discover-link": Situation(
        "delay = 0.0005\nlink = true",
        "1-100",
        where="10.0.0.0/24",
        address="10.0.0.1-40",
        discovery=DISCOVERY,
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_end_is_foreseen_within_a_quarter_from_a_fifth_on(name: str) -> None:
    it = SITUATIONS[name]
    scan = ForeseenScan(
        it.toml,
        it.where,
        it.which,
        types=(it.kind,),
        timing=TEMPLATES[it.timing],
        discovery=it.discovery,
    )
    said = scan.forecasts()
    end = scan.network.now() - UPTIME
    begin = max(it.judged_from * end, LEAST_TRIPS * (scan.progress.rtt_median or 0.0))
    judged = [(now, foreseen) for now, foreseen in said if now >= begin]
    assert len(judged) >= 10
    worst = max(judged, key=lambda one: abs(one[1] - end))
    assert abs(worst[1] - end) <= MOST_WRONG * end, (
        f"at {worst[0]:.2f} s of {end:.2f} s: {worst[1]:.2f}"
    )


CROWD = (
    # A camera behind a short queue that loses packets besides, and hosts whose answers fill the
    # time until it is found out that it cannot follow.
    '[[host]]\naddress = "10.0.0.1-6"\ndelay = 0.01\n'
    '[[host]]\naddress = "10.0.0.7"\ndelay = 0.055\njitter = 0.015\nloss = 0.08\n'
    'rate = 1500\nqueue = 30\n[host.tcp]\nopen = "22,80,554,8554"\n'
)


@pytest.mark.parametrize("seed", range(1, 5))
def test_no_end_is_foreseen_far_away_when_a_host_is_found_to_ration(seed: int) -> None:
    scan = ForeseenScan(CROWD, "10.0.0.1-7", "1-1000", timing=TEMPLATES[3], seed=seed)
    said = scan.forecasts()
    end = scan.network.now() - UPTIME
    latest = max(foreseen for now, foreseen in said if now >= JUDGED_FROM * end)
    assert latest < 3 * end


def test_a_host_is_not_taken_for_dead_before_it_can_have_answered() -> None:
    situation = SITUATIONS["rtt180"]
    scan = ForeseenScan(situation.toml, situation.where, situation.which, seed=1)
    said = scan.forecasts()
    took = scan.network.now() - UPTIME
    early = [end for at, end in said if 0.0 < at < 0.18]
    assert len(early) >= 5
    assert all(abs(end - took) < 0.5 * took for end in early)


# ---------------------------------------------------------------- what is counted on

LEFT = Outlook(
    unasked=0,
    due=0,
    in_flight=0,
    tried=(),
    answered=0,
    silent=0,
    first_ended=100.0,
    last_sent=100.0,
    pace=10_000.0,
    growing=False,
    parallelism=0,
    copies=7,
    timeout=0.1,
    round_trip=0.02,
    loss=0.0,
    known_loss=0.0,
    uncertain=False,
    answered_before=0.0,
    experiment_left=0.0,
    linger=1.2,
    pause=0.0,
    round_rate=1_000.0,
    over_at=None,
    lanes=0.0,
)
LATELY = Measured(
    sending=None,
    flowing=math.inf,
    answers=0,
    deciding=0.0,
    share=1.0,
    best_share=1.0,
    loss=0.0,
    later_loss=None,
    least_timeout=0.1,
    seasoned=0,
    queueing=False,
)


def left(outlook: Outlook, measured: Measured = LATELY) -> float:
    return expected_remaining(100.0, outlook, measured)


def test_a_rate_measured_while_it_doubled_does_not_count() -> None:
    growing = replace(LEFT, unasked=40_000, growing=True)
    slow = replace(LATELY, sending=5_000.0)
    assert left(growing, slow) == pytest.approx(4.02)
    assert left(replace(growing, growing=False), slow) == pytest.approx(8.02)


def test_the_last_ports_may_lose_all_the_copies_they_still_get() -> None:
    ending = replace(LEFT, in_flight=40, answered=65_000, loss=0.3, last_sent=100.0)
    many_to_come = left(replace(ending, tried=(0, 40)))
    few_to_come = left(replace(ending, tried=(0, 0, 0, 0, 0, 0, 40)))
    assert few_to_come - many_to_come > 1.0  # it is listened on for silent ports
    assert left(replace(ending, tried=(0, 0, 0, 0, 0, 0, 40), loss=0.01)) < 0.5


def test_before_that_a_share_of_all_ports_is_expected_to_lose_all_copies() -> None:
    lossy = replace(LEFT, unasked=100, in_flight=10, answered=65_000, loss=0.3)
    assert left(lossy) > 1.2
    assert left(replace(lossy, answered=0)) < 1.2


def test_an_experiment_that_gets_fewer_answers_is_followed_by_the_old_rate() -> None:
    trying = replace(
        LEFT,
        unasked=30_000,
        answered=20_000,
        uncertain=True,
        answered_before=20_000.0,
        experiment_left=0.4,
        linger=0.1,
    )
    half = replace(LATELY, flowing=10_000.0, answers=1_000)
    as_many = replace(half, flowing=20_000.0)
    assert left(trying, half) == pytest.approx(1.5 + 0.2 + 0.02, abs=0.02)
    assert left(trying, as_many) == pytest.approx(1.5 + 0.02, abs=0.02)

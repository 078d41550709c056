"""Scans of random bad networks against an oracle that knows them: right, and in time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from engine.spec.scan_type import ScanType
from tests.engine.core.oracle import PATIENT, Host, Network, wrong
from tests.engine.core.oracle_networks import PORTS, networks
from tests.engine.core.simulated_scan import SimulatedScan

FACTOR = 4.0
"""Times the oracle's time. The oracle need not find out the round trip, the loss and the trouble:
that is what the scan's other rounds are for (an experiment about the speed, questions whether the
host still answers, a pause before rations are believed)."""
LEARNING = 6.0
"""Seconds beyond: the first timeouts, the last listening, one look at rations."""

some = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # shrinking whole scans takes minutes
)


def check(network: Network) -> None:
    where = f"10.0.0.1-{len(network.hosts)}"
    count = len(network.hosts[0].ports)
    scan = SimulatedScan(
        network.toml,
        where,
        f"1-{count}",
        types=(network.scan_type,),
        timing=PATIENT,
        seed=network.seed,
    ).run(40_000)
    scan.assert_settled()
    found = {(host, port): row.state.label for (host, _, port), row in scan.rows().items()}
    missed, invented = wrong(network, found)
    assert not invented
    assert len(missed) <= network.misses_allowed, "; ".join(missed)
    assert scan.network.now() <= FACTOR * network.least_seconds + LEARNING


def ports(opened: int, closed: int, seed: int = 0) -> tuple[str, ...]:
    """So many open and closed ports, spread evenly among filtered ones."""
    words = ["open"] * opened + ["closed"] * closed + ["filtered"] * (PORTS - opened - closed)
    return tuple(words[(place * 37 + seed) % PORTS] for place in range(PORTS))


FOUND = {
    "a ration met at once": [Host(ports(35, 33), rst_rate=8)],
    "a queue beside a free path": [Host(ports(7, 17)), Host(ports(6, 18), queue=20, rate=400)],
    "a queue on a lossy path": [Host(ports(42, 39), loss=0.1, queue=20, rate=400)],
    "down while most answers are missing": [
        Host(ports(11, 105), 0.04, loss=0.3, spell=("down", 0.34, 2.472))
    ],
    "a pause on a lossy path": [Host(ports(48, 30), 0.04, loss=0.3, spell=("pause", 0.09, 4.517))],
    "a hold with jitter": [Host(ports(60, 20), 0.2, 0.2, 0.1, spell=("hold", 0.45, 1.186))],
    "a long path beside a short one": [Host(ports(47, 33), 0.5, loss=0.1), Host(ports(6, 14))],
    "a pause beside lossy paths": [
        Host(ports(6, 110), 0.2, spell=("pause", 0.25, 1.35)),
        Host(ports(44, 36), 0.2, loss=0.3),
        Host(ports(10, 105), 0.2, 0.2, 0.3),
    ],
    "loss in bursts": [Host(ports(40, 40), 0.2, loss=0.3, burst=0.05)],
    "three that die and come back": [
        Host(ports(40, 40), 0.04, 0.2, 0.1, spell=("down", 0.29, 1.67)) for _ in range(3)
    ],
}
"""What once went wrong."""


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", FOUND)
def test_what_once_went_wrong_goes_right(name: str, seed: int) -> None:
    check(Network(tuple(FOUND[name]), ScanType.SYN, seed))


@some
@given(networks())
def test_every_port_that_would_answer_is_decided_rightly_and_in_time(network: Network) -> None:
    check(network)


@some
@given(networks(1))
def test_a_host_alone_is_decided_rightly_and_in_time(network: Network) -> None:
    check(network)

"""No host waits for another: what each scan of one host finds when, beside hosts in trouble."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.results.cell import split_key
from engine.results.decided import DecidedBatch
from engine.spec.timing import TEMPLATES
from tests.engine.core.oracle import PATIENT, Host, Network
from tests.engine.core.oracle_networks import PORTS, networks
from tests.engine.core.simulated_scan import SimulatedScan

SLOWER = 3.0
"""Times as long as alone: the first copies of four hosts share the start rate."""
TURNS = 20_000
"""Of the engine; enough for every scan here."""
MORE = 1.5
"""Seconds longer than alone: an experiment that halves the common speed."""

some = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # shrinking whole scans takes minutes
)


class TimedScan(SimulatedScan):
    """Knows when each host's ports answered, in seconds."""

    def __init__(self, network: Network, **changes: object) -> None:
        self.answered: dict[int, list[float]] = defaultdict(list)
        facts: dict[str, object] = {
            "where": f"10.0.0.1-{len(network.hosts)}",
            "which": f"1-{len(network.hosts[0].ports)}",
            "types": (network.scan_type,),
            "timing": PATIENT,
            "seed": network.seed,
            **changes,
        }
        super().__init__(network.toml, **facts)  # type: ignore[arg-type]

    def until(self, answers: Sequence[int]) -> TimedScan:
        """Run until each host has given so many answers."""
        for _ in range(TURNS):
            if all(len(self.answered[host]) >= few for host, few in enumerate(answers)):
                return self
            self.turn()
        raise AssertionError("no scan should take so many turns to so few answers")

    def _note(self, batch: DecidedBatch) -> None:
        super()._note(batch)
        for row in batch.rows():
            if row.state.label in ("open", "closed"):
                self.answered[split_key(row.key)[0]].append(self.network.now())


GOOD = Host(("open", "closed", "closed", "filtered") * (PORTS // 4), delay=0.02)
TROUBLES = {
    "slow": Host(GOOD.ports, 0.5, 0.2),
    "dead": Host(("filtered",) * PORTS),
    "lossy": Host(GOOD.ports, 0.02, loss=0.3),
    "queued": Host(GOOD.ports, 0.02, queue=20, rate=200),
    "rationed": Host(GOOD.ports, 0.02, rst_rate=4),
    "paused": Host(GOOD.ports, 0.02, spell=("pause", 0.05, 5.0)),
    "held": Host(GOOD.ports, 0.02, spell=("hold", 0.05, 5.0)),
    "dying": Host(GOOD.ports, 0.02, spell=("down", 0.05, 60.0)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("trouble", TROUBLES)
def test_one_host_in_trouble_does_not_delay_what_others_answer(trouble: str, seed: int) -> None:
    alone = TimedScan(Network((GOOD,), seed=seed))
    alone.run(TURNS)
    beside = TimedScan(Network((GOOD, TROUBLES[trouble], GOOD), seed=seed))
    beside.run(TURNS)
    for host in (0, 2):
        assert len(beside.answered[host]) == len(alone.answered[0])
        assert max(beside.answered[host]) <= SLOWER * max(alone.answered[0]) + 0.2


@some
@given(networks())
def test_every_hosts_first_answers_come_as_soon_as_alone(network: Network) -> None:
    """The first tenth of them."""
    few = [max(1, host.answering // 10) for host in network.hosts]
    beside = TimedScan(network).until(few)
    for index, host in enumerate(network.hosts):
        alone = TimedScan(Network((host,), network.scan_type, network.seed)).until([few[index]])
        last, last_alone = (
            scan.answered[place][few[index] - 1] for scan, place in ((beside, index), (alone, 0))
        )
        assert last <= SLOWER * last_alone + MORE


@some
@given(networks(), st.integers(0, 60), st.integers(0, 3))
def test_a_host_that_is_skipped_is_asked_nothing_more(
    network: Network, turns: int, number: int
) -> None:
    scan, skipped = TimedScan(network), number % len(network.hosts)
    for _ in range(turns):
        if not scan.runner.phase.over:
            scan.turn()
    asked = len(scan.network.log)
    scan.runner.skip_host(skipped)
    scan.run(TURNS)
    assert all(cell[0] != skipped for _, cell, *_ in scan.network.log[asked:])
    left = {host for host, _, _ in scan.rows()} | {skipped}
    assert left == set(range(len(network.hosts)))


@pytest.mark.parametrize("command", ["skip", "timeout"])
@pytest.mark.parametrize("spell", ["down", "pause", "hold"])
def test_a_host_that_went_quiet_can_be_given_up(spell: str, command: str) -> None:
    quiet = Host(GOOD.ports, 0.02, spell=(spell, 0.05, 9.0))
    scan = TimedScan(Network((quiet, GOOD)))
    for _ in range(TURNS):
        if scan.network.now() < 0.5:
            scan.turn()
    if command == "skip":
        scan.runner.skip_host(0)
    else:
        scan.runner.set_timing(PATIENT.with_bounds(host_timeout=2))
    assert scan.run(5_000).network.now() < 4


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_every_template_lets_all_hosts_take_turns(number: int) -> None:
    """After any probe, no host is more than a few probes ahead of another that has work."""
    network = Network(tuple(Host(("closed",) * 40, 0.02) for _ in range(4)))
    scan = TimedScan(network, timing=TEMPLATES[number]).run(TURNS)
    asked = [0] * 4
    for _, (host, _, _), *_ in scan.network.log[: 4 * 40]:
        asked[host] += 1
        assert max(asked) - min(asked) <= 25

"""Rations of RSTs that are recognised while ports are still being asked: nothing is called filtered
that is closed, few probes are wasted, and silent ports cost little."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.core.measured_ration import MeasuredRation
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

HOST = '[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\n'
ODD = ",".join(map(str, range(1, 2_000, 2)))
RATIONED = HOST + "rst_rate = 150\n"


def scan(toml: str, which: str, defeat: frozenset[Protocol] = frozenset()) -> SimulatedScan:
    types, timing = (ScanType.SYN,), TEMPLATES[4]
    done = SimulatedScan(toml, which=which, types=types, timing=timing, defeat=defeat)
    done.run(2_000_000)
    done.assert_settled()
    return done


def states(done: SimulatedScan) -> Counter[str]:
    return Counter(row.state.label for row in done.rows().values())


def test_a_rationed_host_is_asked_at_its_ration() -> None:
    done = scan(RATIONED, "1-1000")
    assert states(done) == {"closed": 1_000}
    assert done.network.now() < 1_000 / 150 * 1.3
    assert done.network.probes < 6_000


@pytest.mark.parametrize("delay", [0.0, 0.04])
def test_a_small_bucket_is_recognised_and_said_early(delay: float) -> None:
    toml = f'[[host]]\naddress = "10.0.0.1"\ndelay = {delay}\nrst_rate = 150\nrst_burst = 5\n'
    done = SimulatedScan(toml, which="1-1000", timing=TEMPLATES[4])
    while done.network.now() < 2.0:
        done.turn()
    assert "10.0.0.1 rations RSTs at 1" in done.progress.limit
    done.run()
    assert states(done) == {"closed": 1_000}
    assert done.network.now() < 1_000 / 150 * 1.35


def test_silent_ports_of_a_rationed_host_do_not_cost_its_ration_each() -> None:
    done = scan(RATIONED + '[host.tcp]\nfiltered = "201-3000"\n', "1-3000")
    assert states(done) == {"closed": 200, "filtered": 2_800}
    assert done.network.now() < 6


def test_loss_on_the_way_to_a_rationed_host_hides_no_closed_port() -> None:
    done = scan(RATIONED + "loss = 0.03\n", "1-600")
    assert states(done) == {"closed": 600}


@pytest.mark.parametrize(
    "toml",
    [
        HOST + "queue = 100\nrate = 2000\n",
        HOST + "loss = 0.15\n",
        HOST + f"loss = 0.15\n[host.tcp]\nfiltered = '{ODD}'\n",
        HOST + f"loss = 0.3\n[host.tcp]\nfiltered = '{ODD}'\n",
        RATIONED + "[host.tcp]\nopen = '1-2000'\n",
    ],
)
def test_other_losses_are_no_ration(toml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: MeasuredRation, now: float, rate: float) -> None:
        raise AssertionError(f"taken for a ration of {rate:g}/s")

    monkeypatch.setattr(MeasuredRation, "__init__", refuse)
    scan(toml, "1-2000")


def test_who_prefers_speed_gets_no_rounds() -> None:
    done = scan(RATIONED, "1-1000", defeat=frozenset({Protocol.TCP}))
    assert done.network.now() < 4


def ask(ration: MeasuredRation, seconds: float, answers: float) -> tuple[int, int]:
    """Ask as fast as is allowed, of a target that gives ``answers`` per second at most and has an
    answer to every question; returns how many were asked and answered."""
    now, asked, answered, tokens, last = 0.0, 0, 0, 0.0, 0.0
    ration.tick(0.0, 0.001, 0.1)
    while now < seconds:
        now = max(ration.next_allowed(now, 1_000), now + 1e-4)
        for _ in range(ration.allowance(now)):
            tokens, last = min(tokens + (now - last) * answers, 5.0), now
            ration.note_sent(1)
            asked += 1
            if tokens >= 1:
                tokens -= 1
                answered += 1
                ration.note_answers(now, 1, 0, 0)
    return asked, answered


def test_a_host_that_answers_everything_is_asked_little_below_its_ration() -> None:
    asked, answered = ask(MeasuredRation(0.0, 150.0), 10, 150)
    assert 1_200 < asked <= 1_500
    assert answered > 0.95 * asked


def test_a_host_that_answers_nothing_is_asked_faster_and_faster() -> None:
    asked, answered = ask(MeasuredRation(0.0, 150.0), 1, 0.0)
    assert answered == 0
    assert asked > 10_000


def test_a_later_round_is_no_faster_than_one_that_went_well() -> None:
    ration = MeasuredRation(0.0, 100.0)
    ask(ration, 2, 100)
    ration.rest(2.0, 0.1)
    assert ration.allowance(2.05) == 0
    assert ration.most <= 100
    assert ration.next_allowed(2.05, 10) >= 2.1


def test_a_least_rate_of_the_user_goes_before_the_ration() -> None:
    ration = MeasuredRation(0.0, 10.0)
    ration.set_timing(TEMPLATES[3].with_bounds(min_rate=300.0))
    assert ration.rate == 300.0

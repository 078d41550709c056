"""Every timing option holds exactly: what leaves is counted on a simulated network's own clock."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.spec.timing import TEMPLATES
from tests.engine.cli.commanded_scan import CommandedScan, most_within

OPEN = '[[host]]\naddress = "10.0.0.0/24"\ndelay = 0.02\n'
DARK = OPEN + '[host.tcp]\ndefault = "filtered"\n'
HALF = OPEN + '[host.tcp]\nfiltered = "101-200"\n'
LOSSY = OPEN + "loss = 0.3\n"
LOSSY_AND_FILTERED = OPEN + "loss = 0.1\n" + '[host.tcp]\nopen = "1-100"\ndefault = "filtered"\n'
QUEUE = OPEN + "queue = 20\nrate = 300\n"
NETWORKS = (OPEN, DARK, HALF, LOSSY, QUEUE)
RATION_OF_RESETS = OPEN + "rst_rate = 5\n"
RATION_OF_ERRORS = OPEN + "icmp_rate = 1\n"
TOLERANCE = 1e-6


def scan(line: str, toml: str) -> CommandedScan:
    return CommandedScan(f"10.0.0.1 -Pn {line}", toml).run()


def most(rate: float, seconds: float) -> float:
    """Probes that may leave within a time at a rate: a fiftieth of a second's worth may pile up
    while the engine waits, or one probe."""
    return rate * seconds + max(1.0, rate * 0.02)


# ---------------------------------------------------------------- rates


@pytest.mark.parametrize("toml", NETWORKS)
@pytest.mark.parametrize("rate", [20, 400])
def test_no_span_of_time_holds_more_probes_than_the_maximum_rate_allows(
    toml: str, rate: float
) -> None:
    done = scan(f"-sS -p1-200 -T4 --max-rate {rate}", toml)
    for seconds in (0.05, 0.5, 2.0, done.network.now()):
        assert most_within(done.times(), seconds) <= most(rate, seconds) + TOLERANCE
    assert done.network.probes >= 200


@pytest.mark.parametrize("toml", [DARK, QUEUE])
def test_first_probes_leave_no_slower_than_the_minimum_rate(toml: str) -> None:
    done = scan("-sS -p1-500 -T2 --max-parallelism 5000 --scan-delay 0 --min-rate 700", toml)
    assert done.times()[499] <= 500 / 700 + 0.05


@pytest.mark.parametrize("toml", NETWORKS)
def test_a_delay_lies_between_any_two_probes(toml: str) -> None:
    done = scan("-sS -p1-40 -T4 --scan-delay 70ms", toml)
    assert np.diff(done.times()).min() >= 0.070 - TOLERANCE


def test_the_templates_delays_hold_too() -> None:
    assert np.diff(scan("-sS -p1-9 -T2", HALF).times()).min() >= 0.4 - TOLERANCE
    assert np.diff(scan("-sS -p1-4 -T1", OPEN).times()).min() >= 15 - TOLERANCE


# ---------------------------------------------------------------- probes in flight


@pytest.mark.parametrize("toml", NETWORKS)
@pytest.mark.parametrize("bound", [1, 7])
def test_never_more_in_flight_than_the_maximum(toml: str, bound: int) -> None:
    done = scan(f"-sS -p1-60 -T4 --max-parallelism {bound}", toml)
    assert done.most_in_flight == bound


def test_the_minimum_in_flight_is_reached_at_once_and_the_rate_comes_second() -> None:
    few, many = (scan(f"-sS -p1-3000 -T3{more}", DARK) for more in ("", " --min-parallelism 2500"))
    assert few.most_in_flight < 2_500 <= many.most_in_flight
    assert (many.times() < 0.1).sum() >= 2_500


# ---------------------------------------------------------------- copies and timeouts


@pytest.mark.parametrize("toml", NETWORKS)
@pytest.mark.parametrize("cap", [0, 1, 3])
def test_no_probe_is_copied_more_often_than_allowed(toml: str, cap: int) -> None:
    done = scan(f"-sS -p1-80 -T4 --max-retries {cap} --defeat-rst-ratelimit", toml)
    assert done.most_copies() <= cap + 1


def test_copies_are_as_many_as_allowed_where_loss_asks_for_more() -> None:
    assert scan("-sS -p1-400 -T4 --max-retries 3", LOSSY_AND_FILTERED).most_copies() >= 4


def test_before_any_answer_the_initial_timeout_is_waited() -> None:
    gaps = scan("-sS -p1-50 -T4 --initial-rtt-timeout 800ms", DARK).gaps()
    assert min(gaps) >= 0.8 - TOLERANCE
    assert max(gaps) <= 0.8 + 0.1


def test_no_answer_is_waited_for_less_than_the_minimum() -> None:
    gaps = scan("-sS -p1-300 -T4 --min-rtt-timeout 450ms", HALF).gaps()
    assert gaps and min(gaps) >= 0.45 - TOLERANCE


def test_no_answer_is_waited_for_longer_than_the_maximum() -> None:
    gaps = scan("-sS -p1-200 -T4 --max-rtt-timeout 330ms", DARK).gaps()
    assert gaps and max(gaps) <= 0.33 + 0.05
    assert min(scan("-sS -p1-200 -T4", DARK).gaps()) > 0.4


# ---------------------------------------------------------------- rations and hosts given up


def test_who_defeats_a_ration_of_resets_does_not_wait_for_it() -> None:
    waits = scan("-sS -p1-200 -T4", RATION_OF_RESETS)
    assert set(waits.states().values()) == {"closed"}
    assert waits.network.now() > 190 / 5
    hurries = scan("-sS -p1-200 -T4 --defeat-rst-ratelimit", RATION_OF_RESETS)
    assert hurries.network.now() < 5
    assert set(hurries.states().values()) == {"closed", "filtered"}


def test_who_defeats_a_ration_of_icmp_errors_does_not_wait_for_it() -> None:
    waits = scan("-sU -p1-40 -T4", RATION_OF_ERRORS)
    assert set(waits.states().values()) == {"closed"}
    assert waits.network.now() > 30
    hurries = scan("-sU -p1-40 -T4 --defeat-icmp-ratelimit", RATION_OF_ERRORS)
    assert hurries.network.now() < 3
    assert set(hurries.states().values()) == {"closed", "closed|filtered"}


def test_every_report_keeps_what_is_known_of_a_host_given_up() -> None:
    done = CommandedScan("10.0.0.1 -Pn -sU -p1-60 -T4 --host-timeout 15s", RATION_OF_ERRORS).run()
    assert 15 <= done.network.now() < 15 + 2
    known = done.states()
    closed = [port for port, state in known.items() if state == "closed"]
    assert 10 < len(closed) < 60
    document = json.loads(done.written("json"))
    assert "15 s" in document["hosts"][0]["problem"]
    assert document["hosts"][0]["counts"]["closed"] == len(closed)
    assert done.written("xml").count('state="closed"') == len(closed)
    text = done.written("text")
    assert all(f"{port}/udp" in text for port in closed[:3])
    assert "15 s" in text


# ---------------------------------------------------------------- changed while the scan runs


def test_a_maximum_rate_given_live_holds_from_then_on() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sS -p1-3000 -T4", DARK).run(until=0.2)
    before = running.network.probes
    running.change(max_rate=50.0)
    running.run(until=20.0)
    after = running.times()[before:]
    for seconds in (0.5, 2.0, 10.0):
        assert most_within(after, seconds) <= most(50, seconds) + TOLERANCE
    assert len(after) >= 50 * 15


def test_a_delay_given_live_holds_from_then_on() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sS -p1-500 -T4", DARK).run(until=0.05)
    before = running.network.probes
    running.change(scan_delay=0.1)
    running.run(until=10.0)
    assert np.diff(running.times()[before:]).min() >= 0.1 - TOLERANCE


def test_a_maximum_in_flight_given_live_holds_once_older_probes_are_done() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sS -p1-3000 -T4", DARK).run(until=0.3)
    assert running.most_in_flight > 20
    running.change(max_parallelism=5)
    running.run(until=2.0)
    running.most_in_flight = 0
    running.run(until=10.0)
    assert running.most_in_flight == 5


def test_fewer_copies_asked_for_live_are_fewer_copies() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sS -p1-3000 -T4", DARK).run(until=0.3)
    running.change(max_retries=0)
    running.run()
    assert running.most_copies() == 1


def test_timeouts_given_live_count_for_probes_already_out() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sS -p1-20 -T3", DARK).run(until=0.1)
    running.change(max_timeout=0.25)
    assert max(running.run().gaps()) <= 0.25 + 0.1


def test_a_host_timeout_given_live_runs_from_then_on() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sU -p1-60 -T4", RATION_OF_ERRORS).run(until=5.0)
    running.change(host_timeout=9.0)
    assert 5 + 9 - 0.05 <= running.run().network.now() < 5 + 9 + 2  # from the last look on


def test_another_template_brings_its_own_bounds() -> None:
    running = CommandedScan("10.0.0.1 -Pn -sS -p1-60 -T4 --max-rate 100", DARK).run(until=0.2)
    before = running.network.probes
    running.runner.set_timing(TEMPLATES[2])
    running.run(until=6.0)
    assert np.diff(running.times()[before:]).min() >= 0.4 - TOLERANCE

"""Bounds on the whole scan hold while hosts are looked for and ports scanned at the same time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.cli.commanded_scan import PINGS, CommandedScan, most_within

NETWORK = """
[[host]]
address = "10.0.0.1-20"
delay = 0.02
[host.tcp]
filtered = "10-20"
[[host]]
address = "10.0.0.21-30"
ping = false
[host.tcp]
default = "filtered"
"""
HOSTS = np.arange(30, dtype=np.uint32)


def asked_again(line: str, every: float, until: float) -> CommandedScan:
    """A scan whose hosts are pinged again and again while their ports are scanned."""
    running = CommandedScan(f"10.0.0.1-30 -PE -sS -p1-30 -T4 {line}", NETWORK)
    for when in np.arange(every, until, every):
        running.run(until=float(when))
        running.runner.ping_again(HOSTS)
    return running.run()


def kinds(scan: CommandedScan) -> tuple[int, int]:
    """Pings and port probes sent."""
    pings = sum(technique >= PINGS for _, _, technique, _ in scan.network.log)
    return pings, len(scan.network.log) - pings


@pytest.mark.parametrize("rate", [40, 300])
def test_a_maximum_rate_counts_pings_and_probes_together(rate: float) -> None:
    done = asked_again(f"--max-rate {rate}", 150 / rate, 700 / rate)
    pings, probes = kinds(done)
    assert pings > 100 and probes > 600
    for seconds in (0.05, 0.5, 2.0, done.network.now()):
        assert most_within(done.times(), seconds) <= rate * seconds + max(1.0, rate * 0.02) + 1e-6


def test_a_delay_lies_between_a_ping_and_a_probe_too() -> None:
    done = asked_again("--scan-delay 20ms", 3.0, 12.0)
    assert np.diff(done.times()).min() >= 0.020 - 1e-6


@pytest.mark.parametrize("bound", [1, 4])
def test_pings_and_probes_in_flight_are_counted_together(bound: int) -> None:
    done = asked_again(f"--max-parallelism {bound}", 2.0, 8.0)
    pings, probes = kinds(done)
    assert pings > 60 and probes > 600
    assert done.most_in_flight == bound


def test_hosts_are_found_before_their_ports_are_scanned_where_the_rate_is_bounded() -> None:
    done = CommandedScan("10.0.0.1-30 -PE -sS -p1-30 -T4 --max-rate 100", NETWORK).run()
    order = [technique >= PINGS for _, _, technique, _ in done.network.log]
    assert not any(order[order.index(False) :])

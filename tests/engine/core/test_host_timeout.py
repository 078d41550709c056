"""Hosts that take too long, probes kept in flight, rations the user does not wait for."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.host_clock import HostClock
from engine.spec.error import SpecError
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from tests.engine.core.simulated_scan import SimulatedScan, ports, targets

HOST = '[[host]]\naddress = "10.0.0.1-9"\ndelay = 0.02\n'
SLOW = '[[host]]\naddress = "10.0.0.5"\ndelay = 0.02\nicmp_rate = 1\n'


def udp(timing: TimingTemplate) -> SimulatedScan:
    return SimulatedScan(HOST + SLOW, "10.0.0.4-6", "1-60", types=(ScanType.UDP,), timing=timing)


def test_a_host_that_takes_too_long_is_given_up_and_keeps_what_is_known() -> None:
    done = udp(TEMPLATES[4].with_bounds(host_timeout=20)).run()
    assert 19 < done.network.now() < 22
    problems = done.runner.publish().problems
    assert list(problems) == [1] and "20 s" in problems[1]
    closed = [host for (host, _, _), row in done.rows().items() if row.state.label == "closed"]
    assert closed.count(0) == closed.count(2) == 60
    assert 15 < closed.count(1) < 60


def test_the_timeout_is_a_bound_that_can_be_changed_while_the_scan_runs() -> None:
    done = udp(TEMPLATES[5])
    assert TEMPLATES[5].host_timeout == 900
    while done.network.now() < 5:
        done.turn()
    done.runner.set_timing(TEMPLATES[5].with_bounds(host_timeout=8))
    done.run()
    assert done.network.now() < 10


def test_time_does_not_run_while_the_scan_is_paused() -> None:
    clock = HostClock(3)
    clock.begin(1.0, np.array([2, 0, 2], np.uint32))
    clock.begin(2.0, np.array([2, 1], np.uint32))
    clock.stop(3.0)
    clock.stop(50.0)
    clock.go(103.0)
    assert clock.next_over(5.0) == 106.0
    assert clock.over(105.0, 5.0).tolist() == []
    assert clock.over(106.5, 5.0).tolist() == [0, 2]
    assert clock.over(107.0, 5.0).tolist() == [1]
    assert clock.next_over(5.0) == float("inf")


def test_at_least_so_many_probes_are_kept_in_flight() -> None:
    dark = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\ndefault = "filtered"\n'
    wide = TEMPLATES[3].with_bounds(min_parallelism=3_000)
    assert SimulatedScan(dark, which="1-4000", timing=wide).run().most_in_flight >= 3_000
    assert SimulatedScan(dark, which="1-4000", timing=TEMPLATES[3]).run().most_in_flight < 2_500


def test_bounds_on_probes_in_flight_drag_each_other() -> None:
    assert TEMPLATES[2].with_bounds(min_parallelism=5).max_parallelism == 5
    both = TEMPLATES[3].with_bounds(min_parallelism=50).with_bounds(max_parallelism=10)
    assert (both.min_parallelism, both.max_parallelism) == (10, 10)
    with pytest.raises(SpecError):
        TEMPLATES[3].with_bounds(min_rate=5, max_rate=1)


def test_who_defeats_a_ration_does_not_wait_for_it() -> None:
    spec = ScanSpec(targets("10.0.0.1"), ports("1"), defeat_icmp_ration=True)
    assert spec.defeated == {Protocol.UDP}
    scan = udp(TEMPLATES[4])
    assert scan.run().network.now() > 30
    scan = SimulatedScan(
        HOST + SLOW, "10.0.0.4-6", "1-60", types=(ScanType.UDP,), defeat=frozenset({Protocol.UDP})
    ).run()
    assert scan.network.now() < 3
    slow = [row.state.label for (host, _, _), row in scan.rows().items() if host == 1]
    assert set(slow) == {"closed", "closed|filtered"}


def test_what_limits_the_scan_is_said_with_the_hosts_name() -> None:
    scan = udp(TEMPLATES[4])
    while scan.network.now() < 20:
        scan.turn()
    assert scan.progress.limit.startswith("10.0.0.5 rations ICMP errors at 0.9")
    remaining = scan.progress.remaining
    scan.run()
    assert remaining is not None
    assert remaining == pytest.approx(scan.network.now() - 20, rel=0.25)

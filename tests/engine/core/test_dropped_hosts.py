"""Hosts that are skipped or take too long: nothing more is sent, and they may be taken up again."""

from __future__ import annotations

import numpy as np
import pytest

from engine.results.cell import cell_key
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from tests.engine.core.simulated_scan import SimulatedScan, ports

PLAIN = '[[host]]\naddress="10.0.0.0/24"\ndelay=0.02\n[host.tcp]\nopen="5"\n[host.udp]\nopen="7"\n'
SILENT = '[[host]]\naddress="10.0.0.0/24"\n[host.tcp]\ndefault="filtered"\n'
SLOW = TEMPLATES[4].with_bounds(max_rate=20.0)
HOST = '[[host]]\naddress = "10.0.0.1-9"\ndelay = 0.02\n'
LATE = '[[host]]\naddress = "10.0.0.5"\ndelay = 0.02\nicmp_rate = 1\n'


def test_nothing_is_sent_to_a_skipped_host() -> None:
    scan = SimulatedScan(PLAIN, "10.0.0.1-3", "1-100", timing=SLOW)
    for _ in range(20):
        scan.turn()
    sent = len(scan.network.log)
    scan.runner.skip_host(1)
    scan.run().assert_settled()
    assert 1 not in {cell[0] for _, cell, _, _ in scan.network.log[sent:]}


def test_ports_added_for_a_skipped_host_are_no_work() -> None:
    scan = SimulatedScan(PLAIN, "10.0.0.1-2")
    scan.runner.skip_host(0)
    scan.runner.add_ports(ports("30-40"))
    scan.run().assert_settled()
    assert {host for host, _, _ in scan.rows()} == {1}
    assert len(scan.rows()) == 31


@pytest.mark.parametrize("network", [PLAIN, SILENT])
@pytest.mark.parametrize("turns", [0, 1, 2])
def test_a_revived_host_is_probed_once(network: str, turns: int) -> None:
    scan = SimulatedScan(network)
    for _ in range(turns):
        scan.turn()
    scan.runner.skip_host(0)
    scan.runner.rescan_host(0)
    assert not scan.runner.publish().skipped
    scan.run().assert_settled()
    assert len(scan.rows()) == 20


def test_a_batch_never_holds_a_cell_twice() -> None:
    scan = SimulatedScan(SILENT)
    scan.runner.skip_host(0)
    scan.runner.rescan_host(0)
    scan.turn()
    assert max(scan.network.copies().values()) == 1


def test_a_revived_host_can_be_skipped_again() -> None:
    scan = SimulatedScan(PLAIN, timing=SLOW)
    for _ in range(2):
        scan.runner.skip_host(0)
        assert scan.runner.publish().skipped == {0}
        scan.runner.rescan_host(0)
    scan.runner.skip_host(0)
    scan.run()
    assert not scan.network.log


def test_hosts_that_do_not_exist_change_nothing() -> None:
    scan = SimulatedScan(PLAIN)
    for host in (-1, 1, 1 << 30):
        scan.runner.rescan_host(host)
        scan.runner.skip_host(host)
    scan.run().assert_settled()
    assert len(scan.rows()) == 20


def test_skipping_a_host_during_a_rescan_keeps_what_is_known() -> None:
    scan = SimulatedScan(PLAIN).run()
    scan.runner.rescan_all()
    scan.turn()
    assert all(row.stale for row in scan.rows().values())
    scan.runner.skip_host(0)
    scan.run().assert_settled()
    assert not any(row.stale for row in scan.rows().values())
    assert scan.rows()[0, 0, 5].state is PortState.OPEN


def test_one_port_of_a_skipped_host_takes_the_host_up_again() -> None:
    scan = SimulatedScan(PLAIN)
    scan.runner.skip_host(0)
    scan.runner.rescan(np.array([cell_key(0, 0, 5)]))
    assert not scan.runner.publish().skipped
    scan.run().assert_settled()
    assert len(scan.rows()) == 20


def test_other_scan_types_leave_a_skipped_host_alone() -> None:
    scan = SimulatedScan(PLAIN, "10.0.0.1-2").run()
    scan.runner.skip_host(0)
    sent = len(scan.network.log)
    scan.runner.set_scan_types((ScanType.CONNECT,), redo_decided=True)
    scan.run().assert_settled()
    assert {cell[0] for _, cell, *_ in scan.network.log[sent:]} == {1}


def udp(timing: TimingTemplate) -> SimulatedScan:
    return SimulatedScan(HOST + LATE, "10.0.0.4-6", "1-60", types=(ScanType.UDP,), timing=timing)


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

"""Commands in the middle of a scan, on a virtual clock: the counts stay right and the scan ends."""

from __future__ import annotations

import numpy as np
import pytest

from engine.results.cell import cell_key
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan, ports, targets

PLAIN = '[[host]]\naddress="10.0.0.0/24"\ndelay=0.02\n[host.tcp]\nopen="5"\n[host.udp]\nopen="7"\n'
SILENT = '[[host]]\naddress="10.0.0.0/24"\n[host.tcp]\ndefault="filtered"\n'
SLOW = TEMPLATES[4].with_bounds(max_rate=20.0)


def test_a_key_given_twice_is_probed_once() -> None:
    scan = SimulatedScan(PLAIN).run()
    before = scan.network.copies()
    key = cell_key(0, 0, 5)
    scan.runner.rescan(np.array([key, key, cell_key(9, 0, 5), cell_key(0, 0, 999), -1]))
    scan.run().assert_settled()
    assert scan.network.copies() - before == {(0, 0, 5): 1}


def test_an_unsent_rescan_keeps_the_time_of_the_answer() -> None:
    scan = SimulatedScan(PLAIN).run()
    times = {cell: row.time for cell, row in scan.rows().items()}
    scan.runner.pause()
    scan.runner.rescan_all()
    scan.runner.skip_host(0)
    assert {cell: row.time for cell, row in scan.rows().items()} == times


def test_a_stale_row_never_shows_the_probe_clock_as_its_time() -> None:
    scan = SimulatedScan(PLAIN).run()
    end = scan.runner.elapsed
    while scan.network.now() < 30.0:
        scan.network.receive(30.0)
    scan.runner.rescan_all()
    scan.turn()
    scan.runner.skip_host(0)
    assert all(row.time <= end for row in scan.rows().values())


def test_an_answer_during_a_pause_counts_and_nothing_is_sent() -> None:
    scan = SimulatedScan(PLAIN, which="1-300", timing=SLOW)
    while len(scan.network.log) < 3:
        scan.turn()
    scan.runner.pause()
    sent, answered = len(scan.network.log), scan.progress.answered
    for _ in range(200):
        scan.turn()
    assert len(scan.network.log) == sent
    assert answered < scan.progress.answered == sent
    assert scan.runner.phase is Phase.PAUSED
    scan.runner.resume()
    scan.run().assert_settled()


def test_other_timing_holds_at_once() -> None:
    scan = SimulatedScan(SILENT, which="1-300", timing=TEMPLATES[5])
    scan.turn()
    sent, began = len(scan.network.log), scan.network.now()
    assert 0 < sent < 300
    scan.runner.set_timing(TEMPLATES[2])
    while scan.network.now() < began + 4.0:
        scan.turn()
    assert len(scan.network.log) - sent <= 4.0 / TEMPLATES[2].scan_delay + 1
    scan.runner.set_timing(TEMPLATES[5])
    scan.run().assert_settled()


def test_from_syn_to_connect_every_result_keeps_its_technique() -> None:
    scan = SimulatedScan(PLAIN, which="1-100", timing=SLOW)
    while scan.progress.decided < 30:
        scan.turn()
    scan.runner.set_scan_types((ScanType.CONNECT,), redo_decided=False)
    scan.runner.set_timing(TEMPLATES[4])
    scan.run().assert_settled()
    rows = scan.rows().values()
    kinds = {row.technique for row in rows}
    assert kinds == {ScanType.SYN, ScanType.CONNECT} and len(rows) == 100
    reasons = {ScanType.SYN: Reason.RESET, ScanType.CONNECT: Reason.CONN_REFUSED}
    assert all(row.reason in (reasons[row.technique], Reason.SYN_ACK) for row in rows)


def test_redo_decided_probes_everything_again() -> None:
    scan = SimulatedScan(PLAIN, which="1-100").run()
    scan.runner.set_scan_types((ScanType.CONNECT,), redo_decided=True)
    scan.run().assert_settled()
    assert {row.technique for row in scan.rows().values()} == {ScanType.CONNECT}


@pytest.mark.parametrize("turns", [0, 1, 5, 40])
def test_to_udp_and_back(turns: int) -> None:
    scan = SimulatedScan(PLAIN, which="1-100", timing=SLOW)
    for _ in range(turns):
        scan.turn()
    scan.runner.set_scan_types((ScanType.UDP,), redo_decided=False)
    for _ in range(turns):
        scan.turn()
    scan.runner.set_scan_types((ScanType.SYN,), redo_decided=False)
    scan.runner.set_timing(TEMPLATES[4])
    scan.run()
    assert scan.progress.in_flight == 0 and scan.progress.decided == scan.progress.total
    tcp = [cell for cell in scan.rows() if cell[1] == Protocol.TCP]
    assert len(tcp) == 100
    scan.runner.set_scan_types((ScanType.SYN, ScanType.UDP), redo_decided=False)
    scan.run().assert_settled()
    assert len(scan.rows()) == 200


def test_added_targets_and_ports_are_scanned() -> None:
    scan = SimulatedScan(PLAIN, "10.0.0.1", "1-10", types=(ScanType.SYN, ScanType.UDP))
    scan.turn()
    scan.runner.add_targets(targets("10.0.0.1-3"))
    scan.runner.add_ports(ports("5-20", Protocol.TCP, Protocol.UDP))
    scan.run().assert_settled()
    assert len(scan.rows()) == 3 * 20 * 2
    assert all(count == 1 for count in scan.network.copies().values())
    scan.runner.add_targets(targets("10.0.0.2"))
    assert scan.runner.phase is Phase.FINISHED
    scan.runner.add_ports(ports("1-3"))
    assert scan.runner.phase is Phase.FINISHED


def test_targets_that_do_not_fit_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = SimulatedScan(PLAIN, "10.0.0.1", "1-100").run()
    monkeypatch.setattr("engine.results.store.MAX_CELLS", 300)
    with pytest.raises(ValueError, match="more than the 300"):
        scan.runner.add_targets(targets("10.0.0.2-9"))
    assert scan.runner.phase is Phase.FINISHED
    assert scan.runner.book.count == 1
    scan.runner.add_targets(targets("10.0.0.2"))
    scan.run().assert_settled()
    assert len(scan.rows()) == 200


def test_ports_that_do_not_fit_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = SimulatedScan(PLAIN, "10.0.0.1", "1-100").run()
    monkeypatch.setattr("engine.results.store.MAX_CELLS", 300)
    with pytest.raises(ValueError, match="more than the 300"):
        scan.runner.add_ports(ports("1-400"))
    assert scan.runner.phase is Phase.FINISHED
    scan.runner.add_ports(ports("101-110"))
    scan.run().assert_settled()
    assert len(scan.rows()) == 110


def test_rescan_after_cancel_and_after_the_end() -> None:
    scan = SimulatedScan(PLAIN).run()
    scan.runner.rescan_all()
    assert scan.runner.phase is Phase.RUNNING
    scan.run().assert_settled()
    scan.runner.rescan_all()
    scan.turn()
    scan.runner.cancel()
    assert scan.runner.phase is Phase.CANCELLED
    scan.runner.rescan_all()
    scan.run().assert_settled()


def test_a_port_decided_twice_in_one_round_is_reported_once() -> None:
    """Silence is believed, and in the same round the late answer comes."""
    toml = '[[host]]\naddress = "10.0.0.1"\nloss = 0.1\n[host.tcp]\ndefault = "open"\n'
    for seed in range(5):
        scan = SimulatedScan(f"seed = {seed}\n{toml}", which="1-65", timing=TEMPLATES[5], seed=seed)
        scan.run()
        opened = [row.key for row in scan.decided if row.state is PortState.OPEN]
        assert len(opened) == len(set(opened))

"""TCP types whose probe has no SYN, in whole scans: switches, late answers, and when they end."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from engine.core.batch import REPLY
from engine.core.patience import LINGER
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import RST, AnswerKind, answer_code
from tests.engine.core.simulated_scan import SimulatedScan, ports

FLAG_TYPES = [one for one in ScanType if one.protocol is Protocol.TCP and one.value > ScanType.UDP]
PLAIN = '[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\n[host.tcp]\nopen = "10-20"\n'
DROPPING = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\ndefault = "filtered"\n'


@pytest.mark.parametrize("scan_type", FLAG_TYPES)
def test_a_live_switch_leaves_each_port_with_the_type_that_decided_it(scan_type: ScanType) -> None:
    scan = SimulatedScan(PLAIN, which="1-3000")
    while scan.progress.decided < 30:
        scan.turn()
    scan.runner.set_scan_types((scan_type,), redo_decided=False)
    scan.run().assert_settled()
    rows = scan.rows().values()
    assert {row.technique for row in rows} == {ScanType.SYN, scan_type}
    assert all(row.state is PortState.CLOSED for row in rows
               if row.technique is ScanType.SYN and row.port not in range(10, 21))  # fmt: skip


def silent(scan_type: ScanType) -> SimulatedScan:
    """A scan of one port that has just given it up as silent."""
    scan = SimulatedScan(DROPPING, which="80", types=(scan_type,))
    while not scan.decided:
        scan.turn()
    return scan


def state_after_late_reset(scan: SimulatedScan, answered: ScanType) -> PortState:
    """The state when a reset that answers a probe of type ``answered`` comes in, while the scan
    goes on with another port."""
    scan.runner.add_ports(ports("81"))
    reply = np.zeros(1, REPLY)
    reply["port"], reply["technique"] = 80, answered
    reply["answer"] = answer_code(AnswerKind.TCP, RST)
    reply["time"] = scan.network.now()
    heapq.heappush(scan.network._arrivals, (scan.network.now(), -1, reply))
    scan.run().assert_settled()
    return scan.rows()[0, 0, 80].state


def test_a_late_reset_decides_a_port_its_own_ack_scan_gave_up() -> None:
    assert state_after_late_reset(silent(ScanType.ACK), ScanType.ACK) is PortState.UNFILTERED


def test_a_late_unfiltered_does_not_hide_the_silence_of_the_type_switched_to() -> None:
    scan = silent(ScanType.SYN)
    assert state_after_late_reset(scan, ScanType.ACK) is PortState.FILTERED
    assert scan.rows()[0, 0, 80].technique is ScanType.SYN


def test_a_late_closed_replaces_open_or_filtered() -> None:
    assert state_after_late_reset(silent(ScanType.FIN), ScanType.FIN) is PortState.CLOSED


@pytest.mark.parametrize("scan_type", FLAG_TYPES)
def test_no_syn_ack_is_waited_for(scan_type: ScanType) -> None:
    scan = SimulatedScan(DROPPING, which="80", types=(scan_type,)).run()
    last = max(time for time, *_ in scan.network.log)
    settled = SimulatedScan(DROPPING, which="80").run()
    assert settled.runner.elapsed - scan.runner.elapsed > LINGER / 2
    assert scan.runner.elapsed < last + LINGER

"""Some ports probed again with another scan type, the others of the scan as before."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.assignment import Assignment
from engine.results.cell import cell_key
from engine.results.layers import EarlierResult
from engine.results.snapshot import Phase
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from tests.engine.core.simulated_scan import SimulatedScan

NETWORK = '[[host]]\naddress="10.0.0.0/24"\n[host.tcp]\nopen="5"\nfiltered="7-9"\n'
BOTH = (ScanType.SYN, ScanType.UDP)


def keys(*ports: int, host: int = 0, protocol: int = 0) -> np.ndarray:
    return np.array([cell_key(host, protocol, port) for port in ports], np.int64)


def techniques(scan: SimulatedScan) -> dict[int, ScanType | None]:
    return {port: row.technique for (_, _, port), row in scan.rows().items()}


def said(scan: SimulatedScan) -> str:
    return scan.log.lines()[-1].text


def test_only_these_ports_and_both_results_are_kept() -> None:
    scan = SimulatedScan(NETWORK, which="1-10").run()
    scan.runner.rescan(keys(5, 6), ScanType.ACK)
    assert "probing 2 ports again with -sA TCP ACK; 2 ports left" in said(scan)
    scan.run().assert_settled()
    kinds = techniques(scan)
    assert {port for port, kind in kinds.items() if kind is ScanType.ACK} == {5, 6}
    assert scan.rows()[0, 0, 5].state is PortState.UNFILTERED
    earlier = scan.runner.publish().earlier(cell_key(0, 0, 5))
    assert earlier == (EarlierResult(ScanType.SYN, PortState.OPEN, Reason.SYN_ACK),)


def test_the_scans_own_type_comes_back_with_a_plain_rescan() -> None:
    scan = SimulatedScan(NETWORK, which="1-10").run()
    scan.runner.rescan(keys(5), ScanType.FIN)
    assert scan.run().rows()[0, 0, 5].state is PortState.OPEN_FILTERED
    scan.runner.rescan(keys(5))
    scan.run().assert_settled()
    row = scan.rows()[0, 0, 5]
    assert (row.state, row.technique) == (PortState.OPEN, ScanType.SYN)


def test_silence_is_the_assigned_types_own() -> None:
    toml = NETWORK.replace("[host.tcp]", "loss=0.2\n[host.tcp]", 1)
    scan = SimulatedScan(toml, which="1-200").run()
    scan.runner.rescan(keys(*range(1, 20)), ScanType.FIN)
    scan.run().assert_settled()
    rows = scan.rows()
    for port in (5, 7, 8, 9):
        assert rows[0, 0, port].state is PortState.OPEN_FILTERED
        assert rows[0, 0, port].technique is ScanType.FIN
    assert rows[0, 0, 30].technique is ScanType.SYN


def test_another_type_for_ports_under_way() -> None:
    scan = SimulatedScan(NETWORK, which="1-10")
    scan.runner.rescan(keys(*range(1, 11)), ScanType.CONNECT)
    scan.run().assert_settled()
    assert set(techniques(scan).values()) == {ScanType.CONNECT}


def test_a_new_scan_type_for_all_ends_every_exception() -> None:
    scan = SimulatedScan(NETWORK, which="1-10").run()
    scan.runner.rescan(keys(5, 6), ScanType.ACK)
    scan.runner.set_scan_types((ScanType.CONNECT,), False)
    scan.run().assert_settled()
    assert techniques(scan)[5] is ScanType.CONNECT and techniques(scan)[1] is ScanType.SYN


def test_all_filtered_and_all_of_a_host() -> None:
    scan = SimulatedScan(NETWORK, "10.0.0.1-2", "1-10").run()
    scan.runner.rescan_states(frozenset({PortState.FILTERED}), ScanType.ACK)
    scan.run().assert_settled()
    by_ack = {cell for cell, row in scan.rows().items() if row.technique is ScanType.ACK}
    assert by_ack == {(host, 0, port) for host in (0, 1) for port in (7, 8, 9)}
    scan.runner.rescan_states(frozenset(PortState), ScanType.CONNECT, 1)
    scan.run().assert_settled()
    by_connect = {cell for cell, row in scan.rows().items() if row.technique is ScanType.CONNECT}
    assert by_connect == {(1, 0, port) for port in range(1, 11)}
    for host in (-1, 9):
        scan.runner.rescan_states(frozenset(PortState), None, host)
    assert scan.run().runner.phase is Phase.FINISHED


def test_what_is_undecided_is_taken_up_again() -> None:
    scan = SimulatedScan(NETWORK, "10.0.0.1-2", "1-10")
    scan.runner.skip_host(1)
    scan.run()
    assert {host for host, _, _ in scan.rows()} == {0}
    scan.runner.rescan_states(frozenset({PortState.PENDING}), ScanType.CONNECT)
    scan.run().assert_settled()
    kinds = {(host, row.technique) for (host, _, _), row in scan.rows().items()}
    assert kinds == {(0, ScanType.SYN), (1, ScanType.CONNECT)}


def test_a_type_of_another_protocol_is_refused_and_others_ports_are_left_alone() -> None:
    scan = SimulatedScan(NETWORK, which="1-10").run()
    with pytest.raises(SpecError, match="probes UDP ports, and this scan has none"):
        scan.runner.rescan(keys(5), ScanType.UDP)
    both = SimulatedScan(NETWORK, which="1-10", types=BOTH).run()
    both.runner.rescan(np.concatenate([keys(5), keys(5, protocol=int(Protocol.UDP))]), ScanType.ACK)
    both.run()
    assert both.rows()[0, 0, 5].technique is ScanType.ACK
    assert both.rows()[0, int(Protocol.UDP), 5].technique is ScanType.UDP


def test_techniques_of_cells() -> None:
    hosts, channels = np.array([0, 0, 1], np.uint32), np.array([80, 1 << 16 | 80, 80], np.uint32)
    one = Assignment(BOTH)
    assert one.of(hosts, channels).tolist() == [ScanType.SYN, ScanType.UDP, ScanType.SYN]
    one.assign(hosts[2:], channels[2:], ScanType.FIN)
    one.assign(hosts[:1], channels[:1], ScanType.ACK)
    assert one.of(hosts, channels).tolist() == [ScanType.ACK, ScanType.UDP, ScanType.FIN]
    assert one.scan_types == {ScanType.SYN, ScanType.UDP, ScanType.ACK, ScanType.FIN}
    one.assign(hosts, channels, None)
    assert one.of(hosts, channels).tolist() == [ScanType.SYN, ScanType.UDP, ScanType.SYN]
    assert one.scan_types == set(BOTH)

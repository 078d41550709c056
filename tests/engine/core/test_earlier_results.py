"""Switching the scan type and probing everything again keeps what the first type found."""

from __future__ import annotations

from engine.results.cell import cell_key
from engine.results.layers import EarlierResult
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from engine.transport.scenario import load_scenario
from tests.engine.core.simulated_scan import SimulatedScan, ports

NETWORK = '[[host]]\naddress="10.0.0.1"\n[host.tcp]\nopen="5"\nfiltered="7"\n'


RATIONED = '[[host]]\naddress="10.0.0.1"\ndelay=0.02\nicmp_rate=20\n[host.udp]\nopen="5"\n'


def changes(scan: SimulatedScan) -> int:
    return sum(row.was is not None for row in scan.rows().values())


def earlier(scan: SimulatedScan, port: int) -> tuple[EarlierResult, ...]:
    return scan.runner.publish().earlier(cell_key(0, 0, port))


def test_both_results_are_kept() -> None:
    scan = SimulatedScan(NETWORK, which="1-10").run()
    before = scan.runner.publish()
    scan.runner.set_scan_types((ScanType.ACK,), True)
    assert earlier(scan, 5) == ()
    scan.run().assert_settled()
    expected = {
        5: (PortState.OPEN, Reason.SYN_ACK),
        6: (PortState.CLOSED, Reason.RESET),
        7: (PortState.FILTERED, Reason.NO_RESPONSE),
    }
    for port, found in expected.items():
        assert earlier(scan, port) == (EarlierResult(ScanType.SYN, *found),)
        assert before.earlier(cell_key(0, 0, port)) == ()
    assert scan.rows()[0, 0, 5].state is PortState.UNFILTERED


def test_asking_silent_ports_again_keeps_nothing() -> None:
    toml = '[[host]]\naddress="10.0.0.1"\nloss=0.2\n[host.tcp]\nopen="5"\nfiltered="7-9"\n'
    scan = SimulatedScan(toml, which="1-200").run()
    scan.runner.rescan_all()
    scan.run().assert_settled()
    assert all(earlier(scan, port) == () for port in range(1, 201))


def told(scan: SimulatedScan) -> list[str]:
    """What the log says of changes."""
    lines = [line.text for line in scan.log.lines(0, 1)]
    return [line.partition("; ")[2] or line for line in lines if "changed" in line]


def test_a_port_that_was_called_silent_too_soon_has_not_changed() -> None:
    scan = SimulatedScan(RATIONED, which="1-200", types=(ScanType.UDP,), timing=TEMPLATES[4])
    scan.run(2_000_000).assert_settled()
    again = sum(copies > 1 for copies in scan.network.copies().values())
    assert again > 100 and changes(scan) == 0 and told(scan) == []
    scan.runner.rescan_all()
    scan.run(2_000_000).assert_settled()
    assert changes(scan) == 0 and told(scan) == ["0 ports changed"]


def test_the_log_tells_of_every_port_that_has_changed() -> None:
    scan = SimulatedScan(NETWORK, which="1-10").run()
    other = NETWORK.replace('open="5"', 'open="6"').replace('filtered="7"', 'filtered="8"')
    scan.network._scenario = load_scenario(other)
    scan.runner.rescan_all()
    scan.run().assert_settled()
    counted, *named = sorted(told(scan))
    assert counted == "4 ports changed"
    assert [line.split()[1] for line in named] == ["5/tcp", "6/tcp", "7/tcp", "8/tcp"]
    scan.runner.add_ports(ports("20-30"))
    scan.run().assert_settled()
    assert len(told(scan)) == 5

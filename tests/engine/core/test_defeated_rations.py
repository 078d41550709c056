"""Rations the user does not wait for."""

from __future__ import annotations

from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from tests.engine.core.simulated_scan import SimulatedScan, ports, targets

HOST = '[[host]]\naddress = "10.0.0.1-9"\ndelay = 0.02\n'
LATE = '[[host]]\naddress = "10.0.0.5"\ndelay = 0.02\nicmp_rate = 1\n'


def udp(timing: TimingTemplate) -> SimulatedScan:
    return SimulatedScan(HOST + LATE, "10.0.0.4-6", "1-60", types=(ScanType.UDP,), timing=timing)


def test_who_defeats_a_ration_does_not_wait_for_it() -> None:
    spec = ScanSpec(targets("10.0.0.1"), ports("1"), defeat_icmp_ration=True)
    assert spec.defeated == {Protocol.UDP}
    scan = udp(TEMPLATES[4])
    assert scan.run().network.now() > 30
    scan = SimulatedScan(
        HOST + LATE,
        "10.0.0.4-6",
        "1-60",
        types=(ScanType.UDP,),
        defeat=frozenset({Protocol.UDP}),
    ).run()
    assert scan.network.now() < 3
    slow = [row.state.label for (host, _, _), row in scan.rows().items() if host == 1]
    assert set(slow) == {"closed", "closed|filtered"}

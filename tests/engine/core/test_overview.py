"""What is said of a scan under way."""

from __future__ import annotations

import pytest

from engine.core.following import Following, Times
from engine.core.lanes import rate_text
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from tests.engine.core.simulated_scan import SimulatedScan

TIMES = Times(lag=0.02, silence=0.2, changed_at=0.0, grown_at=0.0)
HOST = '[[host]]\naddress = "10.0.0.1-9"\ndelay = 0.02\n'
LATE = '[[host]]\naddress = "10.0.0.5"\ndelay = 0.02\nicmp_rate = 1\n'


def udp(timing: TimingTemplate) -> SimulatedScan:
    return SimulatedScan(HOST + LATE, "10.0.0.4-6", "1-60", types=(ScanType.UDP,), timing=timing)


def test_what_limits_the_scan_is_said_with_the_hosts_name() -> None:
    scan = udp(TEMPLATES[4])
    while scan.network.now() < 20:
        scan.turn()
    assert scan.progress.limit.startswith("10.0.0.5 rations ICMP errors at 0.9")
    remaining = scan.progress.remaining
    scan.run()
    assert remaining is not None
    assert remaining == pytest.approx(scan.network.now() - 20, rel=0.25)


@pytest.mark.parametrize(
    ("rate", "text"), [(0.954, "0.954/s"), (93.44, "93.4/s"), (169.2, "169/s"), (4021.0, "4,021/s")]
)
def test_a_rate_is_written_without_powers_of_ten(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_once_all_ports_were_asked_it_counts_the_copies_of_those_left() -> None:
    host = '[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\nloss = 0.3\n'
    scan = SimulatedScan(host, which="1-3000", timing=TEMPLATES[4])
    core, nothing = scan.runner._core, Following().measured(0.0, TIMES, steady=False)
    seen = set()
    for _ in range(40_000):
        if scan.runner.phase.over:
            break
        scan.turn()
        outlook = core.outlook(scan.network.now(), 0, nothing)
        assert sum(outlook.tried) in (0, core.open_cells)
        assert not (outlook.tried and outlook.unasked)
        seen.add(len(outlook.tried))
    assert max(seen) > 4

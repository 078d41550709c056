"""When a scan is over: how long it listens on, and where it need not."""

from __future__ import annotations

import pytest

from engine.core.patience import LINGER
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

FAST = '[[host]]\naddress = "10.0.0.1-8"\ndelay = 0.01\n[host.tcp]\n'


def one_port(delay: float, behaviour: str = "open") -> SimulatedScan:
    toml = f'[[host]]\naddress = "10.0.0.1"\ndelay = {delay}\n[host.tcp]\ndefault = "{behaviour}"\n'
    return SimulatedScan(toml, which="80", timing=TEMPLATES[4])


def test_the_scan_listens_on_after_the_last_probe_of_a_silent_port() -> None:
    scan = one_port(0.0, "filtered").run()
    last = max(time for time, *_ in scan.network.log)
    assert scan.runner.elapsed == pytest.approx(last + LINGER, abs=0.06)


def test_a_scan_whose_ports_all_answered_ends_at_once() -> None:
    scan = one_port(0.01).run()
    assert scan.runner.elapsed == pytest.approx(0.01, abs=0.06)


def test_a_host_slower_than_its_neighbours_timeouts_is_waited_for() -> None:
    slow = '[[host]]\naddress = "10.0.0.9"\ndelay = 0.6\n[host.tcp]\n'
    scan = SimulatedScan(FAST + slow, "10.0.0.1-9", "1-300").run()
    scan.assert_settled()
    assert {row.state for row in scan.rows().values()} == {PortState.CLOSED}


def test_nobody_listens_for_late_answers_once_all_have_answered() -> None:
    """The last silent port of this scan answers a question that is asked slowly, after the rest was
    over but for listening."""
    toml = (
        '[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\nloss = 0.05\nqueue = 60\nrate = 4000\n'
        '[host.tcp]\nopen = "100-200"\n'
    )
    scan = SimulatedScan(toml, which="1-3000", timing=TEMPLATES[4], seed=8).run()
    assert not any(row.reason is Reason.NO_RESPONSE for row in scan.rows().values())
    last = max(time for time, *_ in scan.network.log)
    assert scan.runner.elapsed - last < LINGER / 2

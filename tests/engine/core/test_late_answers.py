"""Answers that come later than expected: to earlier copies, after the last timeout, twice."""

from __future__ import annotations

import pytest

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan


def one_port(delay: float, behaviour: str = "open") -> SimulatedScan:
    toml = f'[[host]]\naddress = "10.0.0.1"\ndelay = {delay}\n[host.tcp]\ndefault = "{behaviour}"\n'
    return SimulatedScan(toml, which="80", timing=TEMPLATES[4])


def test_an_answer_to_an_earlier_copy_counts_its_whole_way() -> None:
    """The second copy leaves after 0.5 s; the answer after 0.7 s is the first one's."""
    scan = one_port(0.7).run()
    row = scan.rows()[0, 0, 80]
    assert row.tries == 2
    assert row.rtt == pytest.approx(0.7, abs=0.06)
    assert scan.progress.rtt_median == pytest.approx(0.7, abs=0.06)


def test_an_answer_after_the_verdict_of_silence_still_counts() -> None:
    scan = one_port(1.4).run()
    assert [row.state for row in scan.decided] == [PortState.FILTERED, PortState.OPEN]
    assert scan.rows()[0, 0, 80].reason is Reason.SYN_ACK
    scan.assert_settled()


FAST = '[[host]]\naddress = "10.0.0.1-8"\ndelay = 0.01\n[host.tcp]\n'


def test_a_burst_of_answers_to_earlier_copies_does_not_drive_the_timeout_up() -> None:
    slow = '[[host]]\naddress = "10.0.0.9"\ndelay = 0.18\njitter = 0.02\nloss = 0.03\n[host.tcp]\n'
    scan = SimulatedScan(FAST + slow, "10.0.0.1-9", "1-1000")
    longest = 0.0
    while not scan.runner.phase.over:
        scan.turn()
        longest = max(longest, scan.progress.rtt_p95 or 0.0)
    scan.assert_settled()
    assert longest < 1.0

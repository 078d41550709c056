"""Probes whose time is up: how long each copy has, and how many there are."""

from __future__ import annotations

import pytest

from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

SILENT = '[[host]]\naddress="10.0.0.0/24"\n[host.tcp]\ndefault="filtered"\n'


def test_rescan_at_once_gives_each_copy_its_whole_time() -> None:
    """The first copy's time must not run for the second: both are copy 0 of their pass."""
    scan = SimulatedScan(SILENT, which="1", timing=TEMPLATES[3])
    scan.turn()
    while scan.network.now() < 0.6:
        scan.turn()
    scan.runner.skip_host(0)
    scan.runner.rescan_host(0)
    scan.run().assert_settled()
    times = [time for time, *_ in scan.network.log]
    assert times[2] - times[1] == pytest.approx(TEMPLATES[3].initial_timeout, abs=0.06)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_plain_pass_sends_no_more_copies_than_allowed(retries: int) -> None:
    toml = '[[host]]\naddress = "10.0.0.1"\ndelay = 0.01\n[host.tcp]\ndefault = "filtered"\n'
    scan = SimulatedScan(toml, timing=TEMPLATES[4].with_bounds(max_retries=retries)).run()
    assert set(scan.network.copies().values()) == {min(retries + 1, 2)}
    assert {row.tries for row in scan.rows().values()} == {min(retries + 1, 2)}

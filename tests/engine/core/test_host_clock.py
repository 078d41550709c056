"""How long each host has been scanned, pauses left out."""

from __future__ import annotations

import numpy as np

from engine.core.host_clock import HostClock


def test_time_does_not_run_while_the_scan_is_paused() -> None:
    clock = HostClock(3)
    clock.begin(1.0, np.array([2, 0, 2], np.uint32))
    clock.begin(2.0, np.array([2, 1], np.uint32))
    clock.stop(3.0)
    clock.stop(50.0)
    clock.go(103.0)
    assert clock.next_over(5.0) == 106.0
    assert clock.over(105.0, 5.0).tolist() == []
    assert clock.over(106.5, 5.0).tolist() == [0, 2]
    assert clock.over(107.0, 5.0).tolist() == [1]
    assert clock.next_over(5.0) == float("inf")

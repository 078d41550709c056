"""Rates over the last second."""

from __future__ import annotations

import pytest

from engine.core.meter import Meter


def test_rates_of_the_last_second() -> None:
    meter = Meter()
    assert meter.rates(0.0, 0, 0, 0) == (0.0, 0.0, 0.0)
    for step in range(101):
        now = step * 0.05
        meter.note(now, int(now * 1000), int(now * 500), int(now * 100))
    assert meter.rates(5.0, 5000, 2500, 500) == pytest.approx((1000, 500, 100), rel=0.02)
    for step in range(101, 141):
        meter.note(step * 0.05, 5000, 2500, 500)
    assert meter.rates(7.0, 5000, 2500, 500) == (0.0, 0.0, 0.0)


def test_totals_that_shrink_in_a_rescan_are_no_negative_rate() -> None:
    meter = Meter()
    meter.note(0.0, 10, 10, 10)
    assert meter.rates(1.0, 20, 10, 0) == (10.0, 0.0, 0.0)

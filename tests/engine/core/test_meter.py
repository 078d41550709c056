"""Rates over the last second, and the time the rest will take."""

from __future__ import annotations

import pytest

from engine.core.meter import Meter, expected_remaining


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


def test_the_expected_rest() -> None:
    assert expected_remaining(0, 0, 100.0, 0.0, 2, 1.0) == 0.0
    # 1,000 ports at 100/s, then the last answer's timeout.
    assert expected_remaining(1_000, 1_000, 100.0, 0.0, 2, 1.0) == pytest.approx(11.0)
    # All silent: each is asked twice, and the last of them waits twice.
    assert expected_remaining(1_000, 1_000, 100.0, 1.0, 2, 1.0) == pytest.approx(22.0)
    assert expected_remaining(1, 1, 0.0, 0.0, 1, 1.0) > 0

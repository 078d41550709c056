"""Round-trip times against RFC 6298, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.rtt import RttEstimator
from engine.spec.timing import TEMPLATES

FREE = TEMPLATES[3].with_bounds(min_timeout=0.0001, max_timeout=1000.0)


def sample(rtt: RttEstimator, *values: float, host: int = 0) -> None:
    rtt.sample(np.full(len(values), host, np.uint32), np.array(values, np.float64))


def timeout(rtt: RttEstimator, host: int = 0, timing: object = FREE) -> float:
    return float(rtt.timeouts(np.array([host], np.uint32), timing)[0])  # type: ignore[arg-type]


def smoothed(rtt: RttEstimator, host: int) -> float:
    """The estimate of one host, which a picture made now has too."""
    (now,) = rtt.smoothed[np.array([host], np.uint32)].tolist()
    assert rtt.frozen()[host] == now or np.isnan(now)
    return float(now)


@pytest.mark.parametrize("hosts", [1, 2])
def test_first_sample(hosts: int) -> None:
    """RFC 6298 (2.2): SRTT = R, RTTVAR = R / 2, RTO = SRTT + 4 RTTVAR."""
    rtt = RttEstimator(hosts)
    sample(rtt, 0.2)
    assert smoothed(rtt, 0) == pytest.approx(0.2)
    assert timeout(rtt) == pytest.approx(0.2 + 4 * 0.1)


@pytest.mark.parametrize("hosts", [1, 2])
def test_later_samples(hosts: int) -> None:
    """RFC 6298 (2.3): RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R'|, then SRTT = 7/8 SRTT + 1/8 R'."""
    rtt = RttEstimator(hosts)
    sample(rtt, 0.2)
    sample(rtt, 0.4)
    assert smoothed(rtt, 0) == pytest.approx(0.225)
    assert timeout(rtt) == pytest.approx(0.225 + 4 * (0.75 * 0.1 + 0.25 * 0.2))
    sample(rtt, 0.1)
    assert smoothed(rtt, 0) == pytest.approx(0.225 * 7 / 8 + 0.1 / 8)
    variation = 0.75 * 0.125 + 0.25 * 0.125
    assert timeout(rtt) == pytest.approx(0.225 * 7 / 8 + 0.1 / 8 + 4 * variation)


def test_answers_that_arrive_together_are_one_sample() -> None:
    rtt = RttEstimator(2)
    sample(rtt, 0.1, 0.2, 0.3, host=1)
    assert smoothed(rtt, 1) == pytest.approx(0.2)
    assert np.isnan(smoothed(rtt, 0))


def test_hosts_are_kept_apart_and_strangers_borrow_from_the_group() -> None:
    rtt = RttEstimator(3)
    assert rtt.group is None and timeout(rtt, 2) == FREE.initial_timeout
    sample(rtt, 0.1, host=0)
    sample(rtt, 0.9, host=1)
    assert rtt.smoothed[np.arange(2)].tolist() == pytest.approx([0.1, 0.9])
    assert rtt.group == pytest.approx(0.1 + 0.8 / 8)
    assert timeout(rtt, 2) == pytest.approx(0.2 + 4 * (0.05 * 0.75 + 0.8 / 4))
    assert timeout(rtt, 0) == pytest.approx(0.3)


def test_templates_bound_the_timeout() -> None:
    rtt = RttEstimator(2)
    sample(rtt, 0.0001, host=0)
    sample(rtt, 60.0, host=1)
    for template in TEMPLATES:
        assert timeout(rtt, 0, template) == pytest.approx(template.min_timeout, rel=0.3)
        assert timeout(rtt, 0, template) >= template.min_timeout
        if template.max_timeout < 180:
            assert timeout(rtt, 1, template) == template.max_timeout


def test_the_timeout_never_gets_closer_to_the_rtt_than_a_scheduler_can_tell() -> None:
    rtt = RttEstimator(1)
    for _ in range(100):
        sample(rtt, 0.05)
    assert timeout(rtt) == pytest.approx(0.05 + 4 * 0.005, rel=1e-3)


def test_percentiles_of_the_last_answers() -> None:
    rtt = RttEstimator(1)
    assert rtt.percentiles() is None
    sample(rtt, *np.full(2_000, 9.0))
    sample(rtt, *np.linspace(0.0, 1.0, 512))
    median, high = rtt.percentiles() or (0.0, 0.0)
    assert median == pytest.approx(0.5, abs=0.01) and high == pytest.approx(0.95, abs=0.01)


def test_growing_keeps_what_is_known() -> None:
    rtt = RttEstimator(2)
    sample(rtt, 0.2, host=1)
    rtt.grow(4)
    assert smoothed(rtt, 1) == pytest.approx(0.2) and len(rtt.frozen()) == 4
    sample(rtt, 0.3, host=3)
    assert smoothed(rtt, 3) == pytest.approx(0.3)


def test_no_answers_teach_nothing() -> None:
    rtt = RttEstimator(1)
    sample(rtt)
    assert rtt.group is None

"""How many probes may leave now."""

from __future__ import annotations

import pytest

from engine.core.bucket import Bucket


def test_probes_leave_at_the_rate_and_never_more_than_a_handful_at_once() -> None:
    bucket = Bucket(0.0)
    assert bucket.fill(0.0, 100.0, 5.0) == 1
    assert bucket.fill(0.02, 100.0, 5.0) == 3
    assert bucket.fill(9.0, 100.0, 5.0) == 5
    bucket.take(5)
    assert bucket.fill(9.0, 100.0, 5.0) == 0
    assert bucket.holds(2.0, 9.0, 100.0) == pytest.approx(9.02)


def test_a_debt_is_paid_before_others_leave() -> None:
    bucket = Bucket(0.0)
    bucket.take(11)
    assert bucket.fill(0.05, 100.0, 5.0) == 0
    assert bucket.holds(1.0, 0.05, 100.0) == pytest.approx(0.11)
    assert bucket.fill(0.112, 100.0, 5.0) == 1


def test_it_begins_with_the_first_fill_and_time_does_not_run_backwards() -> None:
    bucket = Bucket()
    assert not bucket.begun and bucket.holds(1.0, 70_000.0, 100.0) == 70_000.0
    assert bucket.fill(70_000.0, 100.0, 50.0) == 1 and bucket.begun
    assert bucket.fill(69_999.0, 100.0, 50.0) == 1
    assert bucket.fill(70_000.01, 100.0, 50.0) == 2


def test_a_smaller_handful_holds_at_once() -> None:
    bucket = Bucket(0.0)
    assert bucket.fill(1.0, 100.0, 50.0) == 50
    bucket.limit(3.0)
    assert bucket.fill(1.0, 100.0, 50.0) == 3


def test_what_did_not_count_is_given_back_up_to_a_handful() -> None:
    bucket = Bucket(0.0, level=0.0)
    assert bucket.fill(0.0, 100.0, 5.0) == 0
    bucket.give_back(3, 5.0)
    assert bucket.fill(0.0, 100.0, 5.0) == 3
    bucket.give_back(3, 5.0)
    assert bucket.fill(0.0, 100.0, 5.0) == 5

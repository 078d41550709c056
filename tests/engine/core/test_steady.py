"""A lane's fixed rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.steady import Steady
from engine.spec.timing import TEMPLATES


@given(st.floats(4.0, 20_000.0), st.integers(1, 400))
def test_probes_leave_at_the_rate_and_a_handful_at_once_at_most(rate: float, count: int) -> None:
    steady, now, sent = Steady(0.0, rate), 0.0, 0
    while sent < count:
        now = steady.next_allowed(now, count - sent)
        some = min(steady.allowance(now), count - sent)
        assert some <= max(1, rate * 0.004) + 1e-6
        steady.note_sent(some)
        sent += some
        assert sent <= rate * now + max(1.0, rate * 0.004) + 1e-3
    assert now <= count / rate + 1e-3


def test_another_rate_holds_from_the_moment_it_is_set() -> None:
    steady = Steady(0.0, 100.0)
    steady.note_sent(steady.allowance(0.0))
    steady.change(1.0, 10.0)
    assert (steady.rate, steady.changed_at) == (10.0, 1.0)
    steady.note_sent(steady.allowance(1.0))
    assert steady.next_allowed(1.0, 9) == pytest.approx(1.1)


def test_the_users_least_rate_goes_before_it() -> None:
    steady = Steady(0.0, 5.0)
    steady.set_timing(TEMPLATES[4].with_bounds(min_rate=300.0))
    assert steady.rate == 300.0

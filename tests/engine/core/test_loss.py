"""How much is lost, and how many copies a silent port deserves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.loss import LEAST_COPIES, MISS_TARGET, LossEstimate


def estimate(share: float) -> LossEstimate:
    loss = LossEstimate()
    loss.note(10_000, round(10_000 * share))
    return loss


def test_nothing_known_and_nothing_lost_take_two_copies() -> None:
    assert LossEstimate().share == 0.0
    assert LossEstimate().copies(10) == estimate(0.0).copies(10) == LEAST_COPIES


@pytest.mark.parametrize(("share", "copies"), [(0.0001, 2), (0.01, 3), (0.1, 6), (0.19, 9)])
def test_copies_follow_from_the_loss(share: float, copies: int) -> None:
    assert estimate(share).copies(20) == copies


@given(st.floats(0.001, 0.9), st.integers(0, 100))
def test_the_target_is_met_unless_the_cap_forbids(share: float, cap: int) -> None:
    loss = estimate(share)
    copies = loss.copies(cap)
    assert 1 <= copies <= cap + 1
    if copies < cap + 1:
        assert loss.share**copies <= MISS_TARGET * (1 + 1e-6)


def test_all_lost_is_bounded_by_the_cap() -> None:
    assert estimate(1.0).copies(10) == 11


def test_old_losses_fade() -> None:
    loss = LossEstimate(memory=100)
    loss.note(50, 50)
    loss.note(100, 0)
    assert loss.share == 0.0
    loss.note(10, 5)
    loss.reset()
    assert loss.share == 0.0 and loss.samples == 0

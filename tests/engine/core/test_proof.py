"""What questions that travel with other probes prove about silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.proof import Outcome, Proof, explains


def test_all_answered_is_proof_at_once() -> None:
    proof = Proof()
    proof.judge(Outcome(5_000, 14, 0))
    assert proof.holds and not proof.speed
    assert proof.rate == 5_000


def test_a_queue_is_known_by_what_it_lets_pass_at_a_lower_rate() -> None:
    proof = Proof()
    proof.judge(Outcome(5_000, 30, 24))
    assert not proof.holds and proof.rate < 2_000
    proof.judge(Outcome(proof.rate, 30, 0))
    assert proof.holds and proof.speed
    assert proof.valid == 1 and proof.loss == 0


def test_a_path_that_loses_as_much_when_slow_is_believed_and_asked_fast_again() -> None:
    proof = Proof()
    proof.judge(Outcome(5_000, 40, 8))
    proof.judge(Outcome(proof.rate, 40, 7))
    assert proof.holds and not proof.speed
    assert proof.loss == pytest.approx(15 / 80)
    assert proof.rate == 5_000


def test_a_queue_on_a_lossy_path_ends_with_the_loss_of_the_path() -> None:
    proof = Proof()
    proof.judge(Outcome(5_000, 40, 36))
    proof.judge(Outcome(1_500, 40, 20))
    assert proof.speed and not proof.holds
    for _ in range(3):
        proof.judge(Outcome(proof.rate, 40, 8))
    assert proof.holds and proof.speed
    assert proof.loss == pytest.approx(0.2)


def test_too_few_questions_prove_neither() -> None:
    proof = Proof()
    proof.judge(Outcome(5_000, 6, 1))
    proof.judge(Outcome(1_500, 6, 1))
    assert not proof.speed


def test_losses_of_ports_that_answered_count_when_questions_lose_none() -> None:
    proof = Proof(copies=Outcome(5_000, 100, 60))
    proof.judge(Outcome(5_000, 30, 0))
    assert proof.holds and proof.speed


def test_a_loss_shown_elsewhere_needs_no_slower_round() -> None:
    proof = Proof(loss=0.2)
    proof.judge(Outcome(5_000, 40, 8))
    assert proof.holds and proof.rate == 5_000


@given(st.floats(0.0, 0.9), st.integers(1, 60), st.integers(0, 60))
def test_more_missing_is_never_explained_better(loss: float, asked: int, missing: int) -> None:
    missing = min(missing, asked)
    worse = explains(loss, Outcome(1.0, asked, min(missing + 1, asked)))
    assert explains(loss, Outcome(1.0, asked, missing)) or not worse


@pytest.mark.parametrize("capacity", [150.0, 400.0, 2_000.0, 1e9])
@pytest.mark.parametrize("loss", [0.0, 0.02, 0.1, 0.2])
def test_it_ends_soon_at_a_rate_that_passes(loss: float, capacity: float) -> None:
    """A path that loses a share of the packets, and all beyond its capacity."""
    random, passing, rounds = np.random.default_rng(1), 0, 0
    for _ in range(100):
        proof, rate = Proof(), 5_000.0
        while not proof.holds:
            arrives = (1 - loss) * min(1.0, capacity / rate)
            proof.judge(Outcome(rate, 40, 40 - int(random.binomial(40, arrives))))
            rate = proof.rate
            rounds += 1
        passing += rate <= 2 * capacity
    assert passing >= 97
    assert rounds <= 800

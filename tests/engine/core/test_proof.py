"""What questions that travel with other probes prove about silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.loss import copies_needed
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
def test_when_silence_is_believed_hardly_a_port_was_missed(loss: float, capacity: float) -> None:
    """A path that loses a share of the packets, and all beyond its capacity."""
    random, missed, rounds = np.random.default_rng(1), 0.0, 0
    for _ in range(100):
        proof, rate, copies, believed = Proof(), 5_000.0, 2, False
        unheard = (1 - (1 - loss) * min(1.0, capacity / rate)) ** copies
        while not believed:
            arrives = (1 - loss) * min(1.0, capacity / rate)
            proof.judge(Outcome(rate, 40, 40 - int(random.binomial(40, arrives))))
            unheard *= 1 - arrives
            copies, rounds = copies + 1, rounds + 1
            counting = proof.valid if proof.speed else copies
            enough = proof.holds and counting >= copies_needed(proof.loss, 15)
            believed = enough or proof.exhausted
            rate = proof.rate
        missed += unheard
    assert missed / 100 < 1e-4
    assert rounds <= 2_000


def test_where_a_path_loses_packets_the_rate_grows_again_as_long_as_all_is_well() -> None:
    proof = Proof()
    proof.judge(Outcome(5_000, 40, 38))
    proof.judge(Outcome(1_500, 40, 27))
    while not proof.holds:
        slow = proof.rate
        proof.judge(Outcome(slow, 40, 8))
    assert proof.speed and slow < proof.rate < 1_500


def test_what_was_taken_for_speed_is_looked_at_again_when_the_loss_is_known() -> None:
    proof = Proof()
    proof.judge(Outcome(300, 16, 9))
    proof.judge(Outcome(90, 40, 9))
    assert proof.speed
    for _ in range(4):
        proof.judge(Outcome(40, 40, 17))
    assert proof.holds and not proof.speed

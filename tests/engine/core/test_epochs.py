"""What was sent and answered from one round trip to the next."""

from __future__ import annotations

from engine.core.epochs import Epoch, Epochs

TRIP = 1 / 64


def after(*epochs: tuple[int, int]) -> tuple[Epochs, Epoch]:
    """Epochs of (sent, answered), a round trip each, and the last of them."""
    course = Epochs()
    course.begin(0.0)
    last = None
    for number, (sent, answered) in enumerate(epochs, 1):
        course.note_sent(sent)
        course.note_answers(answered)
        last = course.end(number * TRIP, TRIP)
    assert last is not None
    return course, last


def test_an_epoch_lasts_a_round_trip_and_four_milliseconds_at_least() -> None:
    course = Epochs()
    course.begin(5.0)
    assert course.end(5.0 + 0.9 * TRIP, TRIP) is None
    assert course.end(5.0 + TRIP, TRIP) is not None
    assert course.end(5.003 + TRIP, 0.0) is None
    assert course.end(5.005 + TRIP, 0.0) is not None


def test_answers_are_compared_with_the_probes_of_the_epoch_before() -> None:
    course, last = after((100, 0), (200, 90), (400, 180))
    assert last.healthy and last.sent == 400
    assert course.best_share == 0.9


def test_an_epoch_with_far_fewer_answers_than_the_best_is_not_healthy() -> None:
    assert not after((100, 0), (100, 90), (100, 60))[1].healthy
    assert after((100, 0), (100, 90), (100, 70))[1].healthy
    assert not after((100, 0), (100, 90), (100, 0))[1].healthy


def test_the_best_fades_where_fewer_answer_for_long() -> None:
    assert after((100, 0), (100, 90), *[(100, 60)] * 20)[1].healthy

from __future__ import annotations

import math

from engine.core.progress import Progress
from tui.widgets.scan_history import HELD, SAMPLES, ScanHistory


def note(history: ScanHistory, *elapsed: float) -> None:
    """Figures that tell when they were taken."""
    for at in elapsed:
        history.note(Progress(elapsed=at, send_rate=at, answer_rate=-at, loss=at / 1000))


def test_one_sample_in_half_a_second() -> None:
    history = ScanHistory()
    note(history, 0.1, 0.2, 0.49, 0.5, 0.9, 1.1)
    assert history.series("sent", 9) == [0.1, 0.5, 1.1]
    assert history.series("answers", 2) == [-0.5, -1.1]
    assert history.series("loss", 0) == [] and history.span(2) == 1.0 and history.span(9) == 1.5


def test_round_trips_not_yet_known_are_blank() -> None:
    history = ScanHistory()
    history.note(Progress(elapsed=0.0))
    history.note(Progress(elapsed=0.5, rtt_median=0.02))
    first, second = history.series("rtt", 2)
    assert math.isnan(first) and second == 0.02


def test_a_short_gap_is_bridged_and_a_long_one_is_left_open() -> None:
    history = ScanHistory()
    note(history, 0.0, 0.5 * (HELD + 1))
    assert history.series("sent", 9) == [0.0] * (HELD + 1) + [0.5 * (HELD + 1)]
    note(history, 0.5 * (HELD + 1) + 0.5 * (HELD + 2))
    missed = history.series("sent", HELD + 2)[:-1]
    assert len(missed) == HELD + 1 and all(map(math.isnan, missed))


def test_what_is_kept_is_bounded_and_another_scan_begins_anew() -> None:
    history = ScanHistory()
    note(history, 0.0, 1e9)
    assert len(history.series("sent", 10**9)) == SAMPLES
    note(history, 3.0)
    assert history.series("sent", 9) == [3.0]
    history.clear()
    assert history.series("sent", 9) == [] and history.span(9) == 0

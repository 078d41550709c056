"""When hosts with a pace of their own will be done."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.batch import PROBE
from engine.core.lane_outlook import Standing, lanes_remaining
from engine.core.lanes import Lanes
from engine.core.steady import Steady

UPTIME = 70_000.0
TIMEOUT = 0.1


def remaining(*, asked: int, answered: int, waiting: int, rounds_ahead: int) -> float:
    """Of a host that is asked 80 ports a second."""
    lanes = Lanes(1)
    lane = lanes.open(0, Steady(UPTIME, 80.0))
    lane.note_asked(UPTIME, asked)
    lane.note_answers(answered)
    lane.add(np.zeros(waiting, PROBE))
    standing = Standing(waiting, 0, asked - answered, answered, rounds_ahead, 1.0, 100.0)
    return lanes_remaining(lanes, UPTIME + 1, TIMEOUT, lambda lane: standing)


def test_each_round_asks_only_what_the_one_before_left() -> None:
    answering = remaining(asked=100, answered=90, waiting=160, rounds_ahead=5)
    assert 160 / 80 < answering < 160 / 80 + 2


def test_silent_ports_are_asked_in_every_round() -> None:
    silent = remaining(asked=100, answered=0, waiting=160, rounds_ahead=5)
    assert silent == pytest.approx(160 / 80 + 5 * (260 / 80 + TIMEOUT) + TIMEOUT, rel=0.02)

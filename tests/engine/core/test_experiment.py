"""Whether going slower helped."""

from __future__ import annotations

import pytest

from engine.core.experiment import Experiment, Flow, FlowRecord


@pytest.mark.parametrize(
    ("now", "helped"),
    [
        (Flow(1_000, 800), True),  # as many arrive as before: something was full
        (Flow(1_000, 400), False),  # the same share arrives: the path loses packets
        (Flow(1_000, 650), True),
        (Flow(1_000, 550), False),
        (Flow(0, 0), False),
    ],
)
def test_half_the_rate_tells_a_full_queue_from_loss(now: Flow, helped: bool) -> None:
    before = Experiment(2_000.0, 0.6, Flow(2_000, 800), measure_from=0.0, feedback=0.2)
    assert before.helped(now, part=0.5) is helped


def test_a_flow_is_made_of_the_epochs_since() -> None:
    record = FlowRecord(shortest=0.1)
    for number in range(1, 11):
        record.note(number * 0.1, sent=10, answered=number)
    assert record.between(0.5, 1.0) == pytest.approx(Flow(100, 80))
    assert record.between(1.0, 1.0) == Flow(0, 0)
    assert Flow(0, 0).share == 0.0

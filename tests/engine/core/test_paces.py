"""Whose pace a probe is counted against, and who gets a pace of his own."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.pace import Pace
from engine.core.paces import Paces
from engine.core.parts import ScanParts
from engine.results.store import Store
from engine.spec.reason import Reason
from engine.spec.scan import WHOLE
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

SLOW_HOST = 2


def four_hosts() -> ScanParts:
    channels = np.arange(1, 11, dtype=np.uint32)
    return ScanParts(
        Store(4, channels),
        (ScanType.SYN,),
        TEMPLATES[4],
        seed=1,
        shard=WHOLE,
        defeat=frozenset(),
    )


def test_probes_to_a_slow_host_are_counted_against_its_own_pace() -> None:
    parts = four_hosts()
    paces = Paces(parts)
    paces.slow(5.0, SLOW_HOST)
    lane = parts.lanes.of(SLOW_HOST)
    assert lane is not None and isinstance(lane.governor, Pace)
    assert lane.governor.rate < parts.pace.rate
    assert lane.governor.allowance(5.0) == parts.pace.allowance(5.0) == 1
    steady = paces.note_sent(7.0, np.array([SLOW_HOST, 0, SLOW_HOST], np.uint32))
    assert lane.governor.next_allowed(5.0, 1) == 5.0 + 2 / lane.governor.rate
    assert parts.pace.next_allowed(5.0, 1) == 5.0 + 3 / parts.pace.rate
    changed = (lane.governor.changed_at, parts.pace.changed_at)
    assert steady.tolist() == [7.0 - changed[0], 7.0 - changed[1], 7.0 - changed[0]]


def test_only_a_host_that_loses_much_more_than_others_is_set_apart() -> None:
    parts = four_hosts()
    loss = parts.answers.host_loss
    for host in (0, 1, 3):
        loss.note(np.full(200, host, np.uint32), np.zeros(200, np.int64))
    loss.note(np.full(200, SLOW_HOST, np.uint32), np.full(200, 3))
    Paces(parts).set_apart(1.0, np.arange(4, dtype=np.uint32))
    assert parts.lanes.hosts.tolist() == [SLOW_HOST]


def test_when_the_common_pace_steps_down_its_questions_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = four_hosts()
    parts.lanes.open(SLOW_HOST, parts.pace)
    forgotten: list[list[int]] = []
    monkeypatch.setattr(
        parts.sentinels, "forget_common", lambda apart: forgotten.append(apart.tolist())
    )
    paces = Paces(parts)
    paces.adapt(1.0)
    assert forgotten == []

    def step_down(now: float, round_trip: float | None, timeout: float, loss: float) -> None:
        parts.pace.speed_dependent, parts.pace.changed_at = True, now

    monkeypatch.setattr(parts.pace, "tick", step_down)
    paces.adapt(2.0)
    assert forgotten == [[SLOW_HOST]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_behind_a_queue_silent_ports_are_asked_as_fast_as_it_lets_them_pass(seed: int) -> None:
    queue = (
        '[[host]]\naddress = "10.0.0.1"\ndelay = 0.04\nqueue = 100\nrate = 2000\n'
        '[host.tcp]\nopen = "1000-1149"\nfiltered = "2501-5000"\n'
    )
    scan = SimulatedScan(queue, which="1-5000", timing=TEMPLATES[4], seed=seed).run()
    filtered = sum(row.reason is Reason.NO_RESPONSE for row in scan.rows().values())
    assert filtered == 2_500
    assert scan.network.now() < 8.5  # at 2,000/s each port can be asked three times in 7.5 s

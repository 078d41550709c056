"""Outstanding probes come up when their time is up, and only if nobody answered."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.batch import PROBE, ProbeBatch
from engine.core.outstanding import Outstanding


def probes(ports: list[int], host: int = 0) -> ProbeBatch:
    batch = np.zeros(len(ports), PROBE)
    batch["port"], batch["host"] = ports, host
    return batch


def after(seconds: float):
    return lambda waiting: np.full(len(waiting), seconds)


def all_waiting(batch: ProbeBatch, sent_at: NDArray[np.float64]) -> NDArray[np.bool_]:
    assert len(batch) == len(sent_at)
    return np.ones(len(batch), bool)


def expired(outstanding: Outstanding, now: float, timeout: float = 1.0) -> list[int]:
    return outstanding.expired(now, after(timeout), all_waiting)["port"].tolist()


def test_nothing_out() -> None:
    outstanding = Outstanding()
    outstanding.add(probes([]), np.empty(0), after(1.0))
    assert outstanding.next_look == float("inf")
    assert expired(outstanding, 1e9) == []


def test_each_probe_expires_at_its_own_time() -> None:
    outstanding = Outstanding()
    outstanding.add(probes([1, 2, 3]), np.array([0.0, 0.2, 0.4]), after(1.0))
    assert outstanding.next_look == 1.0
    assert expired(outstanding, 0.99) == []
    assert expired(outstanding, 1.25) == [1, 2]
    assert outstanding.next_look == 1.4
    assert expired(outstanding, 1.4) == [3]
    assert outstanding.next_look == float("inf")


def test_the_answered_are_forgotten() -> None:
    outstanding = Outstanding()
    outstanding.add(probes([1, 2, 3]), np.zeros(3), after(1.0))
    late = outstanding.expired(1.0, after(1.0), lambda batch, sent_at: batch["port"] == 2)
    assert late["port"].tolist() == [2]
    assert expired(outstanding, 9.0) == []


def test_a_longer_timeout_at_the_look_keeps_the_probes() -> None:
    outstanding = Outstanding()
    outstanding.add(probes([1]), np.zeros(1), after(1.0))
    assert expired(outstanding, 1.0, timeout=2.0) == []
    assert outstanding.next_look == 2.0


def test_reschedule_looks_earlier() -> None:
    outstanding = Outstanding()
    outstanding.add(probes([1]), np.array([5.0]), after(10.0))
    outstanding.add(probes([2]), np.array([0.0]), after(10.0))
    assert outstanding.next_look == 10.0
    outstanding.reschedule(after(1.0))
    assert outstanding.next_look == 1.0
    assert expired(outstanding, 7.0) == [2, 1]


flights = st.lists(
    st.lists(st.tuples(st.floats(0, 10), st.integers(0, 3)), max_size=8), max_size=10
)


@settings(max_examples=80)
@given(flights, st.lists(st.floats(0, 20), max_size=8))
def test_as_a_plain_list_would(batches: list[list[tuple[float, int]]], looks: list[float]) -> None:
    timeouts = np.array([0.5, 1.0, 2.5, 7.0])
    outstanding = Outstanding()
    model: dict[int, float] = {}
    for batch in batches:
        records = probes(list(range(len(model), len(model) + len(batch))))
        records["host"] = [host for _, host in batch]
        sent_at = np.array([time for time, _ in batch])
        outstanding.add(records, sent_at, lambda waiting: timeouts[waiting["host"]])
        for record, time in zip(records, sent_at, strict=True):
            model[int(record["port"])] = time + timeouts[record["host"]]
    for now in [*sorted(looks), 99.0]:
        late = outstanding.expired(now, lambda waiting: timeouts[waiting["host"]], all_waiting)
        assert sorted(late["port"].tolist()) == sorted(p for p, at in model.items() if at <= now)
        model = {port: at for port, at in model.items() if at > now}
    assert not model

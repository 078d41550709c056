"""Answers that come while a batch is still leaving: none is lost, and none is taken too early."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engine.core import departures
from engine.core.addressing import AddressBook
from engine.core.batch import REPLY, ProbeBatch, ReplyBatch, SendReport
from engine.core.following import Following, Times
from engine.core.scan_core import ScanCore
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from engine.techniques.answer import ACK, SYN, AnswerKind, answer_code
from tests.engine.core.simulated_scan import MeasuredTransport, SimulatedScan

NETWORK = """
seed = 4
[[host]]
address = "10.0.0.1-3"
delay = {delay}
jitter = 0.002
loss = {loss}
[host.tcp]
open = "1-40"
filtered = "200-260"
default = "closed"
"""


@dataclass
class Leaving:
    """A batch that never says it has left before it is asked; ``late`` is the share of probes that
    it says to be still leaving when somebody takes part."""

    outcome: SendReport
    late: float
    parts: list[int]
    under_way = True

    def take_part(self) -> np.ndarray | None:
        sent_at = self.outcome.sent_at.copy()
        late = int(self.late * len(sent_at))
        if not late:
            return None
        self.parts.append(late)
        sent_at[:late] = np.nan
        return sent_at

    def report(self) -> SendReport:
        return self.outcome


class OverlappingTransport(MeasuredTransport):
    """All batches leave while the caller goes on, and answers to them come before the report."""

    late = 0.0
    parts: list[int]

    def begin(self, batch: ProbeBatch) -> Leaving:
        return Leaving(self.send(batch), self.late, self.parts)


class OverlappingScan(SimulatedScan):
    def __init__(self, *words: str, late: float = 0.0) -> None:
        self.parts: list[int] = []
        self._late = late
        super().__init__(*words)

    def _network(self, book: AddressBook) -> MeasuredTransport:
        self.network = OverlappingTransport(book, self.scenario)
        self.network.late, self.network.parts = self._late, self.parts
        self.network.on_send = self._note_sending
        return self.network


@pytest.mark.parametrize("delay", [0.0, 0.03])
@pytest.mark.parametrize("loss", [0.0, 0.1])
@pytest.mark.parametrize("late", [0.0, 0.3])
def test_overlapping_changes_no_result(
    delay: float, loss: float, late: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departures, "_PLENTY", 30)
    network = NETWORK.format(delay=delay, loss=loss)
    scan = OverlappingScan(network, "10.0.0.1-3", "1-300", late=late).run()
    assert bool(scan.parts) is bool(late)
    assert scan.progress.sent == len(scan.network.log)
    scan.assert_settled()
    for (_, _, port), row in scan.rows().items():
        silent = 200 <= port <= 260
        expected = (
            PortState.FILTERED if silent else (PortState.OPEN if port <= 40 else PortState.CLOSED)
        )
        assert row.state is expected
        if not loss and not silent:
            assert row.tries == 1 and row.rtt is not None
            assert delay - 1e-6 <= row.rtt <= delay + 0.003


def test_commands_find_nothing_on_its_way() -> None:
    scan = OverlappingScan(NETWORK.format(delay=0.01, loss=0.0), "10.0.0.1-3", "1-300")
    scan.turn()
    scan.runner.catch_up()
    assert scan.progress.in_flight > 0
    scan.runner.set_scan_types((ScanType.ACK,), redo_decided=False)
    scan.run().assert_settled()


def test_a_copy_that_leaves_after_its_port_was_answered_is_not_waited_for() -> None:
    channels = np.array([Protocol.TCP << 16 | 9], np.uint32)
    store = Store(1, channels)
    core = ScanCore(store, (ScanType.SYN,), TEMPLATES[4], seed=1)
    core.admit(np.zeros(1, np.uint32), channels)
    first = core.poll(0.0).batch
    core.sent(0.0, first, SendReport(np.zeros(1)))
    second = core.poll(5.0).batch
    assert second["attempt"].tolist() == [1]
    answer = np.zeros(1, REPLY)
    answer["port"], answer["technique"] = 9, ScanType.SYN
    answer["answer"], answer["time"] = answer_code(AnswerKind.TCP, SYN | ACK), 5.0
    core.feed(5.0, ReplyBatch(answer))
    core.sent(5.1, second, SendReport(np.full(1, 5.05)))
    assert core.in_flight == 0 and core.sent_total == 2
    core.poll(50.0)
    assert store.states(np.zeros(1, np.int64))[0] == PortState.OPEN


def test_what_is_leaving_counts_neither_as_asked_nor_as_forgotten() -> None:
    channels = Protocol.TCP << 16 | np.arange(1, 6, dtype=np.uint32)
    core = ScanCore(Store(1, channels), (ScanType.SYN,), TEMPLATES[5], seed=1)
    core.admit(np.zeros(1, np.uint32), channels)
    batch = core.poll(0.0).batch
    nothing = Following().measured(0.0, Times(0.0, 0.1, 0.0, 0.0), steady=False)
    outlook = core.outlook(0.0, 0, nothing)
    assert len(batch) and core.asked == 0
    assert outlook.unasked + outlook.pending == 5
    core.sent(0.1, batch, SendReport(np.full(len(batch), 0.05)))
    assert core.asked == len(batch)

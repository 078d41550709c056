"""Questions to ports known to answer, among copies to ports that are silent."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.batch import REPLY, UNKNOWN_ATTEMPT, ProbeBatch
from engine.core.parts import ScanParts
from engine.core.questions import Count, Questions
from engine.core.sentinels import Sentinels
from engine.core.walks import name_cells
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import WHOLE
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES

PORTS = 200
ROOM = 1_000
OPEN, CLOSED = (Reason.SYN_ACK, PortState.OPEN), (Reason.RESET, PortState.CLOSED)


class OneHost:
    """A host some of whose ports 1, 2, ... have answered."""

    def __init__(self, opened: int = 0, closed: int = 0) -> None:
        self.parts = ScanParts(
            Store(1, np.arange(1, PORTS + 1, dtype=np.uint32)),
            (ScanType.SYN,),
            TEMPLATES[4],
            seed=1,
            shard=WHOLE,
            defeat=frozenset(),
        )
        self.parts.ledger.admit(np.zeros(1, np.uint32))
        answered = [OPEN] * opened + [CLOSED] * closed
        for port, (reason, state) in enumerate(answered, 1):
            self.parts.ledger.decide(
                self.parts.ledger.locate(self.probes(port)),
                state=state,
                reason=reason,
                technique=ScanType.SYN,
                ttl=64,
                flags=0,
                rtt=1.0,
                clock=1,
            )
        self.sentinels = Sentinels(self.parts.cells, self.parts.queue, lambda host: True)

    def probes(self, *ports: int, attempt: int = 0) -> ProbeBatch:
        cells = name_cells(np.zeros(len(ports), np.int64), np.array(ports, np.uint32))
        cells["technique"], cells["attempt"] = ScanType.SYN, attempt
        return cells

    def send(self, now: float, *ports: int, room: int = ROOM) -> ProbeBatch:
        """Further copies to these ports leave; returns the questions among them."""
        both, among = self.sentinels.mix(now, self.probes(*ports, attempt=1), room)
        assert sorted(both[~among]["port"].tolist()) == sorted(ports)
        self.leave(now, both[among])
        return both[among]

    def leave(self, now: float, questions: ProbeBatch) -> None:
        count = len(questions)
        self.sentinels.note_sent(now, questions, np.ones(count, bool), np.full(count, 0.5))

    def answer(self, questions: ProbeBatch, *, unknown_copy: bool = False) -> None:
        records: NDArray[np.void] = np.zeros(len(questions), REPLY)
        for name in ("host", "port", "protocol", "technique", "attempt"):
            records[name] = questions[name]
        if unknown_copy:
            records["attempt"] = UNKNOWN_ATTEMPT
        self.sentinels.hear(records)


SILENT = range(100, 200)


def test_among_copies_to_silent_ports_open_ports_are_asked() -> None:
    host = OneHost(opened=3)
    asked = host.send(1.0, *SILENT)
    assert 5 <= len(asked) <= 36
    assert set(asked["port"].tolist()) <= {1, 2, 3}
    assert len({(int(one["port"]), int(one["attempt"])) for one in asked}) == len(asked)


def test_first_copies_have_no_questions_among_them() -> None:
    host = OneHost(opened=3)
    both, among = host.sentinels.mix(1.0, host.probes(*SILENT, attempt=0), ROOM)
    assert len(both) == len(SILENT) and not among.any()


def test_a_host_none_of_whose_ports_answered_is_asked_nothing() -> None:
    host = OneHost()
    assert len(host.send(1.0, *SILENT)) == 0
    assert not host.sentinels.possible(0)


def test_questions_are_spread_among_the_copies() -> None:
    host = OneHost(opened=3)
    _, among = host.sentinels.mix(1.0, host.probes(*SILENT, attempt=1), ROOM)
    halves = np.count_nonzero(among[: len(among) // 2]), np.count_nonzero(among[len(among) // 2 :])
    assert min(halves) >= 2


def test_no_more_leave_than_there_is_room_for_and_the_others_later() -> None:
    host = OneHost(opened=3)
    assert len(host.send(1.0, *SILENT, room=2)) == 2
    assert host.sentinels.owing
    assert len(host.send(1.1, room=3)) == 3


@pytest.mark.parametrize("unknown_copy", [False, True])
def test_what_is_not_answered_is_missing(unknown_copy: bool) -> None:
    host = OneHost(opened=3)
    asked = host.send(1.0, *SILENT)
    host.answer(asked[:-2], unknown_copy=unknown_copy)
    mine = host.sentinels.take(0)
    assert mine is not None
    outcome = mine.outcome(5_000.0)
    assert (outcome.asked, outcome.missing) == (len(asked), 2)


def test_an_answer_counts_once_and_only_to_what_was_asked() -> None:
    host = OneHost(opened=3)
    asked = host.send(1.0, *SILENT)
    host.answer(asked[:1])
    host.answer(asked[:1])
    stray = asked[1:2].copy()
    stray["port"] = 99
    host.answer(stray)
    mine = host.sentinels.of(0)
    assert mine is not None and mine.opened.answered == 1


def test_answers_are_waited_for_until_their_time_is_up() -> None:
    host = OneHost(opened=3)
    asked = host.send(1.0, *SILENT)
    assert host.sentinels.busy(1.2) and host.sentinels.out(1.2) == len(asked)
    assert host.sentinels.next_over(1.2) == 1.5
    assert not host.sentinels.busy(1.6)


def test_when_all_have_answered_nothing_is_waited_for() -> None:
    host = OneHost(opened=3)
    host.answer(host.send(1.0, *SILENT))
    assert not host.sentinels.awaits(1.1, 0)


def test_open_and_closed_ports_are_told_apart() -> None:
    host = OneHost(opened=2, closed=3)
    asked = host.send(1.0, *SILENT)
    host.answer(asked[asked["port"] <= 2])
    mine = host.sentinels.take(0)
    assert mine is not None
    assert mine.opened.missing == 0 < mine.resets.missing
    assert mine.outcome(5_000.0, rationed=True).missing == 0


def test_closed_ports_count_unless_they_lose_clearly_more_than_open_ones() -> None:
    both = Questions(opened=Count(20, 15), resets=Count(20, 14))
    assert (both.outcome(500.0).asked, both.outcome(500.0).missing) == (40, 11)
    assert both.outcome(500.0, rationed=True).asked == 20
    rationing = Questions(opened=Count(20, 15), resets=Count(20, 5))
    assert (rationing.outcome(500.0).asked, rationing.outcome(500.0).missing) == (20, 5)


def test_closed_ports_of_a_host_that_rations_are_left_alone() -> None:
    host = OneHost(opened=2, closed=3)
    host.sentinels.rationing.add(0)
    assert set(host.send(1.0, *SILENT)["port"].tolist()) <= {1, 2}
    assert not host.sentinels.post(0)


def test_a_volley_empties_a_bucket_that_gave_so_many_resets() -> None:
    host = OneHost(closed=5)
    assert host.sentinels.post(0)
    volley = host.sentinels.take_volleys(ROOM)
    assert len(volley) == 2 * 5 + 2
    host.leave(1.0, volley)
    host.answer(volley[:5])
    mine = host.sentinels.take(0)
    assert mine is not None and mine.volley.missing == 7


def test_a_host_with_many_resets_or_none_gets_no_volley() -> None:
    assert not OneHost(closed=12).sentinels.post(0)
    assert not OneHost(opened=5).sentinels.post(0)


def test_nothing_more_is_asked_of_hosts_that_are_given_up() -> None:
    host = OneHost(closed=5)
    host.sentinels.post(0)
    host.sentinels.forget(np.zeros(1, np.uint32))
    assert not host.sentinels.unsent and not host.sentinels.busy(1.0)


def test_the_rate_is_what_was_measured_where_that_is_clearly_less() -> None:
    host = OneHost(opened=3)
    for step in range(10):
        host.send(1.0 + step / 10, *range(100 + step * 10, 110 + step * 10))
    mine = host.sentinels.take(0)
    assert mine is not None
    assert mine.outcome(5_000.0).rate < 300
    assert mine.outcome(120.0).rate == 120
    assert mine.outcome(20.0).rate > 80  # the rate was lowered after they had left


def test_the_rate_of_questions_counts_first_copies_between_them() -> None:
    host = OneHost(opened=20)
    host.send(0.0, *range(100, 110))
    for step in range(1, 11):
        probes = host.probes(*range(110, 200))  # first copies
        host.sentinels.mix(step / 10, probes, ROOM)
    questions = host.sentinels.of(0)
    assert questions is not None
    assert questions.beside == 10 + 10 * 90
    assert questions.outcome(5_000.0).rate == pytest.approx(900, rel=0.1)


def test_questions_at_a_pace_that_was_too_fast_are_forgotten() -> None:
    host = OneHost(opened=20)
    host.send(0.0, *SILENT)
    host.sentinels.forget_common(np.array([0], np.uint32))
    assert host.sentinels.of(0) is not None
    host.sentinels.forget_common(np.empty(0, np.uint32))
    assert host.sentinels.of(0) is None

"""Two answers to one port in one pass: what says more stays, and the counts stay right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.batch import PROBE, REPLY, ReplyBatch, SendReport
from engine.core.scan_core import ScanCore
from engine.results.cell import FOREIGN
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from engine.techniques.answer import ACK, RST, SYN, AnswerKind, answer_code

SYN_ACK = answer_code(AnswerKind.TCP, SYN | ACK)
RESET = answer_code(AnswerKind.TCP, RST | ACK)
PROHIBITED = answer_code(AnswerKind.ICMP4, 3 << 8 | 13, from_target=False)
UNREACHABLE = answer_code(AnswerKind.ICMP4, 3 << 8 | 3)
DATAGRAM = answer_code(AnswerKind.UDP, 0)

OPEN, CLOSED = (PortState.OPEN, Reason.SYN_ACK), (PortState.CLOSED, Reason.RESET)
FILTERED = (PortState.FILTERED, Reason.ADMIN_PROHIBITED)
UNFILTERED = (PortState.UNFILTERED, Reason.RESET)


class OnePort:
    """A core that has sent the probe of one port."""

    def __init__(self, scan_type: ScanType = ScanType.SYN) -> None:
        self.scan_type = scan_type
        channels = np.array([int(scan_type.protocol) << 16 | 9], np.uint32)
        self.store = Store(1, channels)
        self.core = ScanCore(self.store, (scan_type,), TEMPLATES[4], seed=1)
        self.core.admit(np.zeros(1, np.uint32), channels)
        self.now = 0.0
        self.send()

    def send(self) -> None:
        batch = self.core.poll(self.now).batch
        assert batch.dtype == PROBE
        self.core.sent(self.now, batch, SendReport(np.full(len(batch), self.now)))

    def feed(self, *answers: int) -> list[int]:
        self.now += 0.01
        records = np.zeros(len(answers), REPLY)
        records["port"], records["protocol"] = 9, self.scan_type.protocol
        records["technique"], records["answer"] = self.scan_type, answers
        records["time"], records["ttl"] = self.now, 60
        return self.core.feed(self.now, ReplyBatch(records)).tolist()

    def fall_silent(self) -> None:
        while self.core.open_cells:
            self.now += 1
            self.send()

    @property
    def outcome(self) -> tuple[PortState, Reason]:
        at = np.zeros(1, np.int64)
        state, reason = self.store.states(at)[0], self.store.reasons(at)[0]
        return PortState(state), Reason(reason)


TOGETHER = pytest.mark.parametrize("together", [True, False])


@TOGETHER
@pytest.mark.parametrize(
    ("scan_type", "answers", "outcome"),
    [
        (ScanType.SYN, (PROHIBITED, SYN_ACK), OPEN),
        (ScanType.SYN, (SYN_ACK, PROHIBITED), OPEN),
        (ScanType.SYN, (SYN_ACK, RESET), OPEN),
        (ScanType.SYN, (RESET, SYN_ACK), OPEN),
        (ScanType.SYN, (RESET, PROHIBITED), CLOSED),
        (ScanType.SYN, (PROHIBITED, RESET, SYN_ACK, RESET), OPEN),
        (ScanType.FIN, (PROHIBITED, RESET), CLOSED),
        (ScanType.FIN, (RESET, PROHIBITED), CLOSED),
        (ScanType.ACK, (PROHIBITED, RESET), UNFILTERED),
        (ScanType.ACK, (RESET, PROHIBITED), UNFILTERED),
        (ScanType.UDP, (DATAGRAM, UNREACHABLE), (PortState.CLOSED, Reason.PORT_UNREACH)),
        (ScanType.UDP, (UNREACHABLE, DATAGRAM), (PortState.CLOSED, Reason.PORT_UNREACH)),
        (ScanType.UDP, (PROHIBITED, DATAGRAM), FILTERED),
    ],
)
def test_what_says_more_stays(
    scan_type: ScanType,
    answers: tuple[int, ...],
    outcome: tuple[PortState, Reason],
    together: bool,
) -> None:
    port = OnePort(scan_type)
    if together:
        port.feed(*answers)
    else:
        for answer in answers:
            port.feed(answer)
    assert port.outcome == outcome


@TOGETHER
def test_a_second_answer_is_reported_but_counted_once(together: bool) -> None:
    port = OnePort()
    if together:
        assert port.feed(PROHIBITED, PROHIBITED, SYN_ACK, SYN_ACK) == [0, 2]
    else:
        assert port.feed(PROHIBITED) == port.feed(SYN_ACK) == [0]
        assert port.feed(SYN_ACK) == port.feed(PROHIBITED) == []
    core = port.core
    assert (core.decided, core.open_cells, core.in_flight, core.answered_total) == (1, 0, 0, 1)
    assert core.take_newly_decided().tolist() == [0]
    assert not port.store.copy(np.zeros(1, np.int64))["flags"][0] & FOREIGN


def test_a_late_answer_after_silence_counts() -> None:
    port = OnePort()
    port.fall_silent()
    assert port.outcome == (PortState.FILTERED, Reason.NO_RESPONSE)
    assert port.core.decided == 1 and port.core.answered == 0
    assert port.feed(PROHIBITED, SYN_ACK) == [0, 1]
    assert port.outcome == OPEN and port.core.answered == 1
    assert port.core.answered_total == 1 and port.core.decided == 1


def test_an_answer_nobody_asked_for_changes_nothing() -> None:
    port = OnePort()
    port.feed(RESET)
    port.core.rescan(np.zeros(1, np.int64))
    assert port.feed(SYN_ACK) == [] and port.outcome == CLOSED


@settings(max_examples=80, derandomize=True, deadline=None)
@given(
    st.sampled_from(ScanType),
    st.lists(
        st.lists(st.sampled_from([SYN_ACK, RESET, PROHIBITED, UNREACHABLE, DATAGRAM]), max_size=6),
        max_size=6,
    ),
)
def test_any_answers_leave_the_counts_right(scan_type: ScanType, batches: list[list[int]]) -> None:
    port = OnePort(scan_type)
    changes = sum(len(port.feed(*batch)) for batch in batches)
    port.fall_silent()
    core = port.core
    assert (core.decided, core.open_cells, core.in_flight) == (1, 0, 0)
    assert core.answered_total == min(changes, 1) and changes <= 4
    assert core.answered == (port.outcome[1] is not Reason.NO_RESPONSE)
    assert scan_type.protocol in Protocol

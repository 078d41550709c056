"""DiscoveryCore on a simulated network and a virtual clock."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.batch import PROBE, REFUSED, REPLY, ReplyBatch, SendProblem, SendReport
from engine.discovery.core import DiscoveryCore
from engine.discovery.whereabouts import Whereabouts
from engine.spec.host_state import HostState
from engine.spec.ping import DEFAULT_PINGS, DiscoverySpec, Mode, PingKind, PingProbe
from engine.spec.reason import Reason
from engine.spec.timing import TEMPLATES
from engine.techniques.answer import SYN, AnswerKind, answer_code
from tests.engine.discovery.simulated_sweep import (
    REPLIES,
    Network,
    Sweep,
    all_answering,
    sweep,
)

ROUTED, LINK = Whereabouts.ROUTED, Whereabouts.LINK
UNREACHABLE = answer_code(AnswerKind.ICMP4, 0x0301, from_target=False)
EXPIRED = answer_code(AnswerKind.ICMP4, 0x0B00, from_target=False)
KINDS = [probe.kind for probe in DEFAULT_PINGS]


def hosts(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint32)


networks = st.builds(
    Network,
    up=st.dictionaries(
        st.integers(0, 29),
        st.dictionaries(st.sampled_from([*KINDS, PingKind.NEIGHBOUR]), st.just(0)).map(
            lambda kinds: {kind: REPLIES[kind] for kind in kinds}
        ),
    ),
    loss=st.sampled_from([0.0, 0.0, 0.05, 0.2]),
    delay=st.sampled_from([0.0, 0.0005, 0.02, 0.3]),
    jitter=st.sampled_from([0.0, 0.005, 0.2]),
    seed=st.integers(0, 1000),
)


@settings(max_examples=60, deadline=None)
@given(
    networks,
    st.sampled_from([ROUTED, LINK]),
    st.sampled_from([TEMPLATES[3], TEMPLATES[4], TEMPLATES[5]]),
    st.booleans(),
)
def test_every_host_is_decided_and_none_is_invented(network, where, timing, shuffle) -> None:
    spec = DiscoverySpec(shuffle=shuffle)
    done = sweep(30, network, where=where, timing=timing, spec=spec).run()
    up, down = done.found(HostState.UP), done.found(HostState.DOWN)
    asked = {PingKind.NEIGHBOUR} if where is LINK else set(KINDS)
    able = {host for host, answers in network.up.items() if asked & set(answers)}
    assert up | down == set(range(30)) and not up & down
    assert up <= able
    if not network.loss and network.delay + network.jitter < 0.1:
        assert up == able
    verdicts = Counter((int(one["host"]), int(one["state"])) for one in done.verdicts)
    assert set(verdicts.values()) == {1}, "no host is called the same twice"
    assert done.core.in_flight == done.core.open_hosts == 0
    assert max(done.copies().values()) <= timing.max_retries + 1
    for host in down:
        assert all(done.copies()[host, kind] >= 2 for kind in asked)


def test_hosts_are_asked_in_ascending_order_with_all_pings_at_once() -> None:
    done = sweep(20, Network({})).run()
    first = [(host, kind) for _, host, kind, attempt in done.log if attempt == 0]
    assert first == [(host, kind) for host in range(20) for kind in KINDS]


class _Stuck(Sweep):
    """A sweep in which pings to the first hosts cannot leave for three seconds."""

    def send(self, batch: np.ndarray) -> SendReport:
        report = SendReport(np.full(len(batch), np.nan))
        free = np.flatnonzero((batch["host"] >= 20) | (self.now > 103))
        report.sent_at[free] = super().send(batch[free]).sent_at
        return report


def test_hosts_that_cannot_be_sent_to_yet_hold_nobody_up() -> None:
    ready = sweep(60, Network(all_answering(range(60))), timing=TEMPLATES[3])
    done = _Stuck(ready.core, ready.network).run()
    assert done.found(HostState.UP) == set(range(60))
    asked = {host for time, host, *_ in done.log if time < 101}
    assert asked == set(range(20, 60))


def test_hosts_can_be_asked_in_random_order() -> None:
    orders = []
    for seed in (1, 1, 2):
        done = sweep(50, Network({}), spec=DiscoverySpec(shuffle=True), seed=seed).run()
        first = [host for _, host, kind, attempt in done.log if (kind, attempt) == (KINDS[0], 0)]
        assert sorted(first) == list(range(50)) != first
        orders.append(first)
    assert orders[0] == orders[1] != orders[2]


def test_the_first_answer_decides_and_ends_the_rest() -> None:
    spec = DiscoverySpec(probes=(PingProbe(PingKind.SYN, 22), PingProbe(PingKind.SYN, 80)))
    timing = TEMPLATES[4].with_bounds(max_rate=20, max_retries=3)
    done = sweep(1, Network(all_answering([0])), spec=spec, timing=timing).run()
    assert len(done.log) == 1
    (verdict,) = done.verdicts
    assert (verdict["state"], verdict["reason"]) == (HostState.UP, Reason.RESET)
    assert (verdict["kind"], verdict["port"], verdict["ttl"]) == (PingKind.SYN, 22, 64)
    assert verdict["rtt"] == pytest.approx(0.001, abs=1e-4)


def test_feed_says_which_answers_decided() -> None:
    ready = sweep(2, Network({})).run_until_sent(8)
    said = [(0, 80, PingKind.ACK), (0, 443, PingKind.SYN), (1, 80, PingKind.ACK)]
    records = np.array(
        [(host, port, 0, kind, 0, 60, REPLIES[kind], 100.5) for host, port, kind in said], REPLY
    )
    assert ready.core.feed(100.5, ReplyBatch(records)).tolist() == [0, 2]
    assert not len(ready.core.feed(100.6, ReplyBatch(records)))


def test_time_exceeded_is_down_and_a_later_answer_still_counts() -> None:
    answers = {0: {PingKind.ECHO: EXPIRED}, 1: {PingKind.ECHO: EXPIRED, PingKind.ACK: 0}}
    ready = sweep(2, Network(answers)).run_until_sent(8)
    while len(ready.verdicts) < 2:
        ready.turn()
    assert {int(one["reason"]) for one in ready.verdicts} == {Reason.TIME_EXCEEDED}
    late = np.array([(1, 80, 0, PingKind.ACK, 0, 60, REPLIES[PingKind.ACK], ready.now)], REPLY)
    ready.core.feed(ready.now, ReplyBatch(late))
    ready.run()
    assert ready.found(HostState.UP) == {1} and ready.found(HostState.DOWN) == {0}
    assert max(ready.copies().values()) == 1


def test_a_router_that_refuses_ends_the_question_without_a_state() -> None:
    refused = dict.fromkeys(KINDS, UNREACHABLE)
    most = {**refused, PingKind.TIMESTAMP: REPLIES[PingKind.TIMESTAMP]}
    done = sweep(2, Network({0: refused, 1: most})).run()
    assert done.found(HostState.DOWN) == {0} and done.found(HostState.UP) == {1}
    assert set(done.copies().values()) == {1}
    assert {int(one["reason"]) for one in done.verdicts if one["host"] == 0} == {Reason.NO_RESPONSE}


def test_resets_can_be_ignored() -> None:
    resets = {0: {kind: REPLIES[kind] for kind in (PingKind.SYN, PingKind.ACK)}}
    done = sweep(1, Network(resets), spec=DiscoverySpec(ignore_resets=True)).run()
    assert done.found(HostState.DOWN) == {0}


@pytest.mark.parametrize("where", [ROUTED, LINK])
@pytest.mark.parametrize("loss", [0.0, 0.05, 0.1, 0.2])
def test_loss_hides_no_host(where: Whereabouts, loss: float) -> None:
    kinds = (PingKind.ACK, PingKind.NEIGHBOUR)
    one_answer = {kind: REPLIES[kind] for kind in kinds}
    network = Network(dict.fromkeys(range(0, 400, 2), one_answer), loss, 0.005, 0.01)
    done = sweep(400, network, where=where).run()
    assert done.found(HostState.UP) == set(range(0, 400, 2))
    assert done.core.loss.share == pytest.approx(loss, abs=0.08)


def test_hosts_slower_than_their_timeout_are_found_while_listening() -> None:
    answers = all_answering(range(30))
    done = sweep(60, Network({**answers, 40: REPLIES}, delay=0.002))
    usual = done.send

    def send(batch: np.ndarray) -> SendReport:
        done.network.delay = 0.002
        report = usual(batch[batch["host"] != 40])
        done.network.delay = 0.7
        usual(batch[batch["host"] == 40])
        return SendReport(np.full(len(batch), done.now), report.problems)

    done.send = send
    done.run()
    assert 40 in done.found(HostState.UP)


def test_a_neighbour_sweep_needs_no_second_longer_than_two_rounds() -> None:
    done = sweep(254, Network(all_answering(range(0, 240, 6))), where=LINK, timing=TEMPLATES[3])
    done.run()
    assert len(done.found(HostState.UP)) == 40
    assert done.now - 100.0 < 0.6
    assert max(done.copies().values()) == 2
    silent = sweep(4, Network({}), where=LINK).run()
    assert silent.now - 100.0 == pytest.approx(0.4, abs=0.05), "200 ms before anybody answered"


def test_a_dark_network_is_swept_faster_than_the_start_rate() -> None:
    done = sweep(5_000, Network(all_answering([3, 4_000]), delay=0.02)).run()
    assert done.found(HostState.UP) == {3, 4_000}
    start = TEMPLATES[4].start_rate
    assert start * 2 < done.most_within(0.5) * 2 <= start * 8 * 1.1


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([3.0, 50.0, 400.0]), st.integers(0, 4))
def test_the_rate_cap_holds(rate: float, seed: int) -> None:
    timing = TEMPLATES[4].with_bounds(max_rate=rate)
    done = sweep(30, Network(all_answering([1, 8]), loss=0.1, seed=seed), timing=timing).run()
    for span in (0.5, 1.0, 4.0):
        assert done.most_within(span) <= rate * span + max(1.0, rate * 0.02) + 1


def test_scan_delay_and_parallelism_hold_exactly() -> None:
    timing = TEMPLATES[2]
    done = sweep(3, Network(all_answering([1]), delay=0.6), timing=timing).run()
    assert done.most_in_flight == 1
    gaps = np.diff([time for time, *_ in done.log])
    assert gaps.min() >= timing.scan_delay - 1e-6
    wide = TEMPLATES[4].with_bounds(max_parallelism=7)
    assert sweep(60, Network({}), timing=wide).run().most_in_flight == 7


def test_a_pause_sends_nothing_but_still_listens() -> None:
    ready = sweep(400, Network(all_answering(range(400)), delay=0.05)).run_until_sent(40)
    ready.core.paused = True
    sent = len(ready.log)
    for _ in range(50):
        ready.turn()
    assert len(ready.log) == sent
    assert ready.found(HostState.UP)
    ready.core.paused = False
    assert len(ready.run().found(HostState.UP)) == 400


def test_hosts_added_while_running_are_asked_and_doubles_are_not() -> None:
    ready = sweep(3, Network(all_answering([1, 50]))).run_until_sent(4)
    more = hosts(1, 50, 51, 50)
    ready.core.add(more, np.full(4, 4, np.uint8), np.full(4, ROUTED, np.uint8))
    ready.run()
    assert ready.found(HostState.UP) == {1, 50}
    assert ready.found(HostState.DOWN) == {0, 2, 51}
    assert len(ready.verdicts) == 5


def test_dropped_hosts_are_left_alone() -> None:
    ready = sweep(200, Network(all_answering(range(200)), delay=0.05)).run_until_sent(40)
    ready.core.drop(hosts(0, 199, 5_000))
    before = ready.copies()
    ready.run()
    assert ready.found(HostState.UP) == set(range(1, 199))
    assert not ready.found(HostState.DOWN)
    assert [ready.copies()[0, kind] for kind in KINDS] == [before[0, kind] for kind in KINDS]


def test_asking_again_decides_again() -> None:
    ready = sweep(3, Network(all_answering([0])))
    ready.run()
    ready.network.up = all_answering([1])
    ready.core.ask_again(hosts(0, 1, 1, 77))
    assert not ready.core.finished(ready.now)
    ready.run()
    assert ready.found(HostState.UP) == {1} and ready.found(HostState.DOWN) == {0, 2}
    assert len(ready.verdicts) == 5


def test_asking_again_in_the_middle_keeps_the_counts_right() -> None:
    ready = sweep(40, Network(all_answering(range(0, 40, 3)), delay=0.02, jitter=0.1, loss=0.1))
    turns = 0

    def interfere(one: Sweep) -> None:
        nonlocal turns
        turns += 1
        if turns % 7 == 0 and turns < 80:
            one.core.drop(hosts(turns % 40, 3))
            one.core.ask_again(hosts(turns % 40, 3, 4))

    ready.every_turn = interfere
    ready.run()
    assert ready.found(HostState.UP) | ready.found(HostState.DOWN) == set(range(40))
    assert ready.core.in_flight == ready.core.open_hosts == 0


def test_hosts_that_need_no_asking_are_told_at_once_and_again() -> None:
    core = DiscoveryCore(DiscoverySpec(Mode.ASSUME_UP), TEMPLATES[3], seed=1)
    where = np.array([ROUTED, Whereabouts.OURS], np.uint8)
    core.add(hosts(4, 9), np.full(2, 4, np.uint8), where)
    for _ in range(2):
        told = core.take_verdicts()
        assert told["host"].tolist() == [4, 9]
        assert told["reason"].tolist() == [Reason.USER_SET, Reason.LOCALHOST_RESPONSE]
        assert np.isnan(told["time"]).all()
        core.ask_again(hosts(4, 9))
    assert core.finished(0.0)


def test_a_listing_sends_nothing() -> None:
    done = sweep(5, Network(all_answering(range(5))), spec=DiscoverySpec(Mode.LIST)).run()
    assert not done.log
    done.verdicts.extend(done.core.take_verdicts())
    assert {int(one["reason"]) for one in done.verdicts} == {Reason.USER_SET}


# -------------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("number", "state", "reason"),
    [
        (113, HostState.DOWN, Reason.NO_RESPONSE),
        (101, HostState.UNKNOWN, Reason.NO_ROUTE),
    ],
)
def test_hosts_that_cannot_be_reached_are_given_up(
    number: int, state: HostState, reason: Reason
) -> None:
    ready = sweep(2, Network(all_answering([1])))
    fine = ready.send

    def send(batch: np.ndarray) -> SendReport:
        times = fine(batch).sent_at
        times[batch["host"] == 0] = np.nan
        return SendReport(times, (SendProblem(number, (0, 999), "no way", lasting=True),))

    ready.send = send
    ready.run()
    found = {int(one["host"]): (one["state"], one["reason"]) for one in ready.verdicts}
    assert found[0] == (state, reason)
    assert found[1][0] == HostState.UP


def test_probes_our_machine_refuses_end_their_question() -> None:
    ready = sweep(2, Network({}))

    def send(batch: np.ndarray) -> SendReport:
        times = np.full(len(batch), ready.now)
        times[(batch["host"] == 0) | (batch["technique"] == PingKind.ECHO)] = REFUSED
        return SendReport(times)

    ready.send = send
    ready.run()
    found = {int(one["host"]): (one["state"], one["reason"]) for one in ready.verdicts}
    assert found[0] == (HostState.UNKNOWN, Reason.PERM_DENIED)
    assert found[1] == (HostState.DOWN, Reason.NO_RESPONSE)


def test_probes_that_could_not_leave_are_sent_later() -> None:
    ready = sweep(50, Network(all_answering(range(50))))
    fine, refusals = ready.send, 5

    def send(batch: np.ndarray) -> SendReport:
        nonlocal refusals
        refusals -= 1
        if refusals > 0:
            problem = SendProblem(105, (), "no buffer space", lasting=False)
            return SendReport(np.full(len(batch), np.nan), (problem,))
        return fine(batch)

    ready.send = send
    assert ready.run().found(HostState.UP) == set(range(50))


replies = st.lists(
    st.tuples(
        st.integers(0, 40) | st.integers(0, 2**32 - 1),
        st.sampled_from([0, 80, 443]) | st.integers(0, 65_535),
        st.integers(0, 255),
        st.integers(0, 255),
        st.integers(0, 255),
        st.integers(0, 255),
        st.integers(0, 2**32 - 1) | st.sampled_from(sorted(REPLIES.values())),
        st.floats(-1e6, 1e6),
    ),
    max_size=30,
)


def _fits(record: tuple[int, ...]) -> bool:
    """Whether a record answers a ping that was sent (hosts 0 to 9, first copies)."""
    host, port, _, technique, attempt, *_ = record
    known = any((port, technique) == (probe.port, probe.kind) for probe in DEFAULT_PINGS)
    return host < 10 and known and attempt in (0, 255)


@settings(max_examples=150, deadline=None)
@given(replies.map(lambda records: [one for one in records if not _fits(one)]))
def test_answers_to_nothing_that_was_asked_change_nothing(records: list[tuple[int, ...]]) -> None:
    ready = sweep(10, Network({})).run_until_sent(40)
    before = (ready.core.open_hosts, ready.core.in_flight)
    assert not len(ready.core.feed(ready.now, ReplyBatch(np.array(records, REPLY))))
    assert (ready.core.open_hosts, ready.core.in_flight) == before
    assert not len(ready.core.take_verdicts())


@settings(max_examples=60, deadline=None)
@given(replies)
def test_any_answers_leave_a_core_that_ends(records: list[tuple[int, ...]]) -> None:
    ready = sweep(10, Network({})).run_until_sent(40)
    ready.core.feed(ready.now, ReplyBatch(np.array(records, REPLY)))
    ready.run()
    assert ready.core.in_flight == ready.core.open_hosts == 0


def test_an_answer_that_says_nothing_leaves_the_question_open() -> None:
    ready = sweep(1, Network({0: {PingKind.ACK: answer_code(AnswerKind.TCP, SYN)}})).run()
    assert ready.found(HostState.DOWN) == {0}
    assert ready.copies()[0, PingKind.ACK] == 2


def test_answers_before_anything_was_sent_are_ignored() -> None:
    ready = sweep(1, Network({}))
    early = np.array([(0, 80, 0, PingKind.ACK, 0, 60, REPLIES[PingKind.ACK], 99.0)], REPLY)
    assert not len(ready.core.feed(99.0, ReplyBatch(early)))


def test_new_timing_counts_at_once() -> None:
    ready = sweep(100, Network({}), timing=TEMPLATES[4]).run_until_sent(20)
    slow = replace(TEMPLATES[4], max_rate=10.0, max_retries=0)
    ready.core.set_timing(slow)
    since = ready.now
    ready.run()
    gaps = [time for time, *_ in ready.log if time > since]
    assert np.diff(gaps).min() > 0.05
    assert max(ready.copies().values()) == 1


def test_polls_hand_out_probes_as_the_transport_knows_them() -> None:
    timing = TEMPLATES[4].with_bounds(min_rate=1e6)
    core = sweep(1, Network({}), timing=timing).core
    core.poll(0.0)
    batch = core.poll(1.0).batch
    assert batch.dtype == PROBE and len(batch) == 3
    assert batch["protocol"].tolist() == [kind.facts.protocol for kind in batch_kinds(batch)]


def batch_kinds(batch: np.ndarray) -> list[PingKind]:
    return [PingKind(kind) for kind in batch["technique"].tolist()]


def test_a_core_that_is_done_need_not_be_called_again() -> None:
    done = sweep(3, Network(all_answering(range(3)))).run()
    assert done.core.poll(done.now).wake_at == np.inf
    done.core.ask_again(hosts(1))
    assert done.core.poll(done.now).wake_at < np.inf

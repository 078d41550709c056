"""Who is suspected of answering on everything, how suspects are asked, and who is marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from engine.core.batch import REPLY, SNAP, ProbeBatch, ReplyBatch
from engine.core.liars import MANY, LiarKind, LiarWatch
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind, answer_code

SYN_ACK = answer_code(AnswerKind.TCP, SYN | ACK | WINDOW_OPEN)
RESET = answer_code(AnswerKind.TCP, RST | ACK)
CONNECTED = answer_code(AnswerKind.ERRNO, 0)
REFUSED = answer_code(AnswerKind.ERRNO, 111)
SILENT = None

Answer = Callable[[int, int, int], int | None]
"""(host, technique, port) -> the answer's code, or SILENT."""


def packet(window: int, options: bool, ttl: int = 64, version: int = 4) -> bytes:
    head = IP(ttl=ttl) if version == 4 else IPv6(hlim=ttl)
    offer = [("MSS", 1460)] if options else []
    return bytes(head / TCP(flags="SA", window=window, options=offer))


def replies(
    rows: Iterable[tuple[int, int, int, int]], ttl: int = 64, raw: bytes = b""
) -> ReplyBatch:
    """(host, technique, port, code) as the transport hands them over."""
    found = list(rows)
    records = np.zeros(len(found), REPLY)
    for record, (host, technique, port, code) in zip(records, found, strict=True):
        record["host"], record["technique"], record["port"] = host, technique, port
        record["answer"], record["protocol"] = code, Protocol.TCP
        record["ttl"] = ttl
    if not raw:
        return ReplyBatch(records)
    packets = np.zeros((len(found), SNAP), np.uint8)
    packets[:, : len(raw)] = np.frombuffer(raw, np.uint8)
    return ReplyBatch(records, packets, np.full(len(found), len(raw), np.uint16))


class Interview:
    """A watch, and hosts that answer it on a clock of its own."""

    def __init__(self, asked: Iterable[int], answer: Answer, raw: bytes = b"") -> None:
        self.asked = sorted(asked)
        self.watch = LiarWatch(self.asked, 1)
        self.answer, self.raw = answer, raw
        self.now = 0.0
        self.questions: list[ProbeBatch] = []

    def scan(self, technique: ScanType = ScanType.SYN, hosts: int = 1) -> Interview:
        for start in range(0, len(self.asked), 40):
            for host in range(hosts):
                self._tell(host, technique, self.asked[start : start + 40])
        return self

    def _tell(self, host: int, technique: int, ports: list[int]) -> None:
        rows = [(host, technique, port, self.answer(host, technique, port)) for port in ports]
        heard = [(h, t, p, code) for h, t, p, code in rows if code is not None]
        self.watch.note(self.now, replies(heard, raw=self.raw))

    def question(self) -> list[LiarKind]:
        """Let the watch ask until it has judged; the kinds of liars found."""
        while self.watch.busy:
            batch = self.watch.poll(self.now)
            if not len(batch):
                self.now = max(self.now, min(self.watch.wake_at, self.now + 5))
                assert self.now < 600
                continue
            self.questions.append(batch)
            for probe in batch:
                self._tell(int(probe["host"]), int(probe["technique"]), [int(probe["port"])])
        return [mark.kind for mark in self.watch.take_marks()]


def everything_open(host: int, technique: int, port: int) -> int | None:
    return SYN_ACK if technique == ScanType.SYN else answer_code(AnswerKind.TCP, RST)


def proxy(host: int, technique: int, port: int) -> int | None:
    return SYN_ACK if technique == ScanType.SYN else SILENT


def server(opened: Iterable[int], closed: int | None = RESET) -> Answer:
    ports = frozenset(opened)

    def answer(host: int, technique: int, port: int) -> int | None:
        if technique == ScanType.ACK:
            return answer_code(AnswerKind.TCP, RST)
        return SYN_ACK if port in ports else closed

    return answer


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("asked", [range(1, 1001), range(1, 65_536)])
def test_each_kind_of_liar_is_told_by_its_packets(asked: range, version: int) -> None:
    cases = [
        (proxy, packet(0, options=False, version=version), LiarKind.TARPIT),
        (proxy, packet(0, options=True, version=version), LiarKind.SYN_PROXY),
        (proxy, packet(8192, options=True, version=version), LiarKind.CATCH_ALL),
        (everything_open, packet(8192, options=True, version=version), LiarKind.CATCH_ALL),
    ]
    for answer, raw, kind in cases:
        assert Interview(asked, answer, raw).scan().question() == [kind]


def test_a_syn_ack_from_farther_away_than_the_resets_is_a_proxy_s() -> None:
    interview = Interview(range(1, 1001), proxy, packet(8192, options=True, ttl=63))
    resets = [(0, int(ScanType.SYN), port, RESET) for port in range(2000, 2002)]
    interview.watch.note(0.0, replies(resets, ttl=55))
    assert interview.scan().question() == [LiarKind.SYN_PROXY]


def test_connect_scans_find_liars_without_packets() -> None:
    interview = Interview(range(1, 201), lambda host, technique, port: CONNECTED)
    assert interview.scan(ScanType.CONNECT).question() == [LiarKind.CATCH_ALL]
    assert {int(probe["technique"]) for probe in np.concatenate(interview.questions)} == {
        ScanType.CONNECT
    }


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (range(1, 65_536), server(range(1000, 1500))),
        (range(5000, 5060), server(range(5000, 5060))),
        (range(5000, 5060), server(range(5000, 5060), closed=SILENT)),
        (range(1, 65_536), server(range(5000, 5060), closed=SILENT)),
        (range(1, MANY), proxy),
        (range(1, 1001), server(())),
    ],
)
def test_honest_hosts_are_not_marked(asked: range, answer: Answer) -> None:
    interview = Interview(asked, answer, packet(8192, options=True)).scan()
    assert interview.question() == []
    assert not interview.watch.busy


def test_a_server_with_many_open_ports_is_not_even_asked() -> None:
    interview = Interview(range(1, 65_536), server(range(1000, 1500))).scan()
    assert not interview.watch.busy and not interview.questions


def test_asking_open_ports_again_makes_nobody_a_suspect() -> None:
    """As engine.core.sentinels does, to learn what silence elsewhere is worth."""
    watch = LiarWatch(range(1, 1001), 1)
    for copy in range(16):
        again = replies([(0, ScanType.SYN, port, SYN_ACK) for port in range(20, 25)])
        again.records["attempt"] = copy
        watch.note(1.0, again)
    assert not watch.busy


def test_what_was_not_asked_for_is_kept_from_the_scan() -> None:
    asked = range(1, 201)
    interview = Interview(asked, proxy).scan()
    batch = interview.watch.poll(0.0)
    doors = batch[batch["technique"] == ScanType.SYN]
    acks = batch[batch["technique"] == ScanType.ACK]
    assert len(doors) == len(acks) == 8
    assert not set(doors["port"].tolist()) & set(asked)
    assert set(acks["port"].tolist()) <= set(asked)
    rows = [(0, int(ScanType.SYN), int(doors["port"][0]), SYN_ACK)]
    rows += [(0, int(ScanType.ACK), int(acks["port"][0]), answer_code(AnswerKind.TCP, RST))]
    rows += [(0, int(ScanType.SYN), 7, SYN_ACK), (1, int(ScanType.ACK), 7, RESET)]
    assert interview.watch.note(0.1, replies(rows)).tolist() == [True, True, False, False]


def test_a_scan_of_many_ports_touches_no_others() -> None:
    interview = Interview(range(1, 20_001), proxy).scan()
    interview.question()
    assert {int(probe["port"]) for batch in interview.questions for probe in batch} <= {
        *range(1, 20_001)
    }


def test_lost_answers_are_asked_for_again() -> None:
    lost: set[tuple[int, int]] = set()

    def answer(host: int, technique: int, port: int) -> int | None:
        if port > 200 and (technique, port) not in lost:
            lost.add((technique, port))
            return SILENT
        return proxy(host, technique, port)

    interview = Interview(range(1, 201), answer, packet(0, options=True)).scan()
    assert interview.question() == [LiarKind.SYN_PROXY]
    assert [int(batch["attempt"][0]) for batch in interview.questions] == [0, 1]


def test_many_liars_are_asked_a_few_at_a_time_and_each_once() -> None:
    interview = Interview(range(1, 101), proxy, packet(0, options=True)).scan(hosts=200)
    most = max(len(np.unique(batch["host"])) for batch in [interview.watch.poll(0.0)])
    assert most == 64
    assert len(interview.question()) == 200
    assert interview.scan(hosts=200).question() == []


def test_a_host_that_is_scanned_again_is_judged_again() -> None:
    interview = Interview(range(1, 201), proxy, packet(0, options=True)).scan()
    assert interview.question() == [LiarKind.SYN_PROXY]
    interview.answer, interview.raw = server(range(1, 9)), packet(8192, options=True)
    interview.watch.forget(0)
    interview.watch.forget(9)
    assert interview.scan().question() == []
    interview.answer, interview.raw = everything_open, packet(8192, options=True)
    interview.watch.forget(0)
    assert interview.scan().question() == [LiarKind.CATCH_ALL]


def test_ports_added_later_are_the_scan_s_own() -> None:
    interview = Interview(range(1, 201), proxy).scan()
    interview.watch.asked = {*range(1, 201), *range(20_000, 60_000)}
    questions = interview.watch.poll(0.0)
    rows = [(0, int(ScanType.SYN), int(port), SYN_ACK) for port in questions["port"]]
    assert not interview.watch.note(0.0, replies(rows)).any()


def test_marks_say_what_it_means_in_one_line() -> None:
    interview = Interview(range(1, 201), proxy, packet(0, options=True)).scan()
    while interview.watch.busy:
        for probe in interview.watch.poll(interview.now):
            interview._tell(0, int(probe["technique"]), [int(probe["port"])])
        interview.now += 0.5
    (mark,) = interview.watch.take_marks()
    assert mark.host == 0 and "SYN proxy" in mark.text and "\n" not in mark.text
    assert interview.watch.take_marks() == ()


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 40), st.integers(0, 65_535), st.integers(0, 2**32 - 1)
        ),
        max_size=80,
    ),
    st.binary(max_size=SNAP),
)
def test_no_answer_and_no_packet_upsets_it(
    rows: list[tuple[int, int, int, int]], raw: bytes
) -> None:
    watch = LiarWatch(range(1, 100), 7)
    for host in range(4):
        watch.note(0.0, replies([(host, int(ScanType.SYN), port, SYN_ACK) for port in range(60)]))
    watch.poll(0.0)
    assert len(watch.note(0.5, replies(rows, raw=raw))) == len(rows)
    for second in range(1, 6):
        watch.poll(float(second))
    assert not watch.busy

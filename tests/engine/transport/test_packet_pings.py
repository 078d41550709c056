"""Pings through the packet channel: on loopback, and between namespaces of the test's own."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from engine.core.batch import PROBE, REFUSED, UNKNOWN_ATTEMPT, ProbeBatch, ReplyBatch
from engine.spec.ping import PingKind
from engine.techniques.answer import AnswerKind, split_answer
from tests.engine.transport.packet_scanner import V4, V6, Scanner, pair, scanning
from tests.lab.namespace import command, inside

__all__ = ["pair"]

pytestmark = pytest.mark.root


def pings(kind: PingKind, hosts: list[int], port: int = 0, attempt: int = 0) -> ProbeBatch:
    batch = np.zeros(len(hosts), PROBE)
    batch["host"], batch["port"], batch["attempt"] = hosts, port, attempt
    batch["technique"], batch["protocol"] = kind, kind.facts.protocol
    return batch


def answers(scanner: Scanner, count: int, patience: float = 2.0) -> list[ReplyBatch]:
    """What comes back until ``count`` answers are there, or patience ends."""
    batches: list[ReplyBatch] = []
    end = time.monotonic() + patience
    while sum(map(len, batches)) < count and time.monotonic() < end:
        batches.append(scanner.channel.drain(time.monotonic()))
        time.sleep(0.005)
    return batches


def wait_for(scanner: Scanner, host: int) -> None:
    """Ask until the link, just made, carries answers: IPv6 takes a moment."""
    for _try in range(30):
        scanner.channel.send(pings(PingKind.NEIGHBOUR, [host]))
        if sum(map(len, answers(scanner, 1, 0.1))):
            return
    raise AssertionError("the link does not come up")


@pytest.mark.parametrize(
    ("kind", "target", "port", "kinds"),
    [
        (PingKind.ECHO, "127.0.0.1", 0, {(AnswerKind.ICMP4, 0)}),
        (PingKind.ECHO, "::1", 0, {(AnswerKind.ICMP6, 129 << 8)}),
        (PingKind.TIMESTAMP, "127.0.0.1", 0, {(AnswerKind.ICMP4, 14 << 8)}),
        (PingKind.SYN, "127.0.0.1", 1, {(AnswerKind.TCP, 0x14)}),
        (PingKind.ACK, "127.0.0.1", 1, {(AnswerKind.TCP, 0x04)}),
        (PingKind.ACK, "::1", 1, {(AnswerKind.TCP, 0x04)}),
        (PingKind.UDP, "127.0.0.1", 1, {(AnswerKind.ICMP4, 0x0303)}),
    ],
)
def test_loopback_answers_each_kind_once(
    kind: PingKind, target: str, port: int, kinds: set[tuple[AnswerKind, int]]
) -> None:
    def work(scanner: Scanner) -> None:
        assert np.isfinite(scanner.send(pings(kind, [0], port, attempt=1)).sent_at).all()
        batches = answers(scanner, 1) + answers(scanner, 1, 0.05)
        records = np.concatenate([batch.records for batch in batches])
        (record,) = records
        assert (record["host"], record["port"], record["attempt"]) == (0, port, 1)
        assert record["technique"] == kind
        assert record["protocol"] == kind.facts.protocol
        answer, detail, from_target = split_answer(int(record["answer"]))
        assert (answer, detail) in kinds
        assert from_target
        assert sum(batch.rejected for batch in batches) == 0

    scanning(None, target, work)


def test_a_kind_the_version_lacks_is_refused_in_words() -> None:
    def work(scanner: Scanner) -> None:
        report = scanner.channel.send(pings(PingKind.MASK, [0]))
        assert report.sent_at.tolist() == [REFUSED]
        (problem,) = report.problems
        assert problem.lasting
        assert not problem.whole_host
        assert "::1" in problem.text

    scanning(None, "::1", work)


@pytest.mark.parametrize(("target", "version"), [(V4, 4), (V6, 6), ("fe80::2%wire", 6)])
def test_a_neighbour_answers_for_its_own_address_only(
    pair: tuple[str, str], target: str, version: int
) -> None:
    silent = {4: "10.99.7.77", 6: "fd99::77"}[version]

    def work(scanner: Scanner) -> None:
        hosts = list(range(scanner.book.count))
        (known,) = [host for host in hosts if scanner.book.text(host) == target.partition("%")[0]]
        wait_for(scanner, known)
        report = scanner.channel.send(pings(PingKind.NEIGHBOUR, hosts))
        assert np.isfinite(report.sent_at).all()
        assert report.problems == ()
        (record,) = np.concatenate([batch.records for batch in answers(scanner, 2, 0.3)])
        host = int(record["host"])
        assert host == known
        assert record["technique"] == PingKind.NEIGHBOUR
        assert record["attempt"] == 0
        assert split_answer(int(record["answer"])) == (AnswerKind.NEIGHBOUR, version, True)
        assert report.sent_at[host] <= record["time"] <= time.monotonic()
        assert scanner.channel.hardware(host) == hardware
        assert scanner.channel.hardware(1 - host) == b""

    text = command("ip", "netns", "exec", pair[1], "cat", "/sys/class/net/wire/address")
    hardware = bytes.fromhex(text.strip().replace(":", ""))
    scanning(pair[0], f"{target} {silent}", work)


def test_what_a_ping_found_is_not_asked_for_again(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        wait_for(scanner, 0)
        command("ip", "-n", pair[1], "link", "set", "wire", "arp", "off")
        scanner.channel.send(pings(PingKind.NEIGHBOUR, [0], attempt=3))
        assert sum(map(len, answers(scanner, 1, 0.2))) == 0  # nobody would answer a question now
        report = scanner.channel.send(pings(PingKind.ECHO, [0]))
        assert np.isfinite(report.sent_at).all()

    scanning(pair[0], V4, work)


def test_two_questions_leave_open_which_one_was_answered(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        wait_for(scanner, 0)
        for attempt in (0, 1):
            scanner.channel.send(pings(PingKind.NEIGHBOUR, [0], attempt=attempt))
        (record,) = np.concatenate([batch.records for batch in answers(scanner, 2, 0.3)])
        assert record["attempt"] == UNKNOWN_ATTEMPT

    scanning(pair[0], V4, work)


def test_a_host_that_is_no_neighbour_is_refused_in_words() -> None:
    def work(scanner: Scanner) -> None:
        report = scanner.channel.send(pings(PingKind.NEIGHBOUR, [0]))
        assert report.sent_at.tolist() == [REFUSED]
        assert "127.0.0.1" in report.problems[0].text

    scanning(None, "127.0.0.1", work)


def test_a_broadcast_address_is_not_pinged(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        for kind in (PingKind.ECHO, PingKind.NEIGHBOUR):
            report = scanner.channel.send(pings(kind, [0]))
            assert np.isnan(report.sent_at).all()
            assert "broadcast" in report.problems[0].text

    scanning(pair[0], "10.99.7.255", work)


def test_an_answer_from_an_address_nobody_asked_is_counted_and_not_believed(
    pair: tuple[str, str],
) -> None:
    def forge() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("wire", 0))
            other = bytes.fromhex("020000000099")
            reply = bytes.fromhex("0001080006040002")
            sides = other + socket.inet_aton("10.99.7.88") + other + socket.inet_aton("10.99.7.1")
            wire.send(b"\xff" * 6 + other + b"\x08\x06" + reply + sides)

    def watch(scanner: Scanner) -> None:
        wait_for(scanner, 0)
        inside(pair[1], forge)
        batches = answers(scanner, 1, 0.2)
        assert sum(map(len, batches)) == 0
        assert sum(batch.rejected for batch in batches) == 1
        assert scanner.channel.hardware(1) == b""

    scanning(pair[0], f"{V4} 10.99.7.88", watch)

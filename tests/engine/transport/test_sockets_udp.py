"""The UDP channel against real sockets on this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, REFUSED, ProbeBatch
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets
from engine.techniques.answer import AnswerKind, answer_code
from engine.transport.sockets import udp_source
from engine.transport.sockets.udp import UdpChannel

OPEN = answer_code(AnswerKind.UDP, 0)
CLOSED = {
    "127.0.0.1": answer_code(AnswerKind.ICMP4, 0x0303),
    "::1": answer_code(AnswerKind.ICMP6, 0x0104),
}


def probes(*cells: tuple[int, int], attempt: int = 0) -> ProbeBatch:
    batch = np.zeros(len(cells), PROBE)
    batch["host"] = [host for host, _ in cells]
    batch["port"] = [port for _, port in cells]
    batch["protocol"] = Protocol.UDP
    batch["technique"] = ScanType.UDP
    batch["attempt"] = attempt
    return batch


def collect(channel: UdpChannel, count: int, seconds: float = 5.0) -> list[tuple[int, ...]]:
    """(host, port, attempt, answer) of ``count`` answers, or what came before time was up."""
    answers: list[tuple[int, ...]] = []
    end = time.monotonic() + seconds
    while len(answers) < count and time.monotonic() < end:
        for record in channel.drain(time.monotonic()).records:
            assert record["technique"] == ScanType.UDP
            assert record["protocol"] == Protocol.UDP
            answers.append(
                tuple(int(record[name]) for name in ("host", "port", "attempt", "answer"))
            )
    return answers


@pytest.fixture
def channel() -> Iterator[UdpChannel]:
    targets = resolve_targets(parse_targets("127.0.0.1 ::1")).targets
    made = UdpChannel(AddressBook(targets))
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[Callable[[str], socket.socket]]:
    made: list[socket.socket] = []

    def bind(address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        made.append(sock)
        sock.bind((address, 0))
        sock.settimeout(5)
        return sock

    yield bind
    for sock in made:
        sock.close()


def free_ports(address: str, count: int) -> list[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    held = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(count)]
    for sock in held:
        sock.bind((address, 0))
    ports = [int(sock.getsockname()[1]) for sock in held]
    for sock in held:
        sock.close()
    return ports


@pytest.mark.parametrize(("host", "address"), [(0, "127.0.0.1"), (1, "::1")])
def test_a_datagram_back_is_an_answer(
    channel: UdpChannel, server: Callable[[str], socket.socket], host: int, address: str
) -> None:
    echo = server(address)
    port = echo.getsockname()[1]
    report = channel.send(probes((host, port), attempt=2))
    assert report.problems == ()
    assert not np.isnan(report.sent_at).any()
    data, peer = echo.recvfrom(2048)
    assert data == b""
    for _ in range(3):
        echo.sendto(b"x" * 1400, peer)
    assert collect(channel, 1) == [(host, port, 2, OPEN)]


@pytest.mark.parametrize(("host", "address"), [(0, "127.0.0.1"), (1, "::1")])
def test_port_unreachable_from_the_target(channel: UdpChannel, host: int, address: str) -> None:
    # More than one ICMP error waits at the socket while later probes are sent.
    ports = free_ports(address, 5)
    report = channel.send(probes(*((host, port) for port in ports)))
    assert not np.isnan(report.sent_at).any()
    assert report.problems == ()
    assert collect(channel, 5) == [(host, port, 0, CLOSED[address]) for port in ports]


def test_a_known_port_gets_its_request(
    channel: UdpChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[bytes, int]] = []
    monkeypatch.setattr(
        udp_source.UdpSource,
        "_transmit",
        lambda self, payload, address: sent.append((payload, address[1])),
    )
    channel.send(probes((0, 53), (0, 9)))
    (request, dns_port), (nothing, discard_port) = sent
    assert (dns_port, discard_port) == (53, 9)
    assert len(request) > 12
    assert nothing == b""


def test_copies_leave_from_different_ports(
    channel: UdpChannel, server: Callable[[str], socket.socket]
) -> None:
    echo = server("127.0.0.1")
    port = echo.getsockname()[1]
    peers = []
    for attempt in range(2):
        channel.send(probes((0, port), attempt=attempt))
        peers.append(echo.recvfrom(64)[1])
    assert peers[0][1] != peers[1][1]
    echo.sendto(b"late", peers[0])
    assert collect(channel, 1) == [(0, port, 0, OPEN)]


def test_a_stranger_is_rejected(
    channel: UdpChannel, server: Callable[[str], socket.socket]
) -> None:
    target, stranger = server("127.0.0.1"), server("127.0.0.1")
    channel.send(probes((0, target.getsockname()[1])))
    _, peer = target.recvfrom(64)
    stranger.sendto(b"forged", ("127.0.0.1", peer[1]))
    replies = channel.drain(time.monotonic())
    assert (len(replies), replies.rejected) == (0, 1)


def test_an_answer_after_the_longest_wait_does_not_count(
    channel: UdpChannel, server: Callable[[str], socket.socket]
) -> None:
    target = server("127.0.0.1")
    report = channel.send(probes((0, target.getsockname()[1])))
    _, peer = target.recvfrom(64)
    channel.drain(float(report.sent_at[0]) + channel.max_age + 1)
    target.sendto(b"too late", ("127.0.0.1", peer[1]))
    replies = channel.drain(time.monotonic())
    assert (len(replies), replies.rejected) == (0, 1)


def test_too_many_awaited_answers_are_pressure(
    channel: UdpChannel,
    server: Callable[[str], socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(udp_source, "MOST_WAITING", 2)
    ports = [server("127.0.0.1").getsockname()[1] for _ in range(4)]
    report = channel.send(probes(*((0, port) for port in ports)))
    assert np.isnan(report.sent_at).tolist() == [False, False, True, True]
    (problem,) = report.problems
    assert (problem.lasting, problem.hosts) == (False, ())


def test_port_zero_is_refused_in_plain_words(channel: UdpChannel) -> None:
    report = channel.send(probes((0, 0), (0, 9)))
    assert (report.sent_at == REFUSED).tolist() == [True, False]
    (problem,) = report.problems
    assert problem.lasting
    assert "port 0" in problem.text


def test_closing_gives_every_descriptor_back(channel: UdpChannel) -> None:
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    for attempt in range(40):
        channel.send(probes((0, 9), (1, 9), attempt=attempt))
    assert len(channel.filenos()) == 32
    channel.close()
    channel.close()
    assert channel.filenos() == []
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before

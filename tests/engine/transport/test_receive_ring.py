"""Answers read from memory shared with the kernel: all of them, in order, round and round."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from engine.core.token import ProbeTokens
from engine.spec.scan_type import ScanType
from engine.transport.packet import PacketChannel, listener, receive_ring
from engine.transport.packet.receive_ring import ReceiveRing
from tests.engine.transport.packet_scanner import Scanner, cells

pytestmark = pytest.mark.root
ROUND = 256


class BusyScanner(Scanner):
    """A scanner that expects many answers."""

    def __init__(self, targets: str) -> None:
        super().__init__(targets)
        self.channel.close()
        self.channel = PacketChannel(self.book, ProbeTokens(), busy=True)


@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
def test_many_rounds_lose_nothing(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_ring, "_COUNT", ROUND)
    scanner = BusyScanner(target)
    try:
        for first in range(1, 5 * ROUND, 100):
            scanner.send(cells(range(first, first + 100), ScanType.SYN))
            scanner.collect(first + 99)
        assert len(scanner.states) == 13 * 100
        times = [reply.records["time"] for reply in scanner.replies]
        assert (np.diff(np.concatenate(times)) >= 0).all()
    finally:
        scanner.channel.close()


def test_answers_beyond_the_ring_are_lost_and_the_rest_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receive_ring, "_COUNT", ROUND)
    scanner = BusyScanner("127.0.0.1")
    try:
        scanner.send(cells(range(1, 3 * ROUND), ScanType.SYN))
        scanner.collect(ROUND)
        assert ROUND <= len(scanner.states) < 3 * ROUND - 1
        scanner.states.clear()
        scanner.send(cells(range(1, 101), ScanType.SYN))
        scanner.collect(100)
        assert len(scanner.states) == 100
    finally:
        scanner.channel.close()


def test_without_a_ring_system_calls_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(receiver: socket.socket) -> ReceiveRing:
        raise OSError

    monkeypatch.setattr(listener, "ReceiveRing", none)
    scanner = BusyScanner("127.0.0.1")
    try:
        scanner.send(cells(range(1, 101), ScanType.SYN))
        scanner.collect(100)
        assert len(scanner.states) == 100
    finally:
        scanner.channel.close()


def test_a_closed_ring_leaves_nothing_mapped() -> None:
    """A mapped ring keeps its socket, and the end of the process then waits for the kernel."""
    scanner = BusyScanner("127.0.0.1")
    scanner.send(cells(range(1, 50), ScanType.SYN))
    scanner.collect(49)
    assert _mapped_packet_sockets()
    scanner.channel.close()
    scanner.channel.close()
    assert not _mapped_packet_sockets()


def _mapped_packet_sockets() -> list[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in lines if "socket:[" in line]

"""What a recorder is shown by the channels: every packet, from its IP header on, in time."""

from __future__ import annotations

import socket
import threading
import time

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.spec.port_state import PortState
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.transport.sockets.connect import ConnectChannel
from tests.engine.transport.packet_scanner import V4, V6, Scanner, cells, pair, scanning
from tests.lab.namespace import inside

__all__ = ["pair"]
Shown = list[tuple[bytes, float]]


class Notebook:
    """A Recorder that keeps everything."""

    def __init__(self) -> None:
        self.out: Shown = []
        self.back: Shown = []
        self.begun: list[tuple[int, float]] = []
        self.ended: list[int] = []
        self._lock = threading.Lock()

    def sent(self, packets: np.ndarray, lengths: np.ndarray, times: np.ndarray) -> None:
        self._keep(self.out, packets, lengths, times)

    def received(self, packets: np.ndarray, lengths: np.ndarray, times: np.ndarray) -> None:
        self._keep(self.back, packets, lengths, times)

    def asked(self, probes: np.ndarray, times: np.ndarray, book: object) -> None:
        self.begun += zip(probes["port"].tolist(), times.tolist(), strict=True)

    def answered(self, records: np.ndarray, book: object) -> None:
        self.ended += records["port"].tolist()

    def _keep(
        self, shown: Shown, packets: np.ndarray, lengths: np.ndarray, times: np.ndarray
    ) -> None:
        with self._lock:
            for packet, length, moment in zip(packets, lengths, times, strict=True):
                shown.append((packet[:length].tobytes(), float(moment)))


@pytest.mark.root
@pytest.mark.parametrize("address", [V4, V6, "127.0.0.1"])
def test_both_sending_threads_and_every_answer(pair: tuple[str, str], address: str) -> None:
    here, _there = pair

    def work(scanner: Scanner) -> None:
        notebook = Notebook()
        scanner.channel.record(notebook)
        batch = cells(range(1, 1001), ScanType.SYN)
        report = scanner.send(batch)
        scanner.collect(len(batch))
        assert len(scanner.of(PortState.CLOSED)) == 1000
        expected = {scanner.channel.probe_packet(probe) for probe in batch}
        assert len(expected) == 1000
        assert {packet for packet, _ in notebook.out} == expected
        assert sorted(moment for _, moment in notebook.out) == sorted(report.sent_at.tolist())
        assert len(notebook.out) == len(notebook.back) == 1000
        arrivals = np.concatenate([batch.records["time"] for batch in scanner.replies])
        assert sorted(moment for _, moment in notebook.back) == sorted(arrivals.tolist())
        assert {packet[0] >> 4 for packet, _ in notebook.back} == {6 if ":" in address else 4}

    scanning(here if address in (V4, V6) else None, address, work)


@pytest.mark.root
@pytest.mark.parametrize("address", [V4, V6])
def test_recording_can_end_and_begin_again(pair: tuple[str, str], address: str) -> None:
    def work(scanner: Scanner) -> None:
        first, second = Notebook(), Notebook()
        for number, recorder in enumerate((first, None, second)):
            scanner.channel.record(recorder)
            scanner.send(cells([number + 1], ScanType.SYN))
            scanner.collect(number + 1)
        assert len(first.out) == len(first.back) == 1
        assert len(second.out) == len(second.back) == 1

    scanning(pair[0], address, work)


@pytest.mark.root
def test_rejected_packets_are_shown_too(pair: tuple[str, str]) -> None:
    here, there = pair

    def work(scanner: Scanner) -> None:
        notebook = Notebook()
        scanner.channel.record(notebook)
        scanner.send(cells([1], ScanType.SYN))
        scanner.collect(1)
        assert len(notebook.back) == 1
        tcp_port = scanner.channel._sent.ports.base
        with inside(there, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as forger:
            forger.sendto(b"\x1b[2J", ("10.99.7.1", tcp_port))
        end = time.monotonic() + 2
        while scanner.rejected < 1 and time.monotonic() < end:
            scanner.replies.append(scanner.channel.drain(time.monotonic()))
        assert scanner.rejected == 1
        assert len(notebook.back) == 2
        assert notebook.back[1][0].endswith(b"\x1b[2J")

    scanning(here, V4, work)


def test_connections_are_shown_when_they_begin_and_end() -> None:
    book = AddressBook(resolve_targets(parse_targets("127.0.0.1")).targets)
    notebook = Notebook()
    channel = ConnectChannel(book)
    channel.record(notebook)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            ports = [server.getsockname()[1], taken.getsockname()[1]]
            report = channel.send(cells(ports, ScanType.CONNECT))
            end = time.monotonic() + 2
            while len(notebook.ended) < 2 and time.monotonic() < end:
                channel.drain(time.monotonic())
    finally:
        channel.close()
    assert notebook.begun == list(zip(ports, report.sent_at.tolist(), strict=True))
    assert sorted(notebook.ended) == sorted(ports)

"""The packet channel on the wire: loopback, and hosts in network namespaces of our own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from scapy.layers.inet import IP, TCP

from engine.spec.port_state import PortState
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from tests.engine.transport.packet_scanner import (
    GATEWAY_LESS,
    V4,
    V6,
    Scanner,
    cells,
    pair,
    scanning,
)
from tests.lab.namespace import inside, ip_batch

pytestmark = pytest.mark.root
__all__ = ["pair"]
TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_open_and_closed_and_the_ports_we_send_from(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind((address, 0))
    listener.listen()
    opened = listener.getsockname()[1]

    def work(scanner: Scanner) -> None:
        base = scanner.channel._sent.ports.base
        ports = sorted({opened, *range(base, base + 256)})
        assert not scanner.send(cells(ports, ScanType.SYN)).problems
        scanner.collect(len(ports))
        assert scanner.of(PortState.OPEN) == [opened]
        assert len(scanner.of(PortState.CLOSED)) == len(ports) - 1
        assert scanner.rejected == 0
        scanner.states.clear()
        few = list(range(base, base + 40))
        scanner.send(cells(few, ScanType.UDP))
        scanner.collect(len(few))
        assert scanner.of(PortState.CLOSED) == few

    with listener:
        scanning(None, address, work)


@pytest.mark.parametrize("address", [V4, V6, "fe80::2%wire"])
def test_open_and_closed_ports_across_a_wire(pair: tuple[str, str], address: str) -> None:
    here, there = pair

    def listen() -> list[socket.socket]:
        tcp = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
        udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        udp.bind(("::", 9090))
        return [tcp, udp]

    def work(scanner: Scanner) -> None:
        ports = [*range(8000, 8100)]
        report = scanner.send(cells(ports, ScanType.SYN))
        assert not report.problems
        assert not np.isnan(report.sent_at).any()
        scanner.collect(len(ports))
        assert scanner.of(PortState.OPEN) == [8080]
        assert len(scanner.of(PortState.CLOSED)) == 99
        scanner.states.clear()
        few = [*range(9080, 9100)]
        scanner.send(cells(few, ScanType.UDP))
        scanner.collect(19)
        assert scanner.of(PortState.CLOSED) == [port for port in few if port != 9090]
        record = scanner.replies[-1].records[-1]
        assert record["ttl"] == 64
        assert scanner.rejected == 0

    sockets = inside(there, listen)
    try:
        scanning(here, address, work)
    finally:
        for opened in sockets:
            opened.close()


def test_every_port_of_a_host_is_answered(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        batch = cells(range(1, 65536), ScanType.SYN)
        decided = np.zeros(65536, bool)
        for start in range(0, len(batch), 8192):
            assert not scanner.send(batch[start : start + 8192]).problems
            decided[scanner.channel.drain(time.monotonic()).records["port"]] = True
        decided[scanner.channel.drain(time.monotonic()).records["port"]] = True
        assert decided[1:].all()

    scanning(pair[0], V4, work)


def test_the_next_batch_may_set_out_while_the_last_probes_of_one_leave(
    pair: tuple[str, str],
) -> None:
    def work(scanner: Scanner) -> None:
        assert not scanner.send(cells([1], ScanType.SYN)).problems
        first = scanner.channel.begin(cells(range(2, 6_000), ScanType.SYN))
        sent_at = first.take_part()
        second = scanner.channel.begin(cells(range(6_000, 9_000), ScanType.SYN))
        outcome = first.report()
        assert sent_at is not None
        left = ~np.isnan(sent_at)
        assert left.any() and (outcome.sent_at[left] == sent_at[left]).all()
        assert np.isfinite(outcome.sent_at).all()
        assert np.isfinite(second.report().sent_at).all()
        scanner.collect(8_999)
        assert scanner.of(PortState.CLOSED) == list(range(1, 9_000))

    scanning(pair[0], V4, work)


def test_the_probe_shown_to_the_user_is_the_one_that_was_sent(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        probe = cells([80], ScanType.SYN)
        shown = scanner.channel.probe_packet(probe[0])
        scanner.send(probe)
        scanner.collect(1)
        assert scanner.channel.probe_packet(probe[0]) == shown
        (batch,) = [batch for batch in scanner.replies if len(batch)]
        answer = IP(batch.raw[0, : batch.raw_length[0]].tobytes())
        read = IP(shown)
        assert (read.src, read.dst, read[TCP].dport) == ("10.99.7.1", V4, 80)
        assert answer[TCP].ack == read[TCP].seq + 1 & 0xFFFFFFFF

    scanning(pair[0], V4, work)


def test_a_tunnel_gets_plain_packets_and_answers_through_it_count(pair: tuple[str, str]) -> None:
    def open_tunnel() -> int:
        tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH", b"tunnel", IFF_TUN_NO_PI))
        ip_batch(["addr add 10.123.0.9/24 dev tunnel", "link set tunnel up"], pair[0])
        return tunnel

    def work(scanner: Scanner) -> None:
        probes = cells([80, 81], ScanType.SYN)
        assert not scanner.send(probes).problems
        seen: list[IP] = []
        end = time.monotonic() + 5
        while len(seen) < 2 and time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                packet = IP(os.read(tunnel, 2048))
                seen += [packet] if packet.haslayer(TCP) else []
        assert [bytes(packet) for packet in seen] == [
            scanner.channel.probe_packet(probe) for probe in probes
        ]
        for packet, forged in zip(seen, (0, 1), strict=True):
            syn = packet[TCP]
            answer = TCP(sport=syn.dport, dport=syn.sport, flags="SA", ack=syn.seq + 1 + forged)
            os.write(tunnel, bytes(IP(src=packet.dst, dst=packet.src) / answer))
        scanner.collect(1)
        assert scanner.states == {(0, 80): PortState.OPEN}
        assert scanner.rejected + scanner.channel.drain(time.monotonic()).rejected == 1

    tunnel = inside(pair[0], open_tunnel)
    try:
        scanning(pair[0], GATEWAY_LESS, work)
    finally:
        os.close(tunnel)


def test_a_book_that_grows_mid_scan(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        scanner.send(cells([80], ScanType.SYN))
        scanner.book.extend(resolve_targets(parse_targets(V6)).targets)
        assert not scanner.send(cells([80, 81], ScanType.SYN, 1)).problems
        scanner.collect(3)
        assert scanner.of(PortState.CLOSED) == [80, 80, 81]

    scanning(pair[0], V4, work)


def descriptors() -> int:
    return sum(1 for _entry in Path("/proc/self/fd").iterdir())


def test_closing_gives_every_descriptor_back() -> None:
    before = descriptors()
    for _time in range(3):
        scanner = Scanner("127.0.0.1")
        scanner.send(cells([1], ScanType.SYN))
        assert descriptors() > before
        scanner.channel.close()
        scanner.channel.close()
    assert descriptors() == before

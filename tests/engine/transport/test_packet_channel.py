"""The packet channel on the wire: loopback, and hosts in network namespaces of our own."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scapy.layers.inet import IP, TCP

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, ProbeBatch, ReplyBatch, SendReport
from engine.core.token import ProbeTokens
from engine.spec.port_state import PortState
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.registry import technique
from engine.transport.packet import PacketChannel
from tests.lab.namespace import command, create, delete, inside, ip_batch

pytestmark = pytest.mark.root
V4, V6 = "10.99.7.2", "fd99::2"
GATEWAY_LESS = "10.123.0.1"
TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001


def cells(ports: range | list[int], scan_type: ScanType, host: int = 0) -> ProbeBatch:
    batch = np.zeros(len(ports), PROBE)
    batch["host"], batch["port"] = host, ports
    batch["technique"], batch["protocol"] = scan_type, scan_type.protocol
    return batch


class Scanner:
    """A channel with its book, and what came back so far."""

    def __init__(self, targets: str) -> None:
        self.book = AddressBook(resolve_targets(parse_targets(targets)).targets)
        self.channel = PacketChannel(self.book, ProbeTokens())
        self.states: dict[tuple[int, int], PortState] = {}
        self.replies: list[ReplyBatch] = []

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send, and again while neighbours are being looked for, as the engine would."""
        report = self.channel.send(batch)
        while np.isnan(report.sent_at).any() and not report.problems:
            time.sleep(0.02)
            report = self.channel.send(batch)
        return report

    def collect(self, count: int) -> None:
        """Read answers until ``count`` cells are decided, or two seconds have passed."""
        end = time.monotonic() + 2
        while len(self.states) < count and time.monotonic() < end:
            batch = self.channel.drain(time.monotonic())
            self.replies.append(batch)
            for record in batch.records:
                rules = technique(ScanType(int(record["technique"])))
                outcome = rules.classify(int(record["answer"]))
                assert outcome is not None
                self.states[int(record["host"]), int(record["port"])] = outcome.state

    def of(self, state: PortState) -> list[int]:
        return sorted(port for (_, port), found in self.states.items() if found is state)

    @property
    def rejected(self) -> int:
        return sum(batch.rejected for batch in self.replies)


def scanning(namespace: str | None, targets: str, work: Callable[[Scanner], None]) -> None:
    def run() -> None:
        scanner = Scanner(targets)
        try:
            work(scanner)
        finally:
            scanner.channel.close()
            scanner.channel.close()

    if namespace:
        inside(namespace, run)
    else:
        run()


@pytest.fixture
def pair() -> Iterator[tuple[str, str]]:
    """Two namespaces joined by a veth; the second is the target, without ICMP rationing."""
    here = create("here")
    try:
        there = create("there")
        try:
            ip_batch([f"link add wire type veth peer name wire netns {there}"], here)
            for name, number in ((here, 1), (there, 2)):
                ip_batch(
                    [
                        f"addr add 10.99.7.{number}/24 dev wire",
                        f"addr add fd99::{number}/64 dev wire nodad",
                        f"addr add fe80::{number}/64 dev wire nodad",
                        "link set wire up",
                    ],
                    name,
                )
            rates = ("net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
            command("ip", "netns", "exec", there, "sysctl", "-qw", *rates)
            yield here, there
        finally:
            delete(there)
    finally:
        delete(here)


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


def test_silent_neighbours_are_told_and_do_not_hold_up_the_others(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        names = [scanner.book.text(host) for host in range(4)]
        silent = {names.index(address) for address in ("10.99.7.77", "fd99::77")}
        batch = np.concatenate([cells([80], ScanType.SYN, host) for host in range(4)])
        first = scanner.channel.send(batch)
        assert all(np.isnan(first.sent_at[host]) for host in silent)
        assert first.problems == ()
        told: dict[int, str] = {}
        sent: set[int] = set()
        end = time.monotonic() + 10
        while len(told) + len(sent) < 4 and time.monotonic() < end:
            batch = batch[[host not in told and host not in sent for host in batch["host"]]]
            report = scanner.channel.send(batch)
            sent.update(batch["host"][~np.isnan(report.sent_at)].tolist())
            for problem in report.problems:
                assert (problem.lasting, problem.errno) == (True, errno.EHOSTUNREACH)
                told.update(dict.fromkeys(problem.hosts, problem.text))
            time.sleep(0.02)
        assert set(told) == silent
        assert all(names[host] in text for host, text in told.items())
        assert {text[:6] for text in told.values()} == {"no ARP", "no nei"}
        again = scanner.channel.send(cells([80], ScanType.SYN, min(silent)))
        assert again.problems == (), "a rescan looks for the neighbour again"

    scanning(pair[0], f"10.99.7.77 fd99::77 {V4} {V6}", work)


def test_a_silent_gateway_is_named(pair: tuple[str, str]) -> None:
    ip_batch(["route add default via 10.99.7.88"], pair[0])

    def work(scanner: Scanner) -> None:
        (problem,) = scanner.send(cells([80], ScanType.SYN)).problems
        assert problem.lasting
        assert "10.99.7.88" in problem.text
        assert GATEWAY_LESS in problem.text

    scanning(pair[0], GATEWAY_LESS, work)


def test_no_route_and_addresses_of_no_single_host_are_told(pair: tuple[str, str]) -> None:
    ip_batch(["route add 224.0.0.0/4 dev wire"], pair[0])

    def work(scanner: Scanner) -> None:
        names = [scanner.book.text(host) for host in range(scanner.book.count)]
        batch = np.concatenate([cells([80], ScanType.SYN, host) for host in range(len(names))])
        report = scanner.channel.send(batch)
        assert np.isnan(report.sent_at).all()
        assert all(problem.lasting for problem in report.problems)
        told = {names[host]: problem.errno for problem in report.problems for host in problem.hosts}
        assert told == {
            GATEWAY_LESS: errno.ENETUNREACH,
            "10.123.0.2": errno.ENETUNREACH,
            "2001:db8::1": errno.ENETUNREACH,
            "10.99.7.255": errno.EACCES,
            "224.0.0.9": errno.EACCES,
            "fe80::1": errno.ENODEV,
        }
        (shared,) = [problem for problem in report.problems if len(problem.hosts) == 3]
        assert "and 2 more" in shared.text

    scanning(
        pair[0],
        f"{GATEWAY_LESS}-2 10.99.7.255 224.0.0.9 2001:db8::1 fe80::1%nowhere",
        work,
    )


def test_an_interface_that_goes_down_or_away_mid_scan_is_told(pair: tuple[str, str]) -> None:
    here, there = pair

    def work(scanner: Scanner) -> None:
        assert not scanner.send(cells([80], ScanType.SYN)).problems
        ip_batch(["link set wire down"], there)
        (unplugged,) = scanner.send(cells([81], ScanType.SYN)).problems
        assert "no carrier" in unplugged.text
        ip_batch(["link set wire up"], there)
        ip_batch(["link set wire down"], here)
        (down,) = scanner.channel.send(cells([82], ScanType.SYN)).problems
        assert (down.errno, down.lasting) == (errno.ENETUNREACH, True)
        ip_batch(["link set wire up"], here)
        assert not scanner.send(cells([83], ScanType.SYN)).problems
        ip_batch(["link del wire"], here)
        report = scanner.channel.send(cells([84, 85], ScanType.SYN))
        (gone,) = report.problems
        assert np.isnan(report.sent_at).all()
        assert (gone.errno, gone.lasting, gone.hosts) == (errno.ENETDOWN, True, (0,))
        assert "interface wire went away" in gone.text
        scanner.channel.drain(time.monotonic())

    scanning(here, V4, work)


def test_a_local_firewall_that_refuses_is_told(pair: tuple[str, str]) -> None:
    rules = "add table inet t; add chain inet t out { type filter hook output priority 0; };"
    rules += " add rule inet t out ip daddr 127.0.0.2 drop"
    command("ip", "netns", "exec", pair[0], "nft", rules)

    def work(scanner: Scanner) -> None:
        refused = [scanner.book.text(host) for host in range(2)].index("127.0.0.2")
        batch = np.concatenate([cells([1, 2, 3], ScanType.SYN, host) for host in (0, 1)])
        report = scanner.channel.send(batch)
        (problem,) = report.problems
        assert (problem.errno, problem.lasting, problem.hosts) == (errno.EPERM, True, (refused,))
        assert "firewall" in problem.text
        assert np.array_equal(np.isnan(report.sent_at), batch["host"] == refused)
        scanner.collect(3)
        assert len(scanner.states) == 3

    scanning(pair[0], "127.0.0.1 127.0.0.2", work)


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
        seen = []
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


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN])
def test_full_queues_hand_the_rest_back(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(scanner: Scanner) -> None:
        real, calls = scanner.channel._sender.send, []

        def full(*arguments: object) -> int:
            calls.append(arguments)
            if len(calls) > 1:
                raise OSError(number, os.strerror(number))
            return real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(scanner.channel._sender, "send", full)
        report = scanner.channel.send(cells(range(1, 1001), ScanType.SYN))
        (problem,) = report.problems
        assert (problem.errno, problem.lasting, problem.hosts) == (number, False, ())
        assert np.isnan(report.sent_at).tolist() == [False] * 512 + [True] * 488
        scanner.collect(512)
        assert len(scanner.states) == 512

    scanning(None, "127.0.0.1", work)


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

"""The live transport: routing of probes, merging of answers, waiting and waking."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

import engine.transport.offers as offers_module
from engine.core.addressing import AddressBook
from engine.core.batch import (
    PROBE,
    REPLY,
    SNAP,
    ProbeBatch,
    ReplyBatch,
    SendProblem,
    SendReport,
    no_replies,
)
from engine.core.token import ProbeTokens
from engine.discovery.whereabouts import Whereabouts
from engine.spec.ping import DiscoverySpec, PingKind, PingProbe
from engine.spec.ports import parse_ports
from engine.spec.resolve import resolve_targets
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets
from engine.spec.timing import TEMPLATES
from engine.transport.base import Recorder
from engine.transport.live import (
    LiveTransport,
    Offer,
    TransportUnavailable,
    open_transport,
)
from engine.transport.merging import merge_replies
from engine.transport.sockets.connect import ConnectChannel
from engine.transport.sockets.udp import UdpChannel


class FakeChannel:
    """Notes what it is given, and gives what a test put in ``inbox``."""

    name = "fake"

    def __init__(self, *scan_types: ScanType) -> None:
        self.scan_types = frozenset(scan_types)
        self.pings: frozenset[PingKind] = frozenset()
        self.sent: list[ProbeBatch] = []
        self.inbox: list[ReplyBatch] = []
        self.problems: tuple[SendProblem, ...] = ()
        self.closed = 0
        self.recorder: Recorder | None = None
        self.near, self.far = socket.socketpair()

    def filenos(self) -> Sequence[int]:
        return [self.near.fileno()]

    def send(self, batch: ProbeBatch) -> SendReport:
        self.sent.append(batch)
        return SendReport(batch["port"].astype(np.float64), self.problems)

    def await_answers_for(self, seconds: float) -> None:
        pass

    def record(self, recorder: Recorder | None) -> None:
        self.recorder = recorder

    def hardware(self, host: int) -> bytes:
        return b""

    def probe_packet(self, probe: np.void) -> bytes:
        return b""

    def drain(self, now: float) -> ReplyBatch:
        return self.inbox.pop() if self.inbox else no_replies()

    def close(self) -> None:
        self.closed += 1
        self.near.close()
        self.far.close()


def probes(*kinds: ScanType) -> ProbeBatch:
    batch = np.zeros(len(kinds), PROBE)
    batch["technique"] = kinds
    batch["port"] = np.arange(1, len(kinds) + 1)
    return batch


def replies(count: int, raw: bytes = b"", rejected: int = 0) -> ReplyBatch:
    batch = ReplyBatch(np.zeros(count, REPLY), rejected=rejected)
    if raw:
        batch.raw = np.zeros((count, SNAP), np.uint8)
        batch.raw[:, : len(raw)] = np.frombuffer(raw, np.uint8)
        batch.raw_length = np.full(count, len(raw), np.uint16)
    return batch


def book() -> AddressBook:
    return AddressBook(resolve_targets(parse_targets("127.0.0.1")).targets)


def spec(*scan_types: ScanType, transport: str = "sockets") -> ScanSpec:
    return ScanSpec(
        targets=resolve_targets(parse_targets("127.0.0.1")).targets,
        ports=parse_ports("1-10", (Protocol.TCP, Protocol.UDP)),
        scan_types=scan_types,
        timing=TEMPLATES[4],
        transport=transport,
    )


def descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


class Deaf:
    """A Recorder that keeps nothing."""

    def sent(self, *_: object) -> None:
        pass

    received = asked = answered = sent


def test_a_recorder_is_shown_what_open_and_later_channels_do() -> None:
    tcp, udp = FakeChannel(ScanType.CONNECT), FakeChannel(ScanType.UDP)
    live = LiveTransport([tcp], [Offer(frozenset({ScanType.UDP}), lambda: udp)])
    assert tcp.recorder is None
    recorder = Deaf()
    live.record(recorder)
    live.open(ScanType.UDP)
    assert tcp.recorder is udp.recorder is recorder
    live.record(None)
    live.close()
    assert tcp.recorder is udp.recorder is None


def test_each_probe_goes_to_the_channel_of_its_scan_type_and_times_keep_their_order() -> None:
    tcp, udp = FakeChannel(ScanType.CONNECT, ScanType.SYN), FakeChannel(ScanType.UDP)
    udp.problems = (SendProblem(errno.ENOBUFS, (), "full", lasting=False),)
    live = LiveTransport([tcp, udp])
    report = live.send(probes(ScanType.UDP, ScanType.CONNECT, ScanType.UDP, ScanType.SYN))
    live.close()
    assert report.sent_at.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert report.problems == udp.problems
    assert [batch["port"].tolist() for batch in udp.sent] == [[1, 3]]
    assert sorted(port for batch in tcp.sent for port in batch["port"].tolist()) == [2, 4]


def test_a_scan_type_nobody_has_is_a_lasting_problem_of_ours() -> None:
    live = LiveTransport([FakeChannel(ScanType.CONNECT)])
    report = live.send(probes(ScanType.SYN, ScanType.CONNECT))
    live.close()
    assert np.isnan(report.sent_at).tolist() == [True, False]
    (problem,) = report.problems
    assert (problem.hosts, problem.lasting) == ((), True)
    assert "-sS" in problem.text


def test_an_offer_is_opened_on_first_use_and_once() -> None:
    opened: list[FakeChannel] = []

    def open_channel() -> FakeChannel:
        opened.append(FakeChannel(ScanType.UDP, ScanType.SYN))
        return opened[-1]

    live = LiveTransport(offers=[Offer(frozenset({ScanType.UDP, ScanType.SYN}), open_channel)])
    assert live.scan_types == {ScanType.UDP, ScanType.SYN}
    assert opened == []
    for kind in (ScanType.UDP, ScanType.SYN, ScanType.UDP):
        live.send(probes(kind))
    assert len(opened) == 1
    assert live.scan_types == {ScanType.UDP, ScanType.SYN}
    live.close()
    assert opened[0].closed == 1


@pytest.mark.parametrize(
    ("number", "lasting"), [(errno.EMFILE, False), (errno.EPERM, True), (errno.ENODEV, True)]
)
def test_an_offer_that_cannot_be_opened_is_reported_and_tried_again(
    number: int, lasting: bool
) -> None:
    tries = []

    def fail() -> FakeChannel:
        tries.append(1)
        raise OSError(number, "no luck")

    live = LiveTransport(offers=[Offer(frozenset({ScanType.UDP}), fail)])
    for _ in range(2):
        report = live.send(probes(ScanType.UDP))
        assert np.isnan(report.sent_at).all()
        (problem,) = report.problems
        assert (problem.errno, problem.lasting, problem.hosts) == (number, lasting, ())
        assert "no luck" in problem.text
    live.close()
    assert len(tries) == 2


def test_receive_returns_what_came_and_counts_what_was_rejected() -> None:
    channel = FakeChannel(ScanType.UDP)
    channel.inbox = [replies(2), replies(0, rejected=3)]
    live = LiveTransport([channel])
    channel.far.send(b"x")
    got = live.receive(live.now() + 30)
    assert (len(got), got.rejected) == (2, 3)
    live.close()


def test_receive_ends_at_its_time_and_never_waits_for_the_past() -> None:
    live = LiveTransport([FakeChannel(ScanType.UDP)])
    assert len(live.receive(live.now() - 1)) == 0
    until = live.now() + 0.02
    assert len(live.receive(until)) == 0
    assert live.now() >= until
    live.close()


def test_a_readable_descriptor_ends_the_wait() -> None:
    channel = FakeChannel(ScanType.UDP)
    live = LiveTransport([channel])

    def answer() -> None:
        channel.inbox.append(replies(1))
        channel.far.send(b"x")

    timer = threading.Timer(0.05, answer)
    timer.start()
    deadline = live.now() + 60
    assert len(live.receive(deadline)) == 1
    assert live.now() < deadline
    timer.join()
    live.close()


def test_wake_from_another_thread_ends_the_wait() -> None:
    live = LiveTransport([FakeChannel(ScanType.UDP)])
    timer = threading.Timer(0.05, live.wake)
    timer.start()
    deadline = live.now() + 60
    assert len(live.receive(deadline)) == 0
    assert live.now() < deadline
    timer.join()
    live.close()


def test_wake_before_the_wait_is_not_lost_and_counts_once() -> None:
    live = LiveTransport()
    live.wake()
    live.wake()
    deadline = live.now() + 60
    live.receive(deadline)
    assert live.now() < deadline
    soon = live.now() + 0.01
    live.receive(soon)
    assert live.now() >= soon
    live.close()


def test_descriptors_that_change_are_followed() -> None:
    channel = FakeChannel(ScanType.UDP)
    live = LiveTransport([channel])
    live.receive(live.now() + 0.005)
    old = channel.near, channel.far
    channel.near, channel.far = socket.socketpair()

    def answer() -> None:
        channel.inbox.append(replies(1))
        channel.far.send(b"x")

    timer = threading.Timer(0.05, answer)
    timer.start()
    deadline = live.now() + 60
    assert len(live.receive(deadline)) == 1
    assert live.now() < deadline
    timer.join()
    for end in old:
        end.close()
    live.close()


def test_raw_rows_stay_beside_their_records() -> None:
    merged = merge_replies([replies(2), replies(0), replies(1, raw=b"\x45\0"), replies(1)])
    assert len(merged) == 4
    assert merged.raw.shape == (4, SNAP)
    assert merged.raw_length.tolist() == [0, 0, 2, 0]
    assert merged.raw[2, :2].tolist() == [0x45, 0]
    plain = merge_replies([replies(2, rejected=1), replies(1, rejected=2)])
    assert (len(plain), plain.raw.shape, plain.rejected) == (3, (0, SNAP), 3)


def test_close_is_idempotent_and_leaves_no_descriptor() -> None:
    before = descriptors()
    channel = FakeChannel(ScanType.UDP)
    live = LiveTransport([channel])
    live.receive(live.now() + 0.005)
    live.close()
    live.close()
    live.wake()
    assert channel.closed == 1
    assert descriptors() == before


def test_both_kinds_of_socket_scan_end_to_end() -> None:
    before = descriptors()
    transport = open_transport(spec(ScanType.CONNECT), book(), ProbeTokens())
    assert transport.scan_types == {ScanType.CONNECT, ScanType.UDP}
    with socket.create_server(("127.0.0.1", 0)) as server:
        batch = probes(ScanType.CONNECT, ScanType.UDP)
        batch["port"] = server.getsockname()[1]
        report = transport.send(batch)
        assert not np.isnan(report.sent_at).any()
        got: set[int] = set()
        end = transport.now() + 5
        while len(got) < 2 and transport.now() < end:
            got.update(transport.receive(end).records["technique"].tolist())
    assert got == {ScanType.CONNECT, ScanType.UDP}
    transport.close()
    assert descriptors() == before


def test_answers_are_awaited_as_long_as_the_template_says() -> None:
    transport = open_transport(spec(ScanType.CONNECT), book(), ProbeTokens())
    connect = transport.open(ScanType.CONNECT)
    assert isinstance(connect, ConnectChannel)
    assert connect.max_age == TEMPLATES[4].max_timeout + 1
    transport.await_answers_for(4.5)
    udp = transport.open(ScanType.UDP)
    assert isinstance(udp, UdpChannel)
    assert (connect.max_age, udp.max_age) == (4.5, 4.5)
    transport.close()


@pytest.fixture
def no_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers_module, "can_send_raw", lambda: False)
    monkeypatch.setattr(offers_module, "how_to_get_raw", lambda: ("run it with sudo",))


@pytest.mark.root
@pytest.mark.parametrize(
    ("wish", "name"), [("auto", "packet"), ("packet", "packet"), ("scapy", "scapy")]
)
def test_with_rights_raw_packets_carry_all_but_connect(wish: str, name: str) -> None:
    before = descriptors()
    transport = open_transport(spec(ScanType.CONNECT, transport=wish), book(), ProbeTokens())
    assert transport.scan_types == set(ScanType) - ({ScanType.IDLE} if wish == "scapy" else set())
    raw = transport.open(ScanType.SYN)
    assert raw.name == name
    for scan_type in set(ScanType) - {ScanType.CONNECT, ScanType.IDLE}:
        assert transport.open(scan_type) is raw
    assert transport.open(ScanType.CONNECT).name == "connect"
    transport.close()
    assert descriptors() == before


@pytest.mark.root
@pytest.mark.parametrize(
    ("zombie", "wish", "words"),
    [
        ("", "auto", "write -sI"),
        ("127.0.0.1", "packet", "cannot be a zombie"),
        ("192.0.2.7", "scapy", "use the transport 'packet'"),
    ],
)
def test_an_idle_scan_that_cannot_be_says_why(zombie: str, wish: str, words: str) -> None:
    before = descriptors()
    wanted = replace(spec(ScanType.IDLE, transport=wish), zombie=zombie)
    with pytest.raises(TransportUnavailable, match=words):
        open_transport(wanted, book(), ProbeTokens())
    assert descriptors() == before


@pytest.mark.usefixtures("no_rights")
def test_without_rights_auto_means_sockets() -> None:
    transport = open_transport(spec(ScanType.UDP, transport="auto"), book(), ProbeTokens())
    assert transport.scan_types == {ScanType.CONNECT, ScanType.UDP}
    transport.close()


@pytest.mark.usefixtures("no_rights")
@pytest.mark.parametrize(
    ("scan_type", "transport", "why"),
    [
        *((one, "auto", one.option) for one in ScanType if one.facts.needs_raw),
        (ScanType.CONNECT, "packet", "'packet'"),
        (ScanType.CONNECT, "scapy", "'scapy'"),
    ],
)
def test_what_needs_rights_says_how_to_get_them(
    scan_type: ScanType, transport: str, why: str
) -> None:
    before = descriptors()
    with pytest.raises(TransportUnavailable) as caught:
        open_transport(spec(scan_type, transport=transport), book(), ProbeTokens())
    assert why in str(caught.value)
    assert "run it with sudo" in str(caught.value)
    assert descriptors() == before


@pytest.mark.parametrize("scan_type", [one for one in ScanType if one.facts.needs_raw])
def test_raw_packets_cannot_leave_through_sockets(scan_type: ScanType) -> None:
    with pytest.raises(TransportUnavailable, match=scan_type.option) as caught:
        open_transport(spec(scan_type, transport="sockets"), book(), ProbeTokens())
    assert "'sockets'" in str(caught.value)


def test_an_unknown_transport_is_refused_by_name() -> None:
    with pytest.raises(TransportUnavailable, match="pigeon"):
        open_transport(spec(ScanType.CONNECT, transport="pigeon"), book(), ProbeTokens())


def ping_spec(*probes: PingProbe, transport: str = "sockets") -> ScanSpec:
    asked = spec(ScanType.CONNECT, transport=transport)
    return replace(asked, discovery=DiscoverySpec(probes=probes or None))


def test_a_connect_ping_and_a_connect_scan_ask_the_same_port_side_by_side() -> None:
    before = descriptors()
    transport = open_transport(ping_spec(), book(), ProbeTokens())
    assert transport.pings == {PingKind.CONNECT}
    with socket.create_server(("127.0.0.1", 0)) as server:
        batch = probes(ScanType.CONNECT, ScanType.CONNECT)
        batch["technique"][1] = PingKind.CONNECT
        batch["port"] = server.getsockname()[1]
        assert not np.isnan(transport.send(batch).sent_at).any()
        got: list[int] = []
        end = transport.now() + 5
        while len(got) < 2 and transport.now() < end:
            got += transport.receive(end).records["technique"].tolist()
    assert sorted(got) == [ScanType.CONNECT, PingKind.CONNECT]
    transport.close()
    assert descriptors() == before


def test_a_ping_that_cannot_be_sent_is_left_to_discovery() -> None:
    transport = open_transport(ping_spec(PingProbe(PingKind.ECHO)), book(), ProbeTokens())
    assert transport.pings == {PingKind.CONNECT}
    transport.close()


@pytest.mark.root
@pytest.mark.parametrize(("wish", "neighbours"), [("packet", True), ("scapy", False)])
def test_raw_channels_ping(wish: str, neighbours: bool) -> None:
    transport = open_transport(ping_spec(transport=wish), book(), ProbeTokens())
    assert (PingKind.NEIGHBOUR in transport.pings) is neighbours
    batch = probes(ScanType.CONNECT)
    batch["technique"], batch["port"], batch["protocol"] = PingKind.ECHO, 0, Protocol.IP
    assert not np.isnan(transport.send(batch).sent_at).any()
    (record,) = transport.receive(transport.now() + 5).records
    assert record["technique"] == PingKind.ECHO
    transport.close()


def test_hosts_of_a_transport_without_a_locator_count_as_routed() -> None:
    live = LiveTransport()
    hosts = np.zeros(3, np.uint32)
    assert live.whereabouts(hosts).tolist() == [Whereabouts.ROUTED] * 3
    live.close()
    real = open_transport(spec(ScanType.CONNECT), book(), ProbeTokens())
    assert real.whereabouts(hosts).tolist() == [Whereabouts.OURS] * 3
    assert real.hardware(0) == b""
    real.close()

"""Packet options against the real system: what it fulfils, what it refuses and in which words."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from errno import EAFNOSUPPORT
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from engine.core.addressing import AddressBook
from engine.core.batch import UNKNOWN_ATTEMPT, ReplyBatch
from engine.core.token import ProbeTokens
from engine.spec.packet_options import PacketOptions
from engine.spec.ping import DiscoverySpec, Mode
from engine.spec.ports import parse_ports
from engine.spec.resolve import resolve_targets
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.registry import technique
from engine.transport.base import Channel, TransportUnavailable
from engine.transport.live import open_transport
from engine.transport.packet import PacketChannel
from engine.transport.scapy_channel import ScapyChannel
from engine.transport.sockets.connect import ConnectChannel
from engine.transport.sockets.udp import UdpChannel
from tests.engine.transport.packet_scanner import V4, V6, cells, pair
from tests.engine.transport.test_recorder import Notebook
from tests.lab.namespace import inside, ip_batch

__all__ = ["pair"]
STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM


def spec(target: str = "127.0.0.1", scan: ScanType = ScanType.CONNECT, **wishes: Any) -> ScanSpec:
    return ScanSpec(
        targets=resolve_targets(parse_targets(target)).targets,
        ports=parse_ports("1-3", (scan.protocol,)),
        scan_types=(scan,),
        transport="sockets",
        packets=PacketOptions(**wishes),
    )


def refusal(wanted: ScanSpec) -> str:
    with pytest.raises(TransportUnavailable) as refused:
        open_transport(wanted, AddressBook(wanted.targets), ProbeTokens()).close()
    return str(refused.value)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that a TCP and a UDP server have."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        with socket.socket(socket.AF_INET, DATAGRAM) as other:
            other.bind(("127.0.0.1", port))
            yield port


@pytest.mark.parametrize("scan", [ScanType.CONNECT, ScanType.UDP])
def test_a_port_in_use_is_refused_in_one_clear_line(taken: int, scan: ScanType) -> None:
    first, *advice = refusal(spec(scan=scan, source_port=taken)).splitlines()
    assert first == f"the source port {taken} is used by another program"
    assert advice and "-S" in advice[0]


@pytest.mark.root
@pytest.mark.parametrize("transport", ["packet", "scapy"])
def test_raw_channels_refuse_a_port_in_use_too(taken: int, transport: str) -> None:
    wanted = replace(spec(scan=ScanType.SYN, source_port=taken), transport=transport)
    assert f"the source port {taken} is used by another program on 127.0.0.1" in refusal(wanted)


def test_interfaces_and_addresses_that_do_not_exist() -> None:
    assert refusal(spec(interface="nosuch0")).startswith("there is no interface 'nosuch0'")
    stranger = spec(source_address="192.0.2.9")
    assert refusal(stranger).startswith("192.0.2.9 is not an address of this machine")
    asked = replace(
        spec(source_address="192.0.2.9", interface="lo"), discovery=DiscoverySpec(mode=Mode.PING)
    )
    assert "-e and -Pn" in refusal(asked)


@pytest.mark.root
def test_a_strangers_address_is_used_with_a_note() -> None:
    wanted = replace(
        spec(scan=ScanType.SYN, source_address="192.0.2.9", interface="lo"),
        transport="packet",
        discovery=DiscoverySpec(mode=Mode.ASSUME_UP),
    )
    transport = open_transport(wanted, AddressBook(wanted.targets), ProbeTokens())
    probe = cells([80], ScanType.SYN)[0]
    packet = IP(transport.probe_packet(probe))
    transport.close()
    assert packet.src == "192.0.2.9"
    assert [note.partition(":")[0] for note in transport.notes] == [
        "192.0.2.9 is not an address of this machine"
    ]


def test_idle_scans_take_no_data() -> None:
    wanted = replace(spec(scan=ScanType.IDLE, data_length=4), transport="auto")
    assert "--data-length does not go with -sI" in refusal(wanted)


def collected(channel: Channel, count: int) -> ReplyBatch:
    end = time.monotonic() + 3
    batches = []
    while sum(map(len, batches)) < count and time.monotonic() < end:
        batches.append(channel.drain(time.monotonic()))
    return ReplyBatch(np.concatenate([batch.records for batch in batches]))


def book_of(targets: str) -> AddressBook:
    return AddressBook(resolve_targets(parse_targets(targets)).targets)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_connections_from_one_port_of_ours_to_many_places() -> None:
    source = free_port()
    options = PacketOptions(source_port=source, source_address="127.0.0.9", ttl=9)
    channel = ConnectChannel(book_of("127.0.0.1 127.0.0.2"), options=options)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            batch = np.concatenate([cells([port], ScanType.CONNECT, host) for host in (0, 1)])
            assert np.isfinite(channel.send(batch).sent_at).all()
            records = collected(channel, 2).records
            _, peer = server.accept()
    finally:
        channel.close()
    assert peer == ("127.0.0.9", source)
    reasons = {
        int(one["host"]): technique(ScanType.CONNECT).classify(int(one["answer"])).reason.label
        for one in records
    }
    assert reasons == {0: "syn-ack", 1: "conn-refused"}


def test_a_connection_that_meets_itself_from_the_one_port_is_a_closed_port() -> None:
    source = free_port()
    channel = ConnectChannel(book_of("127.0.0.1"), options=PacketOptions(source_port=source))
    try:
        assert np.isfinite(channel.send(cells([source], ScanType.CONNECT)).sent_at).all()
        (record,) = collected(channel, 1).records
    finally:
        channel.close()
    outcome = technique(ScanType.CONNECT).classify(int(record["answer"]))
    assert outcome is not None and outcome.state.label == "closed"


def test_datagrams_from_one_port_with_data_and_a_copy_that_cannot_be_told() -> None:
    source = free_port()
    options = PacketOptions(source_port=source, data_length=33)
    channel = UdpChannel(book_of("127.0.0.1"), options=options)
    try:
        with socket.socket(socket.AF_INET, DATAGRAM) as server:
            server.bind(("127.0.0.1", 0))
            batch = np.repeat(cells([server.getsockname()[1]], ScanType.UDP), 2)
            batch["attempt"] = [0, 1]
            assert np.isfinite(channel.send(batch).sent_at).all()
            (first, peer), (second, _) = server.recvfrom(99), server.recvfrom(99)
            server.sendto(b"yes", peer)
            (record,) = collected(channel, 1).records
    finally:
        channel.close()
    assert peer == ("127.0.0.1", source)
    assert first == second and len(first) == 33
    assert record["attempt"] == UNKNOWN_ATTEMPT


def test_hosts_of_the_other_ip_version_are_told_apart() -> None:
    options = PacketOptions(source_address="127.0.0.9")
    for channel, scan in (
        (ConnectChannel(book_of("127.0.0.1 ::1"), options=options), ScanType.CONNECT),
        (UdpChannel(book_of("127.0.0.1 ::1"), options=options), ScanType.UDP),
    ):
        report = channel.send(np.concatenate([cells([9], scan, host) for host in (0, 1)]))
        channel.close()
        assert np.isfinite(report.sent_at).tolist() == [True, False]
        (problem,) = report.problems
        assert (problem.errno, problem.hosts, problem.lasting) == (EAFNOSUPPORT, (1,), True)


@pytest.mark.root
@pytest.mark.parametrize("kind", [PacketChannel, ScapyChannel])
@pytest.mark.parametrize("address", [V4, V6, "fe80::2"])
def test_interface_and_source_address_of_raw_probes(
    pair: tuple[str, str], kind: type[PacketChannel] | type[ScapyChannel], address: str
) -> None:
    """The link-local target has no scope: the interface stands in."""
    here, _ = pair
    ours = {V4: "10.99.7.11", V6: "fd99::11", "fe80::2": "fe80::11"}[address]
    ip_batch([f"addr add {ours}/{'24' if ':' not in ours else '64 nodad'} dev wire".replace(
        "64 nodad dev wire", "64 dev wire nodad")], here)  # fmt: skip

    def work() -> None:
        options = PacketOptions(interface="wire", source_address=ours, ttl=44)
        channel = kind(book_of(address), ProbeTokens(), options)
        notebook = Notebook()
        channel.record(notebook)
        try:
            batch, end = cells([80], ScanType.SYN), time.monotonic() + 4
            report = channel.send(batch)
            # the first questions on a fresh link may get lost
            while not np.isfinite(report.sent_at).all() and time.monotonic() < end:
                channel.drain(time.monotonic())
                report = channel.send(batch)
            (record,) = collected(channel, 1).records
            shown = channel.probe_packet(batch[0])
        finally:
            channel.close()
        assert technique(ScanType.SYN).classify(int(record["answer"])).state.label == "closed"
        ((packet, _),) = notebook.out
        assert packet == shown
        read = IPv6(packet) if ":" in address else IP(packet)
        assert (read.src, read.dst) == (ours, address)
        assert (read.hlim if ":" in address else read.ttl) == 44

    inside(here, work)


@pytest.mark.root
def test_other_interfaces_are_not_used(pair: tuple[str, str]) -> None:
    here, _ = pair
    ip_batch(
        [
            "link add idle type veth peer name other",
            "addr add 10.98.0.1/24 dev idle",
            "link set idle up",
            "link set other up",
        ],
        here,
    )

    def work() -> None:
        for options, states in ((PacketOptions(), 1), (PacketOptions(interface="idle"), 0)):
            channel = ConnectChannel(book_of(V4), options=options)
            try:
                channel.send(cells([80], ScanType.CONNECT))
                end = time.monotonic() + 0.3
                found = 0
                while not found and time.monotonic() < end:
                    found = len(channel.drain(time.monotonic()))
            finally:
                channel.close()
            assert found == states

    inside(here, work)

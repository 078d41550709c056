"""The connect channel against real sockets on this machine."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, ProbeBatch
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.answer import AnswerKind, answer_code
from engine.transport.sockets.connect import ConnectChannel

ROOT = Path(__file__).parents[3]


def probes(*cells: tuple[int, int], attempt: int = 0) -> ProbeBatch:
    batch = np.zeros(len(cells), PROBE)
    batch["host"] = [host for host, _ in cells]
    batch["port"] = [port for _, port in cells]
    batch["technique"] = ScanType.CONNECT
    batch["attempt"] = attempt
    return batch


def book_of(text: str) -> AddressBook:
    return AddressBook(resolve_targets(parse_targets(text)).targets)


def collect(channel: ConnectChannel, count: int, seconds: float = 5.0) -> dict[int, int]:
    """Port to error number of ``count`` answers, or of what came before the time was up."""
    answers: dict[int, int] = {}
    end = time.monotonic() + seconds
    while len(answers) < count and time.monotonic() < end:
        for record in channel.drain(time.monotonic()).records:
            assert record["technique"] == ScanType.CONNECT
            assert int(record["answer"]) & ~0xFFFF == answer_code(AnswerKind.ERRNO, 0)
            answers[int(record["port"])] = int(record["answer"]) & 0xFFFF
    return answers


def descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.fixture
def channel() -> Iterator[ConnectChannel]:
    made = ConnectChannel(book_of("127.0.0.1 127.0.0.2 ::1"))
    yield made
    made.close()


def listener(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, 0), family=family, backlog=16)


def free_port(address: str) -> int:
    with listener(address) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(("host", "address"), [(0, "127.0.0.1"), (2, "::1")])
def test_tells_open_from_closed(channel: ConnectChannel, host: int, address: str) -> None:
    closed = [free_port(address) for _ in range(3)]
    with listener(address) as server:
        port = server.getsockname()[1]
        report = channel.send(probes(*((host, p) for p in (closed[0], port, *closed[1:]))))
        assert not np.isnan(report.sent_at).any()
        assert report.problems == ()
        assert collect(channel, 4) == {port: 0} | dict.fromkeys(closed, errno.ECONNREFUSED)
    assert channel.waiting == 0


def test_a_record_names_its_probe_and_its_time(channel: ConnectChannel) -> None:
    port = free_port("127.0.0.2")
    report = channel.send(probes((1, port), attempt=3))
    (record,) = channel.drain(time.monotonic()).records
    assert (record["host"], record["port"], record["attempt"]) == (1, port, 3)
    assert record["protocol"] == 0
    assert record["ttl"] == 0
    assert report.sent_at[0] <= record["time"] <= time.monotonic()


def test_an_open_port_is_left_with_a_reset(channel: ConnectChannel) -> None:
    with listener("127.0.0.1") as server:
        channel.send(probes((0, server.getsockname()[1])))
        server.settimeout(5)
        peer, _ = server.accept()
        with peer, pytest.raises(ConnectionResetError):
            peer.settimeout(5)
            peer.recv(1)


def test_one_socket_serves_many_closed_ports(channel: ConnectChannel) -> None:
    before = descriptors()
    ports = sorted({free_port("127.0.0.1") for _ in range(50)})
    channel.send(probes(*((0, port) for port in ports)))
    assert len(descriptors() - before) <= 1
    assert set(collect(channel, len(ports))) == set(ports)


def test_a_connection_to_itself_is_not_an_open_port(
    channel: ConnectChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port("127.0.0.1")

    def bound_socket(family: int) -> socket.SocketType:
        sock = socket.SocketType(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)
        sock.bind(("127.0.0.1", port))
        return sock

    monkeypatch.setattr(channel, "_socket", bound_socket)
    report = channel.send(probes((0, port)))
    assert np.isnan(report.sent_at).all()
    assert report.problems == ()
    assert len(channel.drain(time.monotonic())) == 0


def test_more_connections_than_may_wait_are_pressure_not_silence() -> None:
    with listener("127.0.0.1") as server:
        channel = ConnectChannel(book_of("127.0.0.1"), max_sockets=0)
        report = channel.send(probes((0, server.getsockname()[1])))
        assert np.isnan(report.sent_at).all()
        assert [(p.errno, p.lasting, p.hosts) for p in report.problems] == [
            (errno.EBUSY, False, ())
        ]
        channel.close()


def test_idle_sockets_of_one_family_make_room_for_the_other() -> None:
    before = descriptors()
    channel = ConnectChannel(book_of("127.0.0.1 ::1"), max_sockets=1)
    ports = free_port("127.0.0.1"), free_port("::1")
    for host in (0, 1, 0):
        report = channel.send(probes((host, ports[host])))
        assert report.problems == ()
        assert collect(channel, 1) == {ports[host]: errno.ECONNREFUSED}
        assert len(descriptors() - before) == 2  # epoll and one socket
    channel.close()


def test_closing_gives_every_descriptor_back_twice_over() -> None:
    before = descriptors()
    channel = ConnectChannel(book_of("127.0.0.1 ::1"))
    with listener("127.0.0.1") as server:
        channel.send(probes((0, server.getsockname()[1]), (0, 1), (1, 1)))
    channel.close()
    channel.close()
    assert channel.filenos() == ()
    assert descriptors() == before


def test_an_address_the_kernel_refuses_is_given_up_with_its_reason() -> None:
    channel = ConnectChannel(book_of("127.0.0.1 255.255.255.255 fe80::1%nosuchif"))
    report = channel.send(probes((1, 80), (1, 81), (2, 80), (0, 1)))
    channel.close()
    assert np.isnan(report.sent_at).tolist() == [True, True, True, False]
    unreachable, gone = report.problems
    assert (unreachable.hosts, unreachable.errno, unreachable.lasting) == (
        (1,),
        errno.ENETUNREACH,
        True,
    )
    assert "no route to 255.255.255.255" in unreachable.text
    assert (gone.hosts, gone.errno, gone.lasting) == ((2,), errno.ENODEV, True)
    assert "fe80::1%nosuchif" in gone.text


EMFILE_SCAN = """
    import resource, socket, sys, time
    import numpy as np
    from engine.core.addressing import AddressBook
    from engine.core.batch import PROBE
    from engine.spec.resolve import resolve_targets
    from engine.spec.targets import parse_targets
    from engine.transport.sockets.connect import ConnectChannel
    from engine.transport.sockets.descriptors import RESERVE

    targets = resolve_targets(parse_targets("127.0.0.1")).targets
    channel = ConnectChannel(AddressBook(targets))
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 256, "the soft limit was not raised"
    assert channel.max_sockets == 256 - RESERVE
    server = socket.create_server(("127.0.0.1", 0))
    hoard = []
    while True:
        try:
            hoard.append(socket.socket())
        except OSError:
            break
    batch = np.zeros(3, PROBE)
    batch["port"] = server.getsockname()[1]
    report = channel.send(batch)
    assert np.isnan(report.sent_at).all()
    (problem,) = report.problems
    assert not problem.lasting and problem.hosts == ()
    hoard.pop().close()
    report = channel.send(batch)
    assert not np.isnan(report.sent_at).any() and not report.problems
    assert len(channel.drain(time.monotonic())) == 3
    print(problem.text)
"""


def test_running_out_of_descriptors_is_pressure_and_passes() -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (128, 256))\n"
    code += textwrap.dedent(EMFILE_SCAN)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ulimit -n" in done.stdout

"""The scapy channel keeps the packet channel's contract."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, ProbeBatch
from engine.core.token import ProbeTokens
from engine.spec.port_state import PortState
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.registry import technique
from engine.transport.scapy_channel import ScapyChannel
from tests.lab.namespace import create, delete, ip_batch


def cells(ports: list[int], scan_type: ScanType, host: int = 0) -> ProbeBatch:
    batch = np.zeros(len(ports), PROBE)
    batch["host"], batch["port"] = host, ports
    batch["technique"], batch["protocol"] = scan_type, scan_type.protocol
    return batch


def scan(channel: ScapyChannel, batch: ProbeBatch) -> dict[int, PortState]:
    unsent = batch
    while len(unsent):  # a slow batch comes back in part, as the core knows
        report = channel.send(unsent)
        assert report.problems == ()
        unsent = unsent[np.isnan(report.sent_at)]
    states: dict[int, PortState] = {}
    end = time.monotonic() + 3
    while len(states) < len(batch) and time.monotonic() < end:
        replies = channel.drain(time.monotonic())
        assert replies.rejected == 0
        for record in replies.records:
            rules = technique(ScanType(int(record["technique"])))
            outcome = rules.classify(int(record["answer"]))
            assert outcome is not None
            states[int(record["port"])] = outcome.state
    return states


def open_channel(targets: str) -> tuple[AddressBook, ScapyChannel]:
    book = AddressBook(resolve_targets(parse_targets(targets)).targets)
    return book, ScapyChannel(book, ProbeTokens())


@pytest.mark.root
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_open_and_closed(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        opened = listener.getsockname()[1]
        _, channel = open_channel(address)
        try:
            ports = [1, 2, 3, opened]
            states = scan(channel, cells(ports, ScanType.SYN))
            assert states == dict.fromkeys(ports[:3], PortState.CLOSED) | {opened: PortState.OPEN}
            assert scan(channel, cells([4], ScanType.UDP)) == {4: PortState.CLOSED}
            assert len(channel.filenos()) == 1
            assert channel.probe_packet(cells([4], ScanType.UDP)[0])[0] >> 4 == (
                6 if ":" in address else 4
            )
        finally:
            channel.close()
            channel.close()
        assert channel.filenos() == ()


IN_NAMESPACE = """
import errno, sys
sys.path[:0] = {path!r}
import numpy as np
from test_scapy_channel import cells, open_channel, scan
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
book, channel = open_channel("10.99.8.2 10.99.8.77 10.123.0.1 10.99.8.255 224.0.0.9")
names = [book.text(host) for host in range(book.count)]
try:
    target = names.index("10.99.8.2")
    assert scan(channel, cells([1, 2], ScanType.SYN, target)) == dict.fromkeys(
        (1, 2), PortState.CLOSED)
    others = [host for host in range(len(names)) if host != target]
    told = {{}}
    for host in others:
        report = channel.send(cells([80], ScanType.SYN, host))
        assert np.isnan(report.sent_at).all()
        (problem,) = report.problems
        assert problem.lasting and problem.hosts == (host,)
        told[names[host]] = problem.errno
    print(sorted(told.items()))
finally:
    channel.close()
"""


@pytest.mark.root
def test_neighbours_routes_and_what_is_no_host_across_a_wire() -> None:
    here = create("here")
    there = create("there")
    try:
        ip_batch([f"link add wire type veth peer name wire netns {there}"], here)
        for name, number in ((here, 1), (there, 2)):
            ip_batch([f"addr add 10.99.8.{number}/24 dev wire", "link set wire up"], name)
        program = IN_NAMESPACE.format(path=[*sys.path, __file__.rpartition("/")[0]])
        done = subprocess.run(
            ["ip", "netns", "exec", here, sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(
            [
                ("10.123.0.1", errno.ENETUNREACH),
                ("10.99.8.255", errno.EACCES),
                ("10.99.8.77", errno.EHOSTUNREACH),
                ("224.0.0.9", errno.EACCES),
            ]
        )
        assert done.stderr == "", "scapy must not write on the user's terminal"
    finally:
        delete(there)
        delete(here)


def test_importing_the_channel_loads_no_scapy() -> None:
    program = (
        "import sys; import engine.transport.scapy_channel, engine.transport.packet;"
        "sys.exit(any(name.split('.')[0] == 'scapy' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.root
def test_a_slow_batch_comes_back_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    _, channel = open_channel("127.0.0.1")
    try:
        monkeypatch.setattr("engine.transport.scapy_channel._PATIENCE", 0.0)
        report = channel.send(cells([1, 2, 3], ScanType.SYN))
        assert np.isnan(report.sent_at).any()
        assert report.problems == ()
    finally:
        channel.close()

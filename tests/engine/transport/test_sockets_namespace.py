"""The socket channels between two network namespaces: what firewalls and routes make of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from errno import (
    EACCES,
    EADDRNOTAVAIL,
    ECONNREFUSED,
    EHOSTUNREACH,
    EINVAL,
    ENETUNREACH,
    EPERM,
)
from pathlib import Path
from typing import Any

import pytest

from engine.techniques.answer import AnswerKind

pytestmark = pytest.mark.root

PROJECT = Path(__file__).parents[3]
ERRNO, UDP, ICMP4, ICMP6 = AnswerKind.ERRNO, AnswerKind.UDP, AnswerKind.ICMP4, AnswerKind.ICMP6

TARGET_RULES = """
    flush ruleset
    table inet target {
        chain incoming {
            type filter hook input priority 0; policy accept;
            tcp dport 101 reject with icmpx type admin-prohibited
            udp dport 101 reject with icmpx type admin-prohibited
            tcp dport { 102, 103 } drop
            udp dport 102 drop
        }
    }
"""

SCANNER_RULES = """
    table inet scanner {
        chain outgoing {
            type filter hook output priority 0; policy accept;
            udp dport 200 drop
        }
    }
"""

SERVERS = """
    import socket, struct, sys, threading
    tcp = [
        socket.create_server((a, p), family=f, backlog=16)
        for a, f in (("10.77.0.2", socket.AF_INET), ("fd77::2", socket.AF_INET6))
        for p in (100, 102)
    ]
    rude = socket.create_server(("10.77.0.2", 103))

    def hang_up():
        while True:
            peer, _ = rude.accept()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()

    threading.Thread(target=hang_up, daemon=True).start()
    echo = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    echo.bind(("::", 100))
    print("ready", flush=True)
    sys.stdin.close()
    while True:
        data, peer = echo.recvfrom(2048)
        echo.sendto(b"hello", peer)
"""

SCAN = """
    import json, sys, time
    import numpy as np
    from engine.core.addressing import AddressBook
    from engine.core.batch import PROBE
    from engine.spec.resolve import resolve_targets
    from engine.spec.scan_type import ScanType
    from engine.spec.targets import parse_targets
    from engine.techniques.answer import split_answer
    from engine.transport.sockets.connect import ConnectChannel
    from engine.transport.sockets.udp import UdpChannel

    kind, cells, want, pause = json.loads(sys.argv[1])
    words = " ".join(dict.fromkeys(address for address, _ in cells))
    book = AddressBook(resolve_targets(parse_targets(words)).targets)
    hosts = {book.text(host): host for host in range(book.count)}
    scan_type = ScanType[kind]
    channel = {ScanType.CONNECT: ConnectChannel, ScanType.UDP: UdpChannel}[scan_type](book)
    batch = np.zeros(len(cells), PROBE)
    batch["host"] = [hosts[address.partition("%")[0]] for address, _ in cells]
    batch["port"] = [port for _, port in cells]
    batch["protocol"] = scan_type.protocol
    batch["technique"] = scan_type
    report = channel.send(batch)
    print("sent", flush=True)
    sys.stdin.readline()
    time.sleep(pause)
    answers = []
    end = time.monotonic() + 8
    while len(answers) < want and time.monotonic() < end:
        for record in channel.drain(time.monotonic()).records:
            answer = split_answer(int(record["answer"]))
            answers.append([book.text(int(record["host"])), int(record["port"]), *answer])
        time.sleep(0.01)
    silent = getattr(channel, "waiting", 0)
    channel.drain(time.monotonic() + channel.max_age + 1)
    print(json.dumps({
        "answers": sorted(answers),
        "unsent": [cell for cell, at in zip(cells, report.sent_at) if not np.isfinite(at)],
        "problems": [[p.errno, [book.text(h) for h in p.hosts], p.lasting, p.text]
                     for p in report.problems],
        "silent": silent,
        "waiting": getattr(channel, "waiting", 0),
    }))
    channel.close()
"""


def run(*words: str, text: str | None = None) -> None:
    subprocess.run(words, input=text, text=True, check=True, timeout=20, capture_output=True)


@dataclass
class Lab:
    """Two namespaces joined by a veth pair; 10.77.0.1 and fd77::1 scan 10.77.0.2 and fd77::2."""

    scanner: str
    target: str

    def ip(self, words: str) -> None:
        run("ip", "-n", self.scanner, *words.split())

    def nft(self, namespace: str, rules: str) -> None:
        run("ip", "netns", "exec", namespace, "nft", "-f", "-", text=textwrap.dedent(rules))

    def sysctl(self, setting: str) -> None:
        run("ip", "netns", "exec", self.scanner, "sysctl", "-qw", setting)

    def spread_packets(self, mask: int) -> None:
        for namespace, link in ((self.scanner, "va"), (self.target, "vb")):
            where = f"/sys/class/net/{link}/queues/rx-0/rps_cpus"
            run("ip", "netns", "exec", namespace, "sh", "-c", f"echo {mask:x} > {where}")

    def python(self, namespace: str, code: str, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, "-c", textwrap.dedent(code), *args],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def scan(
        self,
        kind: str,
        cells: list[tuple[str, int]],
        want: int,
        meanwhile: str = "",
        pause: float = 0.0,
    ) -> dict[str, Any]:
        """Scan; ``meanwhile`` are rules the target gets once the probes have left, ``pause`` the
        seconds before the channel first looks for answers."""
        with self.python(self.scanner, SCAN, json.dumps([kind, cells, want, pause])) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "sent\n"
            if meanwhile:
                self.nft(self.target, meanwhile)
            out, _ = process.communicate("go\n", timeout=20)
        result: dict[str, Any] = json.loads(out)
        return result


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab(f"pyscan-s{os.getpid()}", f"pyscan-t{os.getpid()}")
    servers = None
    try:
        for name in (made.scanner, made.target):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        made.ip(f"link add va type veth peer name vb netns {made.target}")
        for name, link, number in ((made.scanner, "va", 1), (made.target, "vb", 2)):
            run("ip", "-n", name, "addr", "add", f"10.77.0.{number}/24", "dev", link)
            run("ip", "-n", name, "addr", "add", f"fd77::{number}/64", "dev", link, "nodad")
            run("ip", "-n", name, "link", "set", link, "up")
        made.sysctl("net.ipv4.neigh.va.retrans_time_ms=50")
        # Else the target's kernel answers only the first few of many probes in a row.
        rates = ("net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
        run("ip", "netns", "exec", made.target, "sysctl", "-qw", *rates)
        made.nft(made.target, TARGET_RULES)
        made.nft(made.scanner, SCANNER_RULES)
        made.ip("route add prohibit 10.91.0.0/24")
        made.ip("route add blackhole 10.92.0.0/24")
        made.ip("route add unreachable 10.93.0.0/24")
        servers = made.python(made.target, SERVERS)
        assert servers.stdout is not None
        assert servers.stdout.readline() == "ready\n"
        yield made
    finally:
        if servers is not None:
            servers.kill()
            servers.communicate()
        for name in (made.scanner, made.target):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.mark.parametrize(
    ("address", "prohibited"), [("10.77.0.2", EHOSTUNREACH), ("fd77::2", EACCES)]
)
def test_connect_tells_open_closed_rejected_and_silent(
    lab: Lab, address: str, prohibited: int
) -> None:
    found = lab.scan("CONNECT", [(address, port) for port in (99, 100, 101, 102)], want=3)
    assert found["answers"] == [
        [address, 99, ERRNO, ECONNREFUSED, True],
        [address, 100, ERRNO, 0, True],
        [address, 101, ERRNO, prohibited, True],
    ]
    assert found["problems"] == []
    assert (found["silent"], found["waiting"]) == (1, 0)


def test_a_late_answer_comes_through_epoll(lab: Lab) -> None:
    # The first SYN is dropped; the kernel's second one, a second later, is let through.
    try:
        found = lab.scan("CONNECT", [("10.77.0.2", 102)], 1, meanwhile="flush ruleset")
    finally:
        lab.nft(lab.target, TARGET_RULES)
    assert found["answers"] == [["10.77.0.2", 102, ERRNO, 0, True]]
    assert found["waiting"] == 0


def test_a_port_that_accepts_and_hangs_up_is_open(lab: Lab) -> None:
    try:
        found = lab.scan("CONNECT", [("10.77.0.2", 103)], 1, meanwhile="flush ruleset", pause=1.5)
    finally:
        lab.nft(lab.target, TARGET_RULES)
    assert found["answers"] == [["10.77.0.2", 103, ERRNO, 0, True]]


def test_answers_from_another_processor_are_all_caught(lab: Lab) -> None:
    # Packets handed to other processors arrive after connect() has returned, as on a real link.
    ports = [*range(1000, 1400), 100, *range(2000, 2400)]
    lab.spread_packets(3)
    try:
        found = lab.scan("CONNECT", [("10.77.0.2", port) for port in ports], want=len(ports))
    finally:
        lab.spread_packets(0)
    assert found["unsent"] == []
    assert {port: number for _, port, _, number, _ in found["answers"]} == {
        port: 0 if port == 100 else ECONNREFUSED for port in ports
    }
    assert found["silent"] == 0


@pytest.mark.parametrize(
    ("address", "kind", "closed", "prohibited"),
    [("10.77.0.2", ICMP4, 0x0303, 0x030D), ("fd77::2", ICMP6, 0x0104, 0x0101)],
)
def test_udp_tells_open_closed_rejected_and_silent(
    lab: Lab, address: str, kind: AnswerKind, closed: int, prohibited: int
) -> None:
    found = lab.scan("UDP", [(address, port) for port in (99, 100, 101, 102)], want=3)
    assert found["answers"] == [
        [address, 99, kind, closed, True],
        [address, 100, UDP, 0, True],
        [address, 101, kind, prohibited, True],
    ]
    assert found["problems"] == found["unsent"] == []


@pytest.mark.parametrize("kind", ["CONNECT", "UDP"])
@pytest.mark.parametrize(
    ("address", "number", "text"),
    [
        ("10.88.0.1", ENETUNREACH, "no route to 10.88.0.1"),
        ("fd88::1", ENETUNREACH, "no route to fd88::1"),
        ("10.91.0.1", EACCES, "may not send to 10.91.0.1"),
        ("10.92.0.1", EINVAL, "blackhole"),
        ("10.93.0.1", EHOSTUNREACH, "no route to 10.93.0.1"),
        ("fe80::5", EINVAL, "without its interface"),
    ],
)
def test_no_way_out_is_our_problem_not_an_answer(
    lab: Lab, kind: str, address: str, number: int, text: str
) -> None:
    cells = [(address, 80), (address, 81), ("10.77.0.2", 99)]
    found = lab.scan(kind, cells, want=1)
    assert [answer[:2] for answer in found["answers"]] == [["10.77.0.2", 99]]
    assert found["unsent"] == [[address, 80], [address, 81]]
    ((errno, hosts, lasting, line),) = found["problems"]
    assert (errno, hosts, lasting) == (number, [address], True)
    assert text in line


def test_nobody_there_is_an_answer_of_our_own_kernel(lab: Lab) -> None:
    assert lab.scan("CONNECT", [("10.77.0.9", 80)], 1)["answers"] == [
        ["10.77.0.9", 80, ERRNO, EHOSTUNREACH, True]
    ]
    assert lab.scan("UDP", [("10.77.0.9", 80)], 1)["answers"] == [
        ["10.77.0.9", 80, ICMP4, 0x0301, False]
    ]


def test_our_own_firewall_stops_udp_and_says_so(lab: Lab) -> None:
    found = lab.scan("UDP", [("10.77.0.2", 200), ("10.77.0.2", 100)], want=1)
    assert found["answers"] == [["10.77.0.2", 100, UDP, 0, True]]
    assert found["unsent"] == [["10.77.0.2", 200]]
    ((errno, hosts, lasting, line),) = found["problems"]
    assert (errno, hosts, lasting) == (EPERM, ["10.77.0.2"], True)
    assert "firewall" in line


def test_using_up_local_ports_is_pressure(lab: Lab) -> None:
    lab.sysctl("net.ipv4.ip_local_port_range=40000 40001")
    try:
        found = lab.scan("CONNECT", [("10.77.0.2", 102)] * 4, want=0)
    finally:
        lab.sysctl("net.ipv4.ip_local_port_range=32768 60999")
    assert len(found["unsent"]) == 2
    ((errno, hosts, lasting, line),) = found["problems"]
    assert (errno, hosts, lasting) == (EADDRNOTAVAIL, [], False)
    assert "ip_local_port_range" in line


@pytest.mark.parametrize("kind", ["CONNECT", "UDP"])
def test_an_interface_that_is_down_takes_its_hosts_with_it(lab: Lab, kind: str) -> None:
    lab.ip("link set va down")
    try:
        found = lab.scan(kind, [("10.77.0.2", 99), ("127.0.0.1", 99)], want=1)
    finally:
        lab.ip("link set va up")
    assert [answer[0] for answer in found["answers"]] == ["127.0.0.1"]
    assert [problem[1:3] for problem in found["problems"]] == [[["10.77.0.2"], True]]


@pytest.mark.parametrize("kind", ["CONNECT", "UDP"])
def test_a_machine_without_a_fitting_address_says_so(lab: Lab, kind: str) -> None:
    lab.ip("-6 route add fd99::/64 dev va")
    lab.ip("-6 addr flush dev va")
    lab.ip("link set lo down")
    try:
        found = lab.scan(kind, [("fd99::1", 80), ("10.77.0.2", 99)], want=1)
    finally:
        lab.ip("link set lo up")
        lab.ip("-6 addr add fd77::1/64 dev va nodad")
        lab.ip("-6 route del fd99::/64 dev va")
    assert [answer[0] for answer in found["answers"]] == ["10.77.0.2"]
    ((errno, hosts, lasting, line),) = found["problems"]
    assert (errno, hosts, lasting) == (EADDRNOTAVAIL, ["fd99::1"], True)
    assert "no address of this machine" in line

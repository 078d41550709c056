"""Idle scans on the wire: scanner, router and target in namespaces, and a zombie in user space."""

from __future__ import annotations

import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import REPLY, ProbeBatch, SendProblem
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.techniques.answer import AnswerKind, answer_code
from engine.transport.idle import IdleChannel
from engine.transport.idle.steps import ZombieRefused
from tests.engine.transport.packet_scanner import cells
from tests.lab.namespace import command, create, delete, inside, ip_batch

pytestmark = pytest.mark.root
US, ROUTER = "10.99.8.1", "10.99.8.2"
TARGET, TWIN, BEHIND = "10.99.9.2", "10.99.9.3", "10.99.9.1"
ZOMBIE, NOBODY = "10.99.80.2", "10.99.80.3"
US6, ROUTER6, BEHIND6, TARGET6 = "fd99:8::1", "fd99:8::2", "fd99:9::1", "fd99:9::2"
ZOMBIE6 = "fd99:80::2"
OPEN = (22, 80, 443)
OPENED = answer_code(AnswerKind.IPID, 1)


def listen() -> list[socket.socket]:
    both = {"family": socket.AF_INET6, "dualstack_ipv6": True}
    return [socket.create_server(("::", port), **both) for port in OPEN]


@pytest.fixture(scope="module")
def scanner() -> Iterator[str]:
    """The scanner's namespace. A router joins it to the target and to a user-space zombie."""
    names = [create(label) for label in ("idlehere", "idlemid", "idlethere")]
    here, middle, there = names
    stack = None
    try:
        routing = (
            "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1",
            "net.ipv4.conf.all.rp_filter=0",
        )
        command("ip", "netns", "exec", middle, "sysctl", "-qw", *routing)
        ends = (
            (here, [US], ROUTER, US6, ROUTER6),
            (there, [TARGET, TWIN], BEHIND, TARGET6, BEHIND6),
        )
        for name, ours, router, ours6, router6 in ends:
            far = f"to{len(ours)}"
            ip_batch([f"link add wire type veth peer name {far} netns {middle}"], name)
            ip_batch([f"addr add {router}/24 dev {far}", f"link set {far} up"], middle)
            ip_batch([f"addr add {router6}/64 dev {far} nodad"], middle)
            addresses = [f"addr add {address}/24 dev wire" for address in ours]
            addresses += [f"addr add {ours6}/64 dev wire nodad"]
            ip_batch([*addresses, "link set wire up", f"route add default via {router}"], name)
            ip_batch([f"route add default via {router6}"], name)
        words = f"zombie={ZOMBIE},{ZOMBIE6}"
        stack = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.lab.userland",
                middle,
                "zomb",
                words,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert stack.stdout is not None and stack.stdout.readline().strip() == b"ready"
        ip_batch(
            [
                "link set zomb up",
                "route add 10.99.80.0/24 dev zomb",
                "route add fd99:80::/64 dev zomb",
            ],
            middle,
        )
        sockets = inside(there, listen)
        yield here
        for one in sockets:
            one.close()
    finally:
        if stack is not None:
            stack.communicate(timeout=10)
        for name in names:
            delete(name)


class Idle:
    """A channel, and what it said."""

    def __init__(self, targets: str, zombie: str = ZOMBIE) -> None:
        self.book = AddressBook(resolve_targets(parse_targets(targets)).targets)
        self.channel = IdleChannel(self.book, zombie)
        self.answers: dict[tuple[int, int], int] = {}
        self.problems: list[SendProblem] = []

    def scan(self, batch: ProbeBatch, seconds: float = 20.0) -> None:
        """Hand probes in as the engine does, until each is answered or one cannot be sent."""
        end = time.monotonic() + seconds
        waiting = batch
        while len(self.answers) < len(batch) and time.monotonic() < end:
            if len(waiting):
                report = self.channel.send(waiting)
                waiting = waiting[np.isnan(report.sent_at)]
                self.problems += report.problems
            if self.problems:
                return
            select.select(self.channel.filenos(), (), (), 0.01 if len(waiting) else 1.0)
            replies = self.channel.drain(time.monotonic())
            assert replies.records.dtype == REPLY
            for record in replies.records:
                cell = int(record["host"]), int(record["port"])
                assert cell not in self.answers
                self.answers[cell] = int(record["answer"])


def in_namespace(namespace: str, targets: str, work: Callable[[Idle], None], zombie: str = ZOMBIE):
    def run() -> None:
        idle = Idle(targets, zombie)
        with closing(idle.channel):
            work(idle)
        idle.channel.close()

    inside(namespace, run)


@pytest.mark.parametrize(("target", "zombie"), [(TARGET, ZOMBIE), (TARGET6, ZOMBIE6)])
def test_open_ports_show_in_the_zombie_s_counter(scanner: str, target: str, zombie: str) -> None:
    ports = [*range(20, 120), 443]

    def work(idle: Idle) -> None:
        idle.scan(cells(ports, ScanType.IDLE))
        assert not idle.problems
        assert len(idle.answers) == len(ports)
        assert sorted(port for (_, port), code in idle.answers.items() if code == OPENED) == [*OPEN]

    in_namespace(scanner, target, work, zombie)


def test_ports_of_several_hosts_are_measured_one_host_after_the_other(scanner: str) -> None:
    def work(idle: Idle) -> None:
        idle.scan(np.concatenate([cells([22, 23, 80], ScanType.IDLE, host) for host in (0, 1)]))
        opened = sorted(cell for cell, code in idle.answers.items() if code == OPENED)
        assert opened == [(0, 22), (0, 80), (1, 22), (1, 80)]
        assert len(idle.answers) == 6

    in_namespace(scanner, f"{TARGET} {TWIN}", work)


@pytest.mark.skipif(shutil.which("nmap") is None, reason="needs nmap: apt install nmap")
def test_nmap_finds_the_same(scanner: str) -> None:
    words = ("nmap", "-sI", ZOMBIE, "-Pn", "-n", "-p", "20-30,80,443", "-oG", "-", TARGET)
    said = command("ip", "netns", "exec", scanner, *words)
    opened = {int(port) for port in re.findall(r"(\d+)/open/tcp", said)}

    def work(idle: Idle) -> None:
        idle.scan(cells([*range(20, 31), 80, 443], ScanType.IDLE))
        assert {port for (_, port), code in idle.answers.items() if code == OPENED} == opened
        assert opened == {*OPEN}

    in_namespace(scanner, TARGET, work)


@pytest.mark.parametrize(
    ("targets", "zombie", "words"),
    [
        (TARGET, ROUTER, "is no zombie"),
        (TARGET, NOBODY, "does not answer with resets"),
        (ZOMBIE, ZOMBIE, "the zombie itself"),
        (US, ZOMBIE, "it is this machine"),
        ("127.0.0.1", ZOMBIE, "it is this machine"),
        (TARGET6, ROUTER6, "is no zombie: it puts no ids on whole packets"),
        (US6, ZOMBIE6, "it is this machine"),
    ],
)
def test_what_cannot_work_is_refused_in_words(
    scanner: str, targets: str, zombie: str, words: str
) -> None:
    def work(idle: Idle) -> None:
        idle.scan(cells([80], ScanType.IDLE))
        (problem,) = idle.problems
        assert problem.lasting and problem.hosts == (0,)
        assert words in problem.text
        assert not idle.answers

    in_namespace(scanner, targets, work, zombie)


@pytest.mark.parametrize(
    ("zombie", "words"),
    [
        ("", "write -sI"),
        ("::1", "has no IPv4 address"),
        ("[fd00::1]:80", "has no IPv4 address"),
        ("127.0.0.1", "cannot be a zombie"),
        (f"{ZOMBIE}:0", "1 to 65535"),
        ("no.such.host.invalid", "no IPv4 address"),
        ("a" * 300, "no IPv4 address"),
    ],
)
def test_no_channel_opens_for_what_is_no_zombie(scanner: str, zombie: str, words: str) -> None:
    with pytest.raises(ZombieRefused, match=words):
        in_namespace(scanner, TARGET, lambda idle: None, zombie)


def test_the_shown_probe_is_a_syn_in_the_zombie_s_name(scanner: str) -> None:
    from scapy.layers.inet import IP, TCP

    def work(idle: Idle) -> None:
        packet = IP(idle.channel.probe_packet(cells([80], ScanType.IDLE)[0]))
        assert (packet.src, packet.dst) == (ZOMBIE, TARGET)
        assert (packet[TCP].dport, packet[TCP].sport, packet[TCP].flags) == (80, 8080, "S")

    in_namespace(scanner, TARGET, work, f"{ZOMBIE}:8080")

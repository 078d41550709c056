"""What the packet channel's tests share: a channel that keeps score, and two joined namespaces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

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

V4, V6 = "10.99.7.2", "fd99::2"
GATEWAY_LESS = "10.123.0.1"


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

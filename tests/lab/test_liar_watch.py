"""The lab's liars under the engine's watch: told apart, and honest hosts left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.liars import LiarKind, LiarMark, LiarWatch
from engine.core.token import ProbeTokens
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets
from engine.transport.base import Channel
from engine.transport.packet import PacketChannel
from engine.transport.sockets.connect import ConnectChannel
from tests.engine.transport.packet_scanner import cells
from tests.lab.edge import INNER, add_edge
from tests.lab.liars import SYN_PROXY, TARPIT, add_syn_proxy
from tests.lab.namespace import inside
from tests.lab.network import Lab

pytestmark = pytest.mark.root
PORTS = range(1, 101)
LONGEST = 12.0
"""Seconds until a test that got no answers gives up."""


@pytest.fixture(scope="module")
def street() -> Iterator[Lab]:
    with Lab() as lab:
        wait = add_edge(lab)
        add_syn_proxy(lab)
        wait()
        yield lab


def judged(lab: Lab, name: str, family: int, scan_type: ScanType) -> list[LiarKind]:
    """Scan PORTS of a host under a watch, as the engine does; what it found the host to be."""
    address = lab.hosts[name].address(family)
    book = AddressBook(resolve_targets(parse_targets(address)).targets)

    def watch() -> list[LiarKind]:
        channel: Channel = (
            PacketChannel(book, ProbeTokens())
            if scan_type is ScanType.SYN
            else ConnectChannel(book)
        )
        with closing(channel):
            return [mark.kind for mark in under_watch(channel, scan_type)]

    return inside(lab.scanner, watch)


def under_watch(channel: Channel, scan_type: ScanType) -> Iterator[LiarMark]:
    watch = LiarWatch(PORTS, seed=5)
    waiting = cells(PORTS, scan_type)
    answered: set[int] = set()
    end = time.monotonic() + LONGEST
    while (len(answered) < len(PORTS) or watch.busy) and time.monotonic() < end:
        waiting = waiting[np.isnan(channel.send(waiting).sent_at)]
        questions = watch.poll(time.monotonic())
        for technique in np.unique(questions["technique"]):
            channel.send(questions[questions["technique"] == technique])
        time.sleep(0.005)
        now = time.monotonic()
        replies = channel.drain(now)
        watch.note(now, replies)
        answered |= {*replies.records["port"].tolist()} & {*PORTS}
    yield from watch.take_marks()


@pytest.mark.parametrize("family", (4, 6))
def test_a_tarpit_is_a_tarpit(street: Lab, family: int) -> None:
    assert judged(street, TARPIT.name, family, ScanType.SYN) == [LiarKind.TARPIT]


def test_a_syn_proxy_is_a_syn_proxy(street: Lab) -> None:
    assert judged(street, SYN_PROXY.name, 4, ScanType.SYN) == [LiarKind.SYN_PROXY]


@pytest.mark.parametrize("name", (TARPIT.name, SYN_PROXY.name))
def test_a_connect_scan_is_not_fooled_either(street: Lab, name: str) -> None:
    assert judged(street, name, 4, ScanType.CONNECT) == [LiarKind.CATCH_ALL]


@pytest.mark.parametrize("scan_type", (ScanType.SYN, ScanType.CONNECT))
def test_an_honest_host_is_left_alone(street: Lab, scan_type: ScanType) -> None:
    assert judged(street, INNER.name, 4, scan_type) == []

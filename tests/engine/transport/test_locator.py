"""Where hosts are: what the kernel's routes say, however many hosts share them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

import engine.transport.locator as locator_module
from engine.core.addressing import AddressBook
from engine.discovery.whereabouts import Whereabouts
from engine.host.route_edges import route_edges
from engine.host.routes import Route, RouteTable
from engine.spec.resolve import resolve_targets
from engine.spec.targets import parse_targets
from engine.transport.locator import Locator
from tests.lab.namespace import create, delete, inside, ip_batch

TARGETS = (
    "10.99.7.0/24 10.99.0.1 10.98.4.0/22 10.97.0.0/24 10.96.0.0/24 10.55.0.1 127.0.0.1 224.0.0.5 "
    "255.255.255.255 ::1 fd99::1 fd99::2 fd98::1 fe80::7%wire ff02::1 2001:db8::1"
)


@pytest.fixture
def namespace() -> Iterator[str]:
    """One end of a link with routes, a hole in a route, a table of its own, and no default."""
    name = create("routes")
    try:
        ip_batch(
            [
                "link add wire type veth peer name other",
                "addr add 10.99.7.1/24 dev wire",
                "addr add fd99::1/64 dev wire nodad",
                "link set wire up",
                "link set other up",
                "route add 10.98.0.0/16 via 10.99.7.254",
                "route add unreachable 10.98.5.0/24",
                "route add 10.98.5.16/28 via 10.99.7.254",
                "route add prohibit 10.97.0.0/24",
                "route add 10.96.0.0/24 dev wire table 77",
                "rule add to 10.96.0.128/25 lookup 77",
                "route add fd98::/64 via fd99::254",
            ],
            name,
        )
        inside(name, _wait_for_ipv6)
        yield name
    finally:
        delete(name)


def _wait_for_ipv6() -> None:
    """IPv6 takes a moment to come up with a link."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = located(book_of("fd98::1 fd99::1 fe80::7%wire"))
        if list(found.values()) == [Whereabouts.ROUTED, Whereabouts.OURS, Whereabouts.LINK]:
            return
        time.sleep(0.02)
    raise AssertionError("IPv6 does not come up")


def book_of(text: str) -> AddressBook:
    return AddressBook(resolve_targets(parse_targets(text)).targets)


def located(book: AddressBook) -> dict[str, Whereabouts]:
    hosts = np.arange(book.count, dtype=np.uint32)
    with contextlib.closing(Locator(book)) as locator:
        found = locator.whereabouts(hosts)
    return {book.text(host): Whereabouts(int(found[host])) for host in hosts.tolist()}


# The lowest address of a network was a broadcast address before Linux 5.14.
EXPECTED = {
    "10.99.7.0": (Whereabouts.NOBODY, Whereabouts.LINK),
    "10.99.7.1": (Whereabouts.OURS,),
    "10.99.7.2": (Whereabouts.LINK,),
    "10.99.7.255": (Whereabouts.NOBODY,),
    "10.99.0.1": (Whereabouts.UNREACHABLE,),
    "10.98.4.255": (Whereabouts.ROUTED,),
    "10.98.5.0": (Whereabouts.UNREACHABLE,),
    "10.98.5.15": (Whereabouts.UNREACHABLE,),
    "10.98.5.16": (Whereabouts.ROUTED,),
    "10.98.5.31": (Whereabouts.ROUTED,),
    "10.98.5.32": (Whereabouts.UNREACHABLE,),
    "10.98.6.0": (Whereabouts.ROUTED,),
    "10.97.0.9": (Whereabouts.UNREACHABLE,),
    "10.96.0.127": (Whereabouts.UNREACHABLE,),
    "10.96.0.128": (Whereabouts.LINK,),
    "10.55.0.1": (Whereabouts.UNREACHABLE,),
    "127.0.0.1": (Whereabouts.OURS,),
    "224.0.0.5": (Whereabouts.NOBODY,),
    "255.255.255.255": (Whereabouts.NOBODY,),
    "::1": (Whereabouts.OURS,),
    "fd99::1": (Whereabouts.OURS,),
    "fd99::2": (Whereabouts.LINK,),
    "fd98::1": (Whereabouts.ROUTED,),
    "fe80::7": (Whereabouts.LINK,),
    "ff02::1": (Whereabouts.NOBODY,),
    "2001:db8::1": (Whereabouts.UNREACHABLE,),
}


@pytest.mark.root
def test_each_host_is_where_its_route_leads(namespace: str) -> None:
    found = inside(namespace, lambda: located(book_of(TARGETS)))
    for address, allowed in EXPECTED.items():
        assert found[address] in allowed, address


@pytest.mark.root
def test_stretches_say_what_single_look_ups_say(
    namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = book_of(TARGETS)
    together = inside(namespace, lambda: located(book))
    monkeypatch.setattr(locator_module, "_FEW", book.count)
    assert inside(namespace, lambda: located(book)) == together


@pytest.mark.root
def test_many_ipv6_hosts_are_told_apart_too(namespace: str) -> None:
    found = inside(namespace, lambda: located(book_of("fd99::/119 fd98::/119")))
    kinds = set(found.values())
    assert kinds == {Whereabouts.LINK, Whereabouts.OURS, Whereabouts.ROUTED}
    assert found["fd99::1"] is Whereabouts.OURS
    assert found["fd98::1ff"] is Whereabouts.ROUTED


def test_loopback_is_ours_however_many_hosts_there_are() -> None:
    assert set(located(book_of("127.3.0.0/22")).values()) == {Whereabouts.OURS}


@pytest.mark.root
def test_a_few_look_ups_serve_many_hosts(namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Counting(RouteTable):
        def lookup(
            self, addresses: Sequence[bytes], scopes: Sequence[str] = ()
        ) -> list[Route | OSError]:
            asked.append(len(addresses))
            return super().lookup(addresses, scopes)

    monkeypatch.setattr(locator_module, "RouteTable", Counting)
    found = inside(namespace, lambda: located(book_of("10.98.0.0/18")))
    assert len(found) == 1 << 14
    assert sum(asked) < 10


@pytest.mark.root
def test_edges_are_the_sides_of_routes_and_rules(namespace: str) -> None:
    edges = inside(namespace, lambda: route_edges(2, 4))
    base = 10 << 24 | 96 << 16
    assert {base, base + 128, base + 256} <= set(edges)
    assert edges == sorted(edges)
    assert 0 not in edges

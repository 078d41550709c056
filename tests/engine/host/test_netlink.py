"""Reading netlink bytes never raises, and the kernel's answers about loopback are understood."""

from __future__ import annotations

import errno
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host.neighbours import confirmed_neighbours
from engine.host.netlink import Message, NetlinkSocket, attribute, attributes, messages
from engine.host.routes import Route, RouteKind, RouteTable

RTM_GETLINK = 18


def test_attributes_come_back_as_they_went_in() -> None:
    packed = attribute(1, b"\x7f\0\0\1") + attribute(3, b"eth0\0") + attribute(0x8000 | 9, b"")
    assert attributes(b"head" + packed, 4) == {1: b"\x7f\0\0\1", 3: b"eth0\0", 9: b""}


@pytest.mark.parametrize("broken", [b"\0\0\1\0", b"\x03\0\1\0", b"\xff\xff\1\0abcd", b"\5\0"])
def test_reading_stops_at_a_malformed_attribute(broken: bytes) -> None:
    assert attributes(attribute(1, b"good") + broken, 0) == {1: b"good"}


@given(st.binary(max_size=200), st.integers(0, 210))
def test_no_bytes_raise(noise: bytes, offset: int) -> None:
    attributes(noise, offset)
    for message in messages(noise):
        assert len(message.body) <= len(noise)


def test_several_messages_in_one_datagram() -> None:
    one = struct.pack("=IHHII", 19, 24, 0, 7, 0) + b"abc"
    two = struct.pack("=IHHII", 16, 3, 0, 8, 0)
    assert list(messages(one + b"\0" + two)) == [Message(24, 7, b"abc"), Message(3, 8, b"")]
    assert list(messages(one[:-1])) == []


def test_each_question_gets_its_own_answer_in_order() -> None:
    netlink = NetlinkSocket()
    try:
        wanted = [1 if number % 3 else 999_999 for number in range(200)]
        answers = netlink.ask(
            RTM_GETLINK, [struct.pack("=BxHiII", 0, 0, index, 0, 0) for index in wanted]
        )
        for index, answer in zip(wanted, answers, strict=True):
            if index == 1:
                assert isinstance(answer, Message)
            else:
                assert isinstance(answer, OSError)
                assert answer.errno == errno.ENODEV
    finally:
        netlink.close()
        netlink.close()


def test_a_dump_ends_and_a_refused_one_raises() -> None:
    netlink = NetlinkSocket()
    try:
        assert list(netlink.dump(RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)))
        with pytest.raises(OSError):
            list(netlink.dump(9999, b"\0" * 16))
        assert isinstance(confirmed_neighbours(netlink, socket.AF_INET), dict)
    finally:
        netlink.close()


@pytest.mark.parametrize(("address", "family"), [("127.0.0.1", socket.AF_INET), ("::1", 10)])
def test_the_way_to_this_machine_is_local(address: str, family: int) -> None:
    table = RouteTable()
    try:
        packed = socket.inet_pton(family, address)
        (route,) = table.lookup([packed])
        assert isinstance(route, Route)
        assert route.kind is RouteKind.LOCAL
        assert (route.link.name, route.link.ethernet, route.link.running) == ("lo", False, True)
        assert route.source == packed
        assert route.gateway is None
    finally:
        table.close()


def test_scopes_that_name_no_interface_are_no_route() -> None:
    table = RouteTable()
    try:
        link_local = socket.inet_pton(socket.AF_INET6, "fe80::1")
        scopes = ["no such interface", "0", "99999999999", "\0", "²"]
        routes = table.lookup([link_local] * len(scopes), scopes)
        assert all(isinstance(route, OSError) for route in routes)
        assert table.link(1) is table.link(1)
        assert table.link_now(999_999) is None
        table.forget(1)
        assert table.link(1) is not None
    finally:
        table.close()

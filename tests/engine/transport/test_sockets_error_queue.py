"""The parser of the socket error queue."""

from __future__ import annotations

import errno
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.techniques.answer import AnswerKind
from engine.transport.sockets.error_queue import (
    IP_RECVERR,
    IPV6_RECVERR,
    IcmpError,
    parse_errors,
)

V4 = (socket.IPPROTO_IP, IP_RECVERR)
V6 = (socket.IPPROTO_IPV6, IPV6_RECVERR)


def extended_error(origin: int, icmp_type: int, code: int) -> bytes:
    return struct.pack("=IBBBBII", errno.ECONNREFUSED, origin, icmp_type, code, 0, 0, 0)


def offender_v4(address: str) -> bytes:
    return struct.pack("=H", socket.AF_INET) + bytes(2) + socket.inet_aton(address) + bytes(8)


def offender_v6(address: str) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, address)
    return struct.pack("=H", socket.AF_INET6) + bytes(6) + packed + bytes(4)


def test_icmp_from_a_router() -> None:
    data = extended_error(2, 3, 13) + offender_v4("10.0.0.254")
    assert parse_errors([(*V4, data)]) == IcmpError(AnswerKind.ICMP4, 3, 13, "10.0.0.254")


def test_icmpv6_among_other_data() -> None:
    data = extended_error(3, 1, 4) + offender_v6("fe80::1")
    other = (socket.IPPROTO_IPV6, 50, b"\0" * 20)
    assert parse_errors([other, (*V6, data)]) == IcmpError(AnswerKind.ICMP6, 1, 4, "fe80::1")


@pytest.mark.parametrize("origin", [0, 1, 4, 255])
def test_an_error_of_our_own_machine_is_none(origin: int) -> None:
    assert parse_errors([(*V4, extended_error(origin, 3, 4) + offender_v4("10.0.0.1"))]) is None


def test_an_unknown_offender_is_nobody() -> None:
    found = parse_errors([(*V4, extended_error(2, 3, 1) + bytes(16))])
    assert found == IcmpError(AnswerKind.ICMP4, 3, 1, "")


@given(st.lists(st.tuples(st.sampled_from([0, 41]), st.sampled_from([11, 25]), st.binary())))
def test_no_bytes_break_it(ancillary: list[tuple[int, int, bytes]]) -> None:
    found = parse_errors(ancillary)
    assert found is None or found.kind in (AnswerKind.ICMP4, AnswerKind.ICMP6)


@given(st.binary(max_size=40), st.integers(0, 60))
def test_cut_short_anywhere(tail: bytes, length: int) -> None:
    data = (extended_error(3, 1, 4) + tail)[:length]
    found = parse_errors([(*V6, data)])
    assert (found is None) == (length < 16)

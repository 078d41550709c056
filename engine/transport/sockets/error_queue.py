"""The socket error queue: which ICMP error came for which datagram (ip(7) IP_RECVERR, ipv6(7)).

The kernel queues ``struct sock_extended_err`` (linux/errqueue.h) followed by the offender's socket
address: errno (u32), origin, type, code, padding (u8 each), info, data (u32 each).
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence

from msgspec import Struct

from engine.techniques.answer import AnswerKind

IP_RECVERR = 11
IPV6_RECVERR = 25
ANCILLARY_SIZE = 512
"""Bytes that hold the longest ancillary data the options used here can bring."""

_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_ORIGIN_KIND = {2: AnswerKind.ICMP4, 3: AnswerKind.ICMP6}
_QUEUES = {(socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)}
_OFFENDERS: dict[int, slice] = {
    # where the address lies in sockaddr_in and sockaddr_in6 (RFC 3493 section 3.3)
    socket.AF_INET: slice(4, 8),
    socket.AF_INET6: slice(8, 24),
}


class IcmpError(Struct, frozen=True):
    """An ICMP error as the queue tells it.

    Attributes:
        kind: ICMP4 or ICMP6.
        type: the message's type.
        code: the message's code.
        sender: the address it came from as inet_ntop(3) writes it; empty when unknown.
    """

    kind: AnswerKind
    type: int
    code: int
    sender: str


def enable_error_queue(sock: socket.SocketType, family: int) -> None:
    """Have the kernel queue ICMP errors for the socket. Raises OSError."""
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def parse_errors(ancillary: Sequence[tuple[int, int, bytes]]) -> IcmpError | None:
    """The ICMP error in a message's ancillary data; None when there is none (a local error, or
    data that is cut short)."""
    for level, kind, data in ancillary:
        if (level, kind) not in _QUEUES or len(data) < _EXTENDED_ERROR.size:
            continue
        _, origin, icmp_type, code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
        if origin in _ORIGIN_KIND:
            sender = _sender(data[_EXTENDED_ERROR.size :])
            return IcmpError(_ORIGIN_KIND[origin], icmp_type, code, sender)
    return None


def _sender(address: bytes) -> str:
    if len(address) < 2:
        return ""
    family = int.from_bytes(address[:2], sys.byteorder)
    where = _OFFENDERS.get(family)
    if where is None or len(address) < where.stop:
        return ""
    return socket.inet_ntop(family, address[where])

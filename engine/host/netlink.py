"""Questions to the Linux kernel over a route netlink socket (RFC 3549; linux/netlink.h)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence

from msgspec import Struct

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")

_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLM_F_REQUEST = 0x1
_NLM_F_DUMP = 0x300
_NLA_TYPE_MASK = 0x3FFF

_AT_ONCE = 64
_RECEIVE_BUFFER = 1 << 20
_PATIENCE = 2.0
_MAX_DUMP_PARTS = 100_000


class Message(Struct, frozen=True):
    """One netlink message: its type, the number of the question it answers, and its body."""

    kind: int
    sequence: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute of a request, padded to four bytes."""
    return _ATTRIBUTE.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(body: bytes, offset: int) -> dict[int, bytes]:
    """The attributes of ``body`` from ``offset`` on; stops at the first malformed one."""
    found: dict[int, bytes] = {}
    while offset + 4 <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, offset)
        if length < 4 or offset + length > len(body):
            break
        found[kind & _NLA_TYPE_MASK] = body[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def messages(buffer: bytes) -> Iterator[Message]:
    """The messages in one datagram from the kernel; stops at the first malformed one."""
    offset = 0
    while offset + _HEADER.size <= len(buffer):
        length, kind, _flags, sequence, _port = _HEADER.unpack_from(buffer, offset)
        if length < _HEADER.size or offset + length > len(buffer):
            return
        yield Message(kind, sequence, buffer[offset + _HEADER.size : offset + length])
        offset += (length + 3) & ~3


class NetlinkSocket:
    """A route netlink socket. Raises OSError when the kernel offers none."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.settimeout(_PATIENCE)
        self._socket.bind((0, 0))
        self._sequence = 0

    def ask(self, kind: int, bodies: Sequence[bytes]) -> list[Message | OSError]:
        """One answer per request body, in order; an OSError where the kernel refused.

        Requests travel many to a system call, so thousands of look-ups take milliseconds.
        """
        answers: list[Message | OSError] = []
        for start in range(0, len(bodies), _AT_ONCE):
            answers += self._ask_some(kind, bodies[start : start + _AT_ONCE])
        return answers

    def _ask_some(self, kind: int, bodies: Sequence[bytes]) -> list[Message | OSError]:
        first = self._sequence + 1
        self._sequence += len(bodies)
        self._socket.send(
            b"".join(
                _HEADER.pack(_HEADER.size + len(body), kind, _NLM_F_REQUEST, number, 0)
                + body
                + bytes(-len(body) % 4)
                for number, body in enumerate(bodies, first)
            )
        )
        answers: dict[int, Message | OSError] = {}
        while len(answers) < len(bodies):
            for message in self._from_kernel():
                if first <= message.sequence <= self._sequence:
                    answers[message.sequence] = _error_in(message) or message
        return [answers[number] for number in range(first, self._sequence + 1)]

    def dump(self, kind: int, body: bytes) -> Iterator[Message]:
        """Every entry of a kernel table. Raises OSError when the kernel refuses."""
        self._sequence += 1
        number = self._sequence
        flags = _NLM_F_REQUEST | _NLM_F_DUMP
        self._socket.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body)
        for _part in range(_MAX_DUMP_PARTS):
            for message in self._from_kernel():
                if message.sequence != number:
                    continue
                if message.kind == _NLMSG_DONE:
                    return
                error = _error_in(message)
                if error is not None:
                    raise error
                yield message

    def _from_kernel(self) -> Iterator[Message]:
        buffer, sender = self._socket.recvfrom(1 << 17)
        return messages(buffer) if sender[0] == 0 else iter(())

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        self._socket.close()


def _error_in(message: Message) -> OSError | None:
    if message.kind != _NLMSG_ERROR or len(message.body) < _ERROR.size:
        return None
    (number,) = _ERROR.unpack_from(message.body)
    return OSError(-number, os.strerror(-number))

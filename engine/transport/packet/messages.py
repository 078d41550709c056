"""Many packets in one system call: sendmmsg(2) and recvmmsg(2) on numpy memory.

The C structures are numpy arrays, so no Python object is made per packet, and ctypes lets other
threads run during the call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import time
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BATCH = 1024
"""Most packets given to one sendmmsg: what the kernel takes (UIO_MAXIOV)."""

_VECTOR = np.dtype([("base", np.uintp), ("length", np.uintp)], align=True)
_HEADER = np.dtype(
    [
        ("name", np.uintp),
        ("name_length", np.uint32),
        ("vectors", np.uintp),
        ("vector_count", np.uintp),
        ("control", np.uintp),
        ("control_length", np.uintp),
        ("flags", np.int32),
    ],
    align=True,
)
_MESSAGE = np.dtype([("header", _HEADER), ("length", np.uint32)], align=True)
"""``struct iovec``, ``struct msghdr`` and ``struct mmsghdr`` of the C library."""
_STAMP = np.dtype(
    [
        ("length", np.uintp),
        ("level", np.int32),
        ("kind", np.int32),
        ("seconds", np.int64),
        ("nanoseconds", np.int64),
    ]
)
"""``struct cmsghdr`` with the ``struct timespec`` that SO_TIMESTAMPNS puts behind it."""
SO_TIMESTAMPNS = 35
"""Socket option and message kind of time stamps in nanoseconds (socket(7), 64-bit Linux)."""
_OLDEST = 10.0
"""Seconds a packet may have waited for us."""


@cache
def c_library() -> ctypes.CDLL:
    """The C library, whose calls let Python's other threads run and set ctypes.get_errno()."""
    return ctypes.CDLL(None, use_errno=True)


def _addresses(rows: NDArray[np.generic]) -> NDArray[np.uintp]:
    """Where each row of a C-contiguous array lies in memory."""
    start, stride = rows.ctypes.data, rows.strides[0]
    return np.arange(start, start + len(rows) * stride, max(stride, 1), dtype=np.uintp)


class PacketSender:
    """Sends rows of an array as packets, up to BATCH per call."""

    def __init__(self) -> None:
        self._vectors = np.zeros(BATCH, _VECTOR)
        self._messages = np.zeros(BATCH, _MESSAGE)
        self._messages["header"]["vectors"] = _addresses(self._vectors)
        self._messages["header"]["vector_count"] = 1

    def send(
        self,
        descriptor: int,
        rows: NDArray[np.uint8],
        lengths: NDArray[np.uint32],
        names: NDArray[np.void] | None = None,
    ) -> int:
        """Hand the first BATCH rows (n, width), of ``lengths`` bytes each, to the kernel.

        ``names`` holds a socket address per row; None for a socket that knows its way. Returns how
        many were taken, at least 1. Raises OSError when the first one was not taken.
        """
        count = min(len(rows), BATCH)
        self._vectors["base"][:count] = _addresses(rows[:count])
        self._vectors["length"][:count] = lengths[:count]
        header = self._messages["header"][:count]
        header["name"] = 0 if names is None else _addresses(names[:count])
        header["name_length"] = 0 if names is None else names.itemsize
        sent: int = c_library().sendmmsg(
            descriptor, ctypes.c_void_p(self._messages.ctypes.data), count, 0
        )
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return sent


class Packets(NamedTuple):
    """Packets read together: ``rows`` (n, width) bytes, their ``lengths`` (n,), and when each came
    in, on the monotonic clock (seconds, n)."""

    rows: NDArray[np.uint8]
    lengths: NDArray[np.uint32]
    arrivals: NDArray[np.float64]


class PacketReader:
    """Reads packets from one socket into a reusable matrix: up to ``rows`` at once, ``width`` bytes
    of each."""

    def __init__(self, receiver: socket.socket, rows: int = 1024, width: int = 256) -> None:
        self._receiver = receiver
        self._packets = np.zeros((rows, width), np.uint8)
        vectors = np.zeros(rows, _VECTOR)
        vectors["base"] = _addresses(self._packets)
        vectors["length"] = width
        self._vectors = vectors
        self._messages = np.zeros(rows, _MESSAGE)
        self._messages["header"]["vectors"] = _addresses(vectors)
        self._messages["header"]["vector_count"] = 1
        self._stamps = np.zeros(rows, _STAMP)
        self._messages["header"]["control"] = _addresses(self._stamps)

    def close(self) -> None:
        """Nothing to give back: the memory is our own."""

    def read(self, most: int) -> Iterator[Packets]:
        """The packets that wait, about ``most`` at most, in pieces. A piece is valid until the next
        is asked for; bytes behind a packet's length are left-overs. What comes in meanwhile is
        worth another system call only when it fills a whole one."""
        for _read in range(-(-most // len(self._packets))):
            try:
                packets = self._receive()
            except OSError:  # an interface went down: told once, and sending finds out itself
                continue
            if len(packets.rows):
                yield packets
            if len(packets.rows) < len(self._packets):
                return

    def _receive(self) -> Packets:
        """Packets waiting on the socket, never waiting for more. Arrivals are the kernel's where
        the socket has SO_TIMESTAMPNS, else the time of the read. Raises OSError for anything but
        "nothing there"."""
        self._messages["header"]["control_length"] = _STAMP.itemsize
        self._stamps["kind"] = 0
        taken: int = c_library().recvmmsg(
            self._receiver.fileno(),
            ctypes.c_void_p(self._messages.ctypes.data),
            len(self._messages),
            socket.MSG_DONTWAIT,
            None,
        )
        if taken < 0:
            number = ctypes.get_errno()
            if number not in (errno.EAGAIN, errno.EINTR):
                raise OSError(number, os.strerror(number))
            taken = 0
        stamps = self._stamps[:taken]
        wall = stamps["seconds"] + stamps["nanoseconds"] * 1e-9
        wall[stamps["kind"] != SO_TIMESTAMPNS] = np.inf
        return Packets(self._packets[:taken], self._messages["length"][:taken], arrival_times(wall))


def arrival_times(wall: NDArray[np.float64]) -> NDArray[np.float64]:
    """The kernel's time stamps (seconds of the wall clock) on the monotonic clock. The wall clock
    may be set meanwhile, so a stamp from the future or the distant past gives way to now."""
    now = time.monotonic()
    ages = time.time() - wall
    ages[(ages < 0) | (ages > _OLDEST)] = 0.0
    arrivals: NDArray[np.float64] = now - ages
    return arrivals

"""Many packets in one system call: sendmmsg(2) and recvmmsg(2) on numpy memory.

The C structures are numpy arrays, so no Python object is made per packet, and ctypes lets other
threads run during the call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from functools import cache

import numpy as np
from numpy.typing import NDArray

BATCH = 512
"""Most packets given to one sendmmsg."""

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


@cache
def _libc() -> ctypes.CDLL:
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
        sent: int = _libc().sendmmsg(
            descriptor, ctypes.c_void_p(self._messages.ctypes.data), count, 0
        )
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return sent


class PacketReader:
    """Reads packets into one reusable matrix: up to ``rows`` packets, ``width`` bytes of each."""

    def __init__(self, rows: int = 1024, width: int = 256) -> None:
        self._packets = np.zeros((rows, width), np.uint8)
        vectors = np.zeros(rows, _VECTOR)
        vectors["base"] = _addresses(self._packets)
        vectors["length"] = width
        self._vectors = vectors
        self._messages = np.zeros(rows, _MESSAGE)
        self._messages["header"]["vectors"] = _addresses(vectors)
        self._messages["header"]["vector_count"] = 1

    def read(self, descriptor: int) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """Packets waiting on a socket, never waiting for more: (n, width) and their lengths (n,).

        The matrix is overwritten by the next read; bytes behind a packet's length are left-overs.
        Raises OSError for anything but "nothing there".
        """
        taken: int = _libc().recvmmsg(
            descriptor,
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
        return self._packets[:taken], self._messages["length"][:taken]

"""A descriptor that becomes readable at a set time (timerfd_create(2)), to be polled like a
socket."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
from functools import cache

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1


class _Setting(ctypes.Structure):
    """``struct itimerspec``: the interval, then the time it goes off."""

    _fields_ = [("interval", ctypes.c_long * 2), ("value", ctypes.c_long * 2)]


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


class Alarm:
    """Raises OSError when the kernel has no descriptor left."""

    def __init__(self) -> None:
        self._descriptor: int = _libc().timerfd_create(
            _CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC
        )
        if self._descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def set(self, when: float) -> None:
        """Go off at ``when`` seconds on the monotonic clock, at once if that has passed; infinity
        means never."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, 8)
        seconds, nanoseconds = 0, 0  # zero would disarm it
        if math.isfinite(when):
            seconds, nanoseconds = divmod(max(int(when * 1e9), 1), 1_000_000_000)
        setting = _Setting(value=(seconds, nanoseconds))
        _libc().timerfd_settime(self._descriptor, _ABSOLUTE, ctypes.byref(setting), None)

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

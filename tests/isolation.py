"""No test can reach a network: as root, the test process moves to a network namespace of its own
that has nothing but a loopback interface."""

from __future__ import annotations

import ctypes
import os
import subprocess

_CLONE_NEWNET = 0x40000000  # sched.h; os.unshare() comes with Python 3.12


def leave_the_network() -> None:
    """Move this thread, and all it will start, to an empty network namespace. Raises OSError.

    Must be called before other threads are started, which would stay behind.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    subprocess.run(("ip", "link", "set", "lo", "up"), check=True, timeout=10)

"""Run one program and measure it whole: wall clock, processor time, peak memory.

The program is started by a small process of its own (this file run as a script): the kernel counts
the memory of the process that starts a program into that program's peak, so it must be less than
anything measured. Nothing but the standard library is imported here for the same reason.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """What one run of a program took.

    Attributes:
        wall: seconds from its start to its end.
        user, system: seconds of processor time, its finished children included.
        peak_rss: bytes of memory resident at once, at most; never less than the starter's (14 MB).
        exit_code: as in subprocess: negative for a signal.
        stopped: True when the time allowed was over and the program was killed.
        complaint: the last line it wrote to stderr; empty when it was silent.
    """

    wall: float
    user: float
    system: float
    peak_rss: int
    exit_code: int
    stopped: bool
    complaint: str


def start(words: tuple[str, ...], timeout: float, where: Path) -> subprocess.Popen[str]:
    """Start a command line from the folder ``where`` with its stdout thrown away.

    After ``timeout`` seconds it is killed with all it started. Ctrl-C does not reach it: whoever
    started it ends it.
    """
    return subprocess.Popen(
        (sys.executable, "-I", "-S", __file__, str(timeout), *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=where,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> Measurement:
    """Wait for what start() started. Raises RuntimeError when it could not be run."""
    told = process.communicate()[0]
    if process.returncode:
        raise RuntimeError("a program to measure could not be run")
    return Measurement(**json.loads(told))


def _run(timeout: float, words: list[str]) -> dict[str, object]:
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        os.killpg(process.pid, signal.SIGKILL)

    begun = time.perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    clock = threading.Timer(timeout, stop)
    clock.start()
    complaint = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    clock.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = complaint.decode(errors="replace").strip().splitlines()
    return {
        "wall": wall,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "peak_rss": usage.ru_maxrss * 1024,
        "exit_code": process.returncode,
        "stopped": stopped.is_set(),
        "complaint": lines[-1] if lines else "",
    }


if __name__ == "__main__":
    print(json.dumps(_run(float(sys.argv[1]), sys.argv[2:])))

"""pyscan-tui in a terminal of its own: when it paints first, and what it costs while it waits."""

from __future__ import annotations

import compileall
import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_PATIENCE = 20.0
AT_REST = 8.0
"""Seconds from the first picture until nothing happens by itself: the cursor blinks for five."""
ROOT = Path(__file__).parents[1]
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class FirstPaint:
    """Seconds until the program's name was on the terminal; ``processor`` those spent working."""

    wall: float
    processor: float


def compile_all() -> None:
    """Compile the program, as an installation is."""
    for package in ("engine", "themes", "tui"):
        compileall.compile_dir(str(ROOT / package), quiet=1)


def measure_first_paint(times: int, size: tuple[int, int]) -> list[FirstPaint]:
    """Start ``pyscan-tui`` ``times`` times anew in a terminal of ``size`` (columns, lines)."""
    with tempfile.TemporaryDirectory() as home:
        return [_first_paint(home, size) for _ in range(times)]


def measure_idle(seconds: float, size: tuple[int, int]) -> float:
    """The share (0..1) of a core that the program takes while its target picker waits."""
    with tempfile.TemporaryDirectory() as home, _started(home, size) as (process, ours):
        _read_until(ours, b"PyScan")
        _read_for(ours, AT_REST)
        before = _processor_time(process.pid)
        _read_for(ours, seconds)
        return (_processor_time(process.pid) - before) / seconds


def _first_paint(home: str, size: tuple[int, int]) -> FirstPaint:
    started = time.perf_counter()
    with _started(home, size) as (process, ours):
        _read_until(ours, b"PyScan")
        return FirstPaint(time.perf_counter() - started, _processor_time(process.pid))


@contextlib.contextmanager
def _started(home: str, size: tuple[int, int]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The program without a target, and our end of its terminal."""
    columns, lines = size
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {**os.environ, "HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = (sys.executable, "-m", "tui")
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    ) as process:
        os.close(theirs)
        try:
            yield process, ours
        finally:
            process.kill()
            os.close(ours)


def _read_until(terminal: int, wanted: bytes) -> None:
    """Raises TimeoutError when that was not painted in START_PATIENCE seconds."""
    end, seen = time.perf_counter() + START_PATIENCE, b""
    while wanted not in seen:
        wait = end - time.perf_counter()
        if wait <= 0 or not select.select([terminal], [], [], wait)[0]:
            raise TimeoutError("pyscan-tui painted nothing")
        seen += os.read(terminal, 65_536)


def _read_for(terminal: int, seconds: float) -> None:
    """Take what is painted for a while."""
    end = time.perf_counter() + seconds
    while (wait := end - time.perf_counter()) > 0:
        if select.select([terminal], [], [], wait)[0]:
            os.read(terminal, 65_536)


def _processor_time(pid: int) -> float:
    """Seconds a process has worked so far, to a tick (proc(5), fields 14 and 15 of ``stat``)."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

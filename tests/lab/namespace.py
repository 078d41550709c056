"""Network namespaces: made with a name that tells who made them, entered, and always taken away."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PREFIX = "pyscanlab"
FOLDER = Path("/run/netns")
_NAME = re.compile(rf"{PREFIX}-(\d+)-(\d+)-\d+-[a-z0-9]+")
_CLONE_NEWNET = 0x40000000
_serial = itertools.count()


class LabError(RuntimeError):
    """The lab could not be built: which command failed, and what it said."""


def require(*programs: str) -> None:
    """Raise LabError when a program the lab needs is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise LabError(
            f"not installed: {', '.join(missing)}; on Debian: apt install nmap nftables iproute2 "
            "procps"
        )


def command(*words: str, stdin: str = "") -> str:
    """Run a command to its end and return its stdout. Raises LabError when it fails."""
    done = subprocess.run(
        words, input=stdin, capture_output=True, text=True, timeout=30, check=False
    )
    if done.returncode:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def ip_batch(lines: Sequence[str], namespace: str | None = None) -> None:
    """Run several ``ip`` commands in one process. Raises LabError."""
    where = ("-n", namespace) if namespace else ()
    command("ip", *where, "-batch", "-", stdin="\n".join(lines) + "\n")


def create(label: str) -> str:
    """Make a namespace with loopback up; ``label`` (letters and digits) ends its unique name."""
    name = f"{PREFIX}-{os.getpid()}-{_start_time(os.getpid())}-{next(_serial)}-{label}"
    command("ip", "netns", "add", name)
    command("ip", "-n", name, "link", "set", "lo", "up")
    return name


def delete(name: str) -> None:
    """Kill what still runs inside a namespace and remove it; a missing one is not an error."""
    for pid in processes(name):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(LabError):
        command("ip", "netns", "del", name)


def processes(name: str) -> list[int]:
    """Process ids inside a namespace; empty when it is gone."""
    try:
        return [int(word) for word in command("ip", "netns", "pids", name).split()]
    except LabError:
        return []


def delete_stale() -> list[str]:
    """Remove the namespaces whose makers are dead (killed before they could clean up)."""
    names = [path.name for path in FOLDER.iterdir()] if FOLDER.is_dir() else []
    stale = [name for name in names if (match := _NAME.fullmatch(name)) and not _lives(match)]
    for name in stale:
        delete(name)
    return stale


def inside(name: str, action: Callable[[], T]) -> T:
    """Run ``action`` in a short-lived thread that has entered the namespace.

    Sockets it opens stay in that namespace for as long as they live. Exceptions come through.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            enter(name)
            results.append(action())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, name=f"inside {name}")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def enter(name: str) -> None:
    """Move the calling thread into a namespace (setns(2)). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    with (FOLDER / name).open("rb") as handle:
        if libc.setns(handle.fileno(), _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), name)


def _lives(match: re.Match[str]) -> bool:
    return _start_time(int(match[1])) == int(match[2])


def _start_time(pid: int) -> int:
    """When a process started, in clock ticks since boot (field 22 of proc_pid_stat(5)); -1 for a
    dead one. Together with the id it names a process for good: ids are used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[19])

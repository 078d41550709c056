"""ScanLog: what the engine did, in lines a person can read.

Everything is recorded, whatever the verbosity; readers ask for the levels they want, so turning
verbosity up shows what was already logged.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from engine.sanitize import clean

CAPACITY = 20_000
WIDTH = 400
_LONGEST = 4 * WIDTH
"""Characters kept of what is said; cleaning may leave out many of them."""


Said = str | Callable[[], str]
"""A text, or what makes it for whoever reads it: most lines are never read."""


class LogLine(Struct, frozen=True):
    """One line: ``time`` in seconds since the scan began, ``level`` 0 (always shown) to 3."""

    serial: int
    time: float
    level: int
    said: Said

    @property
    def text(self) -> str:
        """The words, made harmless."""
        return clean(self.said if isinstance(self.said, str) else self.said(), WIDTH)


class ScanLog:
    """The last CAPACITY lines. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=CAPACITY)
        self._lock = threading.Lock()
        self._serial = 0

    @property
    def newest(self) -> int:
        """Serial number of the newest line; 0 when there is none."""
        return self._serial

    def add(self, time: float, level: int, said: Said) -> None:
        """Append a line."""
        if isinstance(said, str):
            said = said[:_LONGEST]
        with self._lock:
            self._serial += 1
            self._lines.append(LogLine(self._serial, time, level, said))

    def lines(self, since: int = 0, level: int = 3) -> tuple[LogLine, ...]:
        """Lines newer than serial ``since``, at most as detailed as ``level``, oldest first."""
        with self._lock:
            fresh: list[LogLine] = []
            for line in reversed(self._lines):
                if line.serial <= since:
                    break
                if line.level <= level:
                    fresh.append(line)
        return tuple(reversed(fresh))

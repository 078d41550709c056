"""What the user is told on standard error: log lines, and a progress line on a terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from engine.core.progress import Progress
from engine.sanitize import clean

if TYPE_CHECKING:
    from engine.session import ScanSession

_CLEAR_LINE = "\r\x1b[K"
_USUAL_WIDTH = 80


class Narrator:
    """Tells a scan's story on ``stream``.

    Args:
        stream: standard error. A progress line is kept up to date when it is a terminal.
        level: log lines up to this level are shown, 0 to 3.
    """

    def __init__(self, stream: TextIO, level: int) -> None:
        self._stream = stream
        self._level = level
        self._newest = 0
        self._bar = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._bar_shown = False

    def say(self, text: str) -> None:
        """One line of our own."""
        self._clear()
        print(clean(text, 2000), file=self._stream, flush=True)

    def say_all(self, lines: Sequence[str]) -> None:
        """Many lines, made of harmless characters already, with one write."""
        if lines:
            self._clear()
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()

    def show(self, session: ScanSession) -> None:
        """Print log lines that are new, and refresh the progress line."""
        newest = session.log.newest
        for line in session.log.lines(since=self._newest, level=self._level):
            self.say(line.text)
            newest = max(newest, line.serial)
        self._newest = newest
        if self._bar and session.alive:
            bar = progress_line(session.progress)[: self._width() - 1]
            self._stream.write(_CLEAR_LINE + bar)
            self._stream.flush()
            self._bar_shown = True

    def finish(self, session: ScanSession) -> None:
        """Print what is left and take the progress line away."""
        self.show(session)
        self._clear()

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_WIDTH
        except OSError:
            return _USUAL_WIDTH

    def _clear(self) -> None:
        if self._bar_shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
            self._bar_shown = False


def progress_line(progress: Progress) -> str:
    """``12 up, 40 of 256 hosts asked  45.0 %  450 of 1,000 ports  20,000 probes/s``, with the time
    left, and without what there is none of."""
    parts = []
    asked = progress.hosts_up + progress.hosts_down
    if asked < progress.hosts_total or (progress.hosts_total and not progress.total):
        parts.append(f"{progress.hosts_up:,} up, {asked:,} of {progress.hosts_total:,} hosts asked")
    if progress.total:
        parts.append(f"{progress.fraction * 100:.1f} %")
        parts.append(f"{progress.decided:,} of {progress.total:,} ports")
    parts.append(f"{progress.send_rate:,.0f} probes/s")
    if progress.remaining is not None:
        parts.append(f"about {_duration(progress.remaining)} left")
    return "  ".join(parts)


def _duration(seconds: float) -> str:
    whole = int(min(seconds, 8_640_000))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"

"""``python -m benchmarks.screen``: how quick the screen is while 65,535 rows stream in.

Nothing is sent: the rows come from a thread that writes into a store, and the program started for
the first-paint figure waits in its target picker.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Key
from textual.strip import Strip

from benchmarks.stream import PORTS, StreamedScan
from engine.results.query import Query, SortColumn
from tui.app import PyScanApp
from tui.screens.target_picker import TargetPicker
from tui.widgets.results_table import ResultsTable

if TYPE_CHECKING:
    from engine.session import ScanSession

SIZE = (120, 40)
KEYS = ("down",) * 12 + ("pagedown", "up", "up", "end", "home")
KEY_EVERY = 0.04
FIRST_PAINT_LIMIT = 0.8
KEY_LIMIT = 0.030
SORT_LIMIT = 0.060
START_PATIENCE = 20.0


@dataclass(frozen=True)
class Figure:
    """One measured value and what it may be at most, in seconds."""

    name: str
    seconds: float
    limit: float

    def __str__(self) -> str:
        verdict = "ok" if self.seconds <= self.limit else "TOO SLOW"
        measured, most = f"{self.seconds * 1e3:,.1f} ms", f"{self.limit * 1e3:,.0f} ms"
        return f"{self.name:<52}{measured:>12}   limit {most:>7}   {verdict}"


class PaintedTerminal(HeadlessDriver):
    """A terminal that takes all output, and counts it, instead of none as tests want it."""

    written = 0
    on_write: Callable[[], None] | None = None

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written += len(data.encode())
        if self.on_write is not None:
            self.on_write()


class Eye:
    """Notes when something drawn has been handed to the terminal.

    A picture counts once the table has drawn its title or its cursor's line in the new state, and
    the terminal was given output after that.
    """

    def __init__(self, terminal: PaintedTerminal, table: ResultsTable) -> None:
        self._drawn = False
        self._reached: Callable[[], bool] = bool
        self._seen = asyncio.Event()
        self._seen_at = 0.0
        self._render, self._table = table.render_line, table
        table.render_line = self._on_render  # type: ignore[method-assign]
        terminal.on_write = self._on_write

    def _on_render(self, y: int) -> Strip:
        strip = self._render(y)
        if y == 0 or self._table.row_at(y) == self._table.cursor_row():
            self._drawn |= self._reached()
        return strip

    def _on_write(self) -> None:
        if self._drawn:
            self._drawn = False
            self._seen_at = time.perf_counter()
            self._seen.set()

    async def time(self, act: Callable[[], object], reached: Callable[[], bool]) -> float:
        """Seconds from ``act`` to the first picture drawn after ``reached`` says it had effect."""
        self._drawn, self._reached = False, reached
        self._seen.clear()
        started = time.perf_counter()
        act()
        async with asyncio.timeout(5):
            await self._seen.wait()
        return self._seen_at - started


async def measure_table(rate: int, presses: int) -> tuple[list[Figure], list[str]]:
    """Key presses and sorts in the whole program while rows stream in at ``rate`` a second."""
    app, scan = PyScanApp(), StreamedScan(rate)
    async with app.run_test(size=SIZE) as pilot:
        while not isinstance(app.screen, TargetPicker):
            await pilot.pause(0.05)
        await pilot.press("escape")
        terminal = PaintedTerminal(app, size=SIZE)
        app._driver = terminal
        scan.start()
        app.main.adopt(cast("ScanSession", scan))
        table = app.main.table
        table.set_query(Query(open_only=False))
        table.focus()
        while len(table.row_set) < PORTS:
            await pilot.pause(0.1)
        eye = Eye(terminal, table)
        await asyncio.sleep(1)
        busy, wall, written = time.process_time(), time.perf_counter(), terminal.written
        keys = [await _press(eye, table, KEYS[n % len(KEYS)]) for n in range(presses)]
        wall = time.perf_counter() - wall
        busy, written = time.process_time() - busy, terminal.written - written
        sorts = {column: await _sort(eye, table, column) for column in SortColumn}
        scan.close()
        await pilot.pause()
    slowest = max(sorts, key=lambda column: sorts[column])
    figures = [
        Figure(f"key to paint, p95 of {presses}", _p95(keys), KEY_LIMIT),
        Figure(f"sort to paint, slowest of {len(sorts)} ({slowest})", sorts[slowest], SORT_LIMIT),
    ]
    notes = [
        f"rows: {PORTS:,}; streamed {rate:,}/s in {scan.passes} passes",
        f"key to paint: median {statistics.median(keys) * 1e3:.1f} ms, "
        f"max {max(keys) * 1e3:.1f} ms",
        f"processor: {busy / wall:.0%} of a core, the streaming thread included",
        f"to the terminal: {written / wall / 1e3:,.0f} kB/s",
    ]
    return figures, notes


async def _press(eye: Eye, table: ResultsTable, key: str) -> float:
    await asyncio.sleep(KEY_EVERY)
    before = table.cursor_row()
    return await eye.time(
        lambda: table.app.post_message(Key(key, None)), lambda: table.cursor_row() != before
    )


async def _sort(eye: Eye, table: ResultsTable, column: SortColumn) -> float:
    """The median of three, in turning directions."""
    times = []
    for descending in (True, False, True):
        query = replace(table.current_query, sort=column, descending=descending)
        times.append(await eye.time(partial(table.set_query, query), lambda: True))
        await asyncio.sleep(0.1)
    return statistics.median(times)


@dataclass(frozen=True)
class FirstPaint:
    """Seconds until the program's name was on the terminal; ``processor`` those spent working."""

    wall: float
    processor: float


def measure_first_paint(times: int) -> list[FirstPaint]:
    """Start ``pyscan-tui`` on a terminal of its own, ``times`` times anew."""
    with tempfile.TemporaryDirectory() as home:
        return [_first_paint(home) for _ in range(times)]


def _first_paint(home: str) -> FirstPaint:
    """Raises TimeoutError when nothing was painted in START_PATIENCE seconds."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    environment = {**os.environ, "HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    started = time.perf_counter()
    command = (sys.executable, "-m", "tui")
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    ) as process:
        os.close(theirs)
        try:
            wall, seen = 0.0, b""
            while b"PyScan" not in seen:
                wait = started + START_PATIENCE - time.perf_counter()
                if wait <= 0 or not select.select([ours], [], [], wait)[0]:
                    raise TimeoutError("pyscan-tui painted nothing")
                seen += os.read(ours, 65_536)
            wall = time.perf_counter() - started
        finally:
            process.kill()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            os.close(ours)
    return FirstPaint(wall, used.ru_utime + used.ru_stime)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen", description=__doc__)
    parser.add_argument("--rate", type=int, default=20_000, help="ports decided a second")
    parser.add_argument("--presses", type=int, default=200, help="keys pressed")
    parser.add_argument("--starts", type=int, default=5, help="times the program is started")
    given = parser.parse_args()
    paints = measure_first_paint(max(1, given.starts))
    figures, notes = asyncio.run(measure_table(max(1, given.rate), max(20, given.presses)))
    name = f"first paint after the start, median of {len(paints)}"
    wall = statistics.median(paint.wall for paint in paints)
    figures.append(Figure(name, wall, FIRST_PAINT_LIMIT))
    work = statistics.median(paint.processor for paint in paints)
    notes.append(f"first paint: {work * 1e3:,.0f} ms of processor time")
    notes.append(
        f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; "
        "the limits are for a machine that does nothing else"
    )
    print(*figures, *notes, sep="\n")
    return int(any(figure.seconds > figure.limit for figure in figures))


if __name__ == "__main__":
    sys.exit(main())

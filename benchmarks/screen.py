"""``python -m benchmarks.screen``: how quick the screen is while 65,535 x 8 rows stream in.

Nothing is sent: the rows come from a thread that writes into a store, and the program started for
the first-paint figure waits in its target picker.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import ClassVar

from msgspec.structs import replace
from textual.events import Key

from benchmarks.eye import Eye, PaintedTerminal
from benchmarks.figure import Figure
from benchmarks.start import compile_all, measure_first_paint, measure_idle
from benchmarks.stream import HOSTS, PORTS, TOTAL, StreamDoor
from engine.results.query import Query, SortColumn
from engine.results.snapshot import Phase
from engine.spec.command_line import BuiltSpec
from engine.spec.ports import parse_ports
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol
from engine.spec.target_text import parse_targets
from tui.__main__ import settle
from tui.app import PyScanApp
from tui.screens.target_picker import TargetPicker
from tui.widgets.row_groups import Grouping

SIZE = (120, 40)
KEYS = ("down",) * 12 + ("pagedown", "up", "up", "end", "home")
KEY_EVERY = 0.04
IDLE_FOR = 5.0
ALL_ROWS = Query(open_only=False)


@dataclass
class Streamed:
    """What was measured while rows streamed in.

    Attributes:
        keys: seconds from each key to its picture.
        hands_off, hands_on: UI-thread seconds, wall-clock seconds and bytes to the terminal, while
            no key was pressed and while keys were.
        sorts: seconds from a new order to its picture, by column, after the end of the scan.
        idle: share (0..1) of a core after the end of the scan.
    """

    NOTHING: ClassVar = (0.0, 0.0, 0)

    keys: list[float] = field(default_factory=list)
    hands_off: tuple[float, float, int] = NOTHING
    hands_on: tuple[float, float, int] = NOTHING
    sorts: dict[SortColumn, float] = field(default_factory=dict)
    idle: float = 0.0


class Desk:
    """The whole program with its main screen over StreamedScans, and two tabs in its bar."""

    def __init__(self, app: PyScanApp, terminal: PaintedTerminal) -> None:
        self.app, self.terminal = app, terminal
        self.table = app.main.table
        self.eye = Eye(terminal, self.table)

    async def begin(self, query: Query) -> None:
        """Begin a scan, and wait until the table has rows of it."""
        targets = parse_targets(f"127.0.0.1-{HOSTS}").literals
        spec = ScanSpec(targets, parse_ports(f"1-{PORTS}", (Protocol.TCP,)))
        self.app.tabs.start(self.app.tabs.shown, BuiltSpec(spec))
        while self.app.main.phase is not Phase.RUNNING:
            await asyncio.sleep(0.01)
        self.table.set_query(query)
        self.table.focus()
        while not len(self.table.row_set):
            await asyncio.sleep(0.01)

    @property
    def streaming(self) -> bool:
        """Whether rows still come."""
        return self.app.main.phase is Phase.RUNNING

    def used(self) -> tuple[float, float, int]:
        """This thread's time, the wall clock, and bytes written, until now."""
        return time.thread_time(), time.perf_counter(), self.terminal.written

    async def press(self, key: str) -> float:
        """Seconds until the cursor was seen elsewhere."""
        before = self._place()
        return await self.eye.time(
            lambda: self.app.post_message(Key(key, None)), lambda: self._place() != before
        )

    def _place(self) -> int | None:
        """What the cursor is on, a row or a heading: rows that come in above it do not change
        that."""
        return self.table._rows.cursor_line

    async def sort(self, column: SortColumn) -> float:
        """Seconds until a new order was seen; the median of three, in turning directions."""
        times = []
        for descending in (True, False, True):
            query = replace(self.table.current_query, sort=column, descending=descending)
            times.append(await self.eye.time(partial(self.table.set_query, query), lambda: True))
            await asyncio.sleep(0.1)
        return statistics.median(times)


@asynccontextmanager
async def opened(rate: int, grouping: Grouping) -> AsyncIterator[Desk]:
    """The program, with an empty second tab."""
    app = PyScanApp(door=StreamDoor(rate))
    app.when_loaded = settle
    async with app.run_test(size=SIZE) as pilot:
        while not isinstance(app.screen, TargetPicker):
            await pilot.pause(0.05)
        await pilot.press("escape")
        terminal = PaintedTerminal(app, size=SIZE)
        app._driver = terminal
        app.tabs.new()
        app.tabs.renew()
        desk = Desk(app, terminal)
        desk.table.group_by(grouping)
        yield desk


async def measure_stream(rate: int, presses: int, grouping: Grouping) -> Streamed:
    """One scan watched hands off, then as many as it takes to press keys ``presses`` times."""
    streamed = Streamed()
    async with opened(rate, grouping) as desk:
        await desk.begin(Query())
        await asyncio.sleep(0.5)
        before = desk.used()
        while desk.streaming:
            await asyncio.sleep(0.05)
        streamed.hands_off = _since(before, desk.used())
        while len(streamed.keys) < presses:
            await desk.begin(ALL_ROWS)
            before = desk.used()
            for key in cycle(KEYS):
                await asyncio.sleep(KEY_EVERY)
                if not desk.streaming or len(streamed.keys) >= presses:
                    break
                streamed.keys.append(await desk.press(key))
            streamed.hands_on = _sum(streamed.hands_on, _since(before, desk.used()))
        while desk.streaming or len(desk.table.row_set) < TOTAL:
            await asyncio.sleep(0.05)
        streamed.sorts = {column: await desk.sort(column) for column in SortColumn}
        await asyncio.sleep(1)
        busy = time.process_time()
        await asyncio.sleep(IDLE_FOR)
        streamed.idle = (time.process_time() - busy) / IDLE_FOR
    return streamed


def _since(
    before: tuple[float, float, int], now: tuple[float, float, int]
) -> tuple[float, float, int]:
    return now[0] - before[0], now[1] - before[1], now[2] - before[2]


def _sum(one: tuple[float, float, int], two: tuple[float, float, int]) -> tuple[float, float, int]:
    return one[0] + two[0], one[1] + two[1], one[2] + two[2]


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def figures_of(streamed: Streamed, rows: str) -> list[Figure]:
    """The goals that hold while rows stream in, and after that."""
    work, wall, written = streamed.hands_off
    work_on, wall_on, _ = streamed.hands_on
    return [
        Figure(
            f"{rows}: key to paint, p95 of {len(streamed.keys)}",
            _p95(streamed.keys) * 1e3,
            20,
            "ms",
        ),
        Figure(f"{rows}: UI thread, no key pressed", work / wall * 100, 30, "%"),
        Figure(f"{rows}: UI thread, 25 keys a second", work_on / wall_on * 100, 30, "%"),
        Figure(f"{rows}: to the terminal, the rows in view rest", written / wall / 1e3, 25, "kB/s"),
        Figure(f"{rows}: idle after the scan", streamed.idle * 100, 1, "%"),
    ]


def notes_of(streamed: Streamed, rows: str) -> list[str]:
    """What is worth knowing beside the figures."""
    _, wall, written = streamed.hands_on
    slowest = max(streamed.sorts, key=lambda column: streamed.sorts[column])
    return [
        f"{rows}: key to paint: median {statistics.median(streamed.keys) * 1e3:.1f} ms, "
        f"max {max(streamed.keys) * 1e3:.1f} ms; {written / wall / 1e3:,.0f} kB/s to the terminal",
        f"{rows}: {TOTAL:,} rows in another order: "
        f"{statistics.median(streamed.sorts.values()) * 1e3:.0f} ms, "
        f"by {slowest} {streamed.sorts[slowest] * 1e3:.0f} ms",
    ]


def take_precedence() -> str:
    """Run before all ordinary programs, if the system allows it; what was done about it."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except OSError:
        return "beside other programs"
    return "ahead of other programs (SCHED_FIFO, as chrt -f 10)"


ROWS = {
    Grouping.NONE: "plain", Grouping.HOST: "by host", Grouping.SERVICE: "by service",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen", description=__doc__)
    parser.add_argument("--rate", type=int, default=100_000, help="ports decided a second")
    parser.add_argument("--presses", type=int, default=200, help="keys pressed")
    parser.add_argument("--starts", type=int, default=5, help="times the program is started")
    parser.add_argument("--rows", action="append", choices=[*Grouping], help="only so grouped")
    given = parser.parse_args()
    compile_all()
    policy = take_precedence()
    figures: list[Figure] = []
    notes = [f"{TOTAL:,} rows at {given.rate:,}/s; {SIZE[0]}x{SIZE[1]} cells, all panes, two tabs"]
    for grouping in [Grouping(one) for one in given.rows or Grouping]:
        one = asyncio.run(measure_stream(max(1, given.rate), max(20, given.presses), grouping))
        figures += figures_of(one, ROWS[grouping])
        notes += notes_of(one, ROWS[grouping])
    paints = measure_first_paint(max(1, given.starts), SIZE)
    wall = statistics.median(paint.wall for paint in paints)
    figures.append(Figure(f"first paint, median of {len(paints)}", wall * 1e3, 300, "ms"))
    figures.append(Figure("idle in the target picker", measure_idle(IDLE_FOR, SIZE) * 100, 1, "%"))
    work = statistics.median(paint.processor for paint in paints)
    notes.append(f"first paint: {work * 1e3:,.0f} ms of processor time; 800 ms at most")
    notes.append(
        f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, measured {policy}"
    )
    print(*figures, *notes, sep="\n")
    return int(not all(figure.met for figure in figures))


if __name__ == "__main__":
    sys.exit(main())

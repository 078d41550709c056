"""Eye: sees when something has been drawn and handed to the terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual.drivers.headless_driver import HeadlessDriver
from textual.strip import Strip

from tui.widgets.results_table import ResultsTable


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

"""HostsPane: the hosts of the scan, one per line, and what was found on them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.widgets.cursor_list import CursorList
from tui.widgets.gauges import bar, level
from tui.widgets.line_view import BLANK, Line
from tui.widgets.results_text import state_counts
from tui.widgets.state_styles import state_styles

ALL = "all hosts"
COUNTED = (PortState.OPEN, PortState.CLOSED, PortState.FILTERED)
COUNT_WIDTH = 5
WIDE = 42
"""Cells from which closed and filtered ports are counted beside the open ones."""


class HostsPane(CursorList):
    """A virtual list in address order, led by a line for all hosts.

    Enter or a click chooses a host (``HostChosen``); ``»`` marks the chosen one. Each line has the
    number of open ports and the share decided; ``!`` stands for a host that could not be probed.
    """

    FOOT = 2
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "Choose", show=False)]

    class HostChosen(Message):
        """The user wants to see ``host`` only, or every host (None)."""

        def __init__(self, host: int | None) -> None:
            super().__init__()
            self.host = host

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._snapshot: Snapshot | None = None
        self._order: NDArray[np.intp] = np.empty(0, np.intp)
        self._cursor = 0
        self._chosen: int | None = None

    # What others read and set

    @property
    def cursor_host(self) -> int | None:
        """The host under the cursor; None on the line for all hosts."""
        return self._host_at(self._cursor)

    @property
    def chosen(self) -> int | None:
        """The host whose results are shown; None for all."""
        return self._chosen

    def choose(self, host: int | None) -> None:
        """Mark ``host`` as the chosen one, without a message."""
        self._chosen = host
        self.repaint()

    def show(self, snapshot: Snapshot) -> None:
        """Show this snapshot's hosts."""
        self._snapshot = snapshot
        hosts = snapshot.view.host_count
        if hosts != len(self._order):
            at = self.cursor_host
            # The address book is shared with the engine and may already hold hosts added since.
            self._order = np.argsort(snapshot.names.sort_keys()[:hosts], kind="stable")
            found = np.flatnonzero(self._order == (-1 if at is None else at))
            self._cursor = 1 + int(found[0]) if len(found) else 0
        self.repaint()

    def clear(self) -> None:
        """Forget the hosts: another scan begins."""
        self._snapshot, self._chosen, self._cursor = None, None, 0
        self._order = np.empty(0, np.intp)
        self.redraw()
        self.scroll_to_line(0)

    # Drawing

    def row_count(self) -> int:
        """The line for all hosts, and each host."""
        return 1 + len(self._order)

    def cursor_row(self) -> int:
        """The cursor's line; 0 stands for all hosts."""
        return self._cursor

    def place_cursor(self, at: int) -> None:
        """Put the cursor on line ``at``, or on the nearest there is."""
        self._cursor = min(max(at, 0), len(self._order))

    def _host_at(self, at: int) -> int | None:
        return int(self._order[at - 1]) if 1 <= at <= len(self._order) else None

    def line_at(self, y: int) -> Line:
        """What line ``y`` shows."""
        snapshot = self._snapshot
        if snapshot is None:
            return BLANK
        if y >= self.page:
            return self._foot_line(snapshot, y - self.page)
        at = self.row_at(y)
        if at is None:
            return BLANK
        host = self._host_at(at)
        view = snapshot.view
        counts = view.row_counts.sum(axis=0) if host is None else view.counts(host)
        sign = "" if host is None else _sign(snapshot, host)
        here = at == self._cursor
        return ("host", host, counts.tobytes(), sign, here, host == self._chosen)

    def _foot_line(self, snapshot: Snapshot, number: int) -> Line:
        host = self.cursor_host
        if host is None:
            text = f"{fmt.plural(len(self._order), 'host')}: "
            text += state_counts(snapshot.view.totals)
        else:
            line = snapshot.host_line(host)
            skipped = "skipped" if line.skipped else ""
            text = line.problem or skipped or state_counts(line.counts)
            text = f"{line.name or line.address}: {text}"
        lines = fmt.wrap(text, max(1, self.line_width))
        if len(lines) > self.FOOT:
            lines = [*lines[: self.FOOT - 1], " ".join(lines[self.FOOT - 1 :])]
        return ("foot", lines[number]) if number < len(lines) else BLANK

    def draw(self, line: Line) -> Strip:
        """A host's line, or one of the foot."""
        match line:
            case ("foot", str(text)):
                return Strip([Segment(fmt.cut(text, self.line_width), self.quiet_style)])
            case ("host", host, bytes(counts), str(sign), bool(here), bool(chosen)):
                base = self.cursor_style if here else self.rich_style
                gutter = ("▸" if here else " ") + ("»" if chosen else " ")
                cells = self._host_cells(host, np.frombuffer(counts, np.int64), sign)
                parts = [(gutter, Style.null()), *cells]
                covered = here and self.has_focus
                return Strip(
                    [Segment(text, base if covered else base + style) for text, style in parts]
                )
        return Strip.blank(self.line_width, self.rich_style)

    def _host_cells(
        self, host: object, counts: NDArray[np.int64], sign: str
    ) -> list[tuple[str, Style]]:
        """Name, counts and the share decided, as wide as the pane allows."""
        width, names = self.line_width - 2, self._snapshot and self._snapshot.names
        name = ALL
        if isinstance(host, int) and names:
            name = names.name(host) or names.text(host)
        states = COUNTED if width >= WIDE else COUNTED[:1]
        gauge = min(10, max(1, width - 16 - COUNT_WIDTH * len(states)))
        total = int(counts.sum())
        share = 1 - int(counts[PortState.PENDING]) / total if total else 0.0
        drawn = bar(share, gauge) if gauge > 2 else level(share)
        styles = state_styles(self.app)
        room = max(4, width - COUNT_WIDTH * len(states) - len(drawn) - 1)
        cells = [(fmt.fit(name, room, keep_end=True), Style(dim=bool(sign)))]
        for state in states:
            number = int(counts[state])
            text = f"{state.glyph}{fmt.short_count(number)}" if number else ""
            cells.append((text.rjust(COUNT_WIDTH), styles[state]))
        cells.append((" " + (sign.ljust(len(drawn)) if sign else drawn), Style.null()))
        return cells

    # Choosing

    def action_choose(self) -> None:
        """Choose the host under the cursor."""
        if self._snapshot is not None:
            self.choose(self.cursor_host)
            self.post_message(self.HostChosen(self.chosen))

    def on_click(self, event: Click) -> None:
        """Choose the host that was clicked."""
        place = event.get_content_offset(self)
        at = None if place is None else self.row_at(place.y)
        if at is not None:
            self.go(at)
            self.action_choose()


def _sign(snapshot: Snapshot, host: int) -> str:
    """``!`` for a host that could not be probed, ``-`` for one the user skipped."""
    if host in snapshot.problems:
        return "!"
    return "-" if host in snapshot.skipped else ""

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
from tui.widgets.gauges import bar, level
from tui.widgets.line_view import BLANK, Line, LineView
from tui.widgets.results_text import state_counts
from tui.widgets.state_styles import state_styles

ALL = "all hosts"
FOOT = 2
"""Lines at the bottom about the host under the cursor."""
COUNTED = (PortState.OPEN, PortState.CLOSED, PortState.FILTERED)
COUNT_WIDTH = 5
WIDE = 42
"""Cells from which closed and filtered ports are counted beside the open ones."""


class HostsPane(LineView, can_focus=True):
    """A virtual list in address order, led by a line for all hosts.

    Enter or a click chooses a host (``HostChosen``); ``»`` marks the chosen one. Each line has the
    number of open ports and the share decided; ``!`` stands for a host that could not be probed.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "hosts-pane--cursor",
        "hosts-pane--cursor-blurred",
        "hosts-pane--foot",
    }
    DEFAULT_CSS = """
    HostsPane {
        & > .hosts-pane--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .hosts-pane--cursor-blurred { background: $block-cursor-blurred-background; }
        & > .hosts-pane--foot { color: $foreground 70%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "go(0)", "First", show=False),
        Binding("end", "go(-1)", "Last", show=False),
        Binding("enter,space", "choose", "Choose", show=False),
    ]

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
        if snapshot.names.count != len(self._order):
            at = self.cursor_host
            self._order = np.argsort(snapshot.names.sort_keys(), kind="stable")
            if at is not None:
                self._cursor = 1 + int(np.flatnonzero(self._order == at)[0])
        self.repaint()

    def clear(self) -> None:
        """Forget the hosts: another scan begins."""
        self._snapshot, self._chosen, self._cursor = None, None, 0
        self._order = np.empty(0, np.intp)
        self.redraw()
        self.scroll_to_line(0)

    # Drawing

    def line_count(self) -> int:
        """All hosts, each host, and the foot."""
        return 1 + len(self._order) + FOOT

    @property
    def _page(self) -> int:
        return max(1, self.size.height - FOOT)

    def _host_at(self, at: int) -> int | None:
        return int(self._order[at - 1]) if 1 <= at <= len(self._order) else None

    def line_at(self, y: int) -> Line:
        """What line ``y`` shows."""
        snapshot = self._snapshot
        if snapshot is None:
            return BLANK
        if y >= self._page:
            return self._foot_line(snapshot, y - self._page)
        at = self.scroll_offset.y + y
        if at > len(self._order):
            return BLANK
        host = self._host_at(at)
        every = snapshot.view.counts
        counts = every.sum(axis=0) if host is None else every[host]
        sign = "" if host is None else _sign(snapshot, host)
        here = at == self._cursor
        return ("host", host, counts.tobytes(), sign, here, self.has_focus, host == self._chosen)

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
        if len(lines) > FOOT:
            lines = [*lines[: FOOT - 1], " ".join(lines[FOOT - 1 :])]
        return ("foot", lines[number]) if number < len(lines) else BLANK

    def draw(self, line: Line) -> Strip:
        """A host's line, or one of the foot."""
        match line:
            case ("foot", str(text)):
                style = self.get_component_rich_style("hosts-pane--foot")
                return Strip([Segment(fmt.cut(text, self.line_width), style)])
            case ("host", host, bytes(counts), str(sign), bool(here), bool(focus), bool(chosen)):
                over = Style.null()
                if here:
                    name = "hosts-pane--cursor" if focus else "hosts-pane--cursor-blurred"
                    over = self.get_component_rich_style(name, partial=True)
                gutter = ("▸" if here else " ") + ("»" if chosen else " ")
                cells = self._host_cells(host, np.frombuffer(counts, np.int64), sign)
                base = self.rich_style
                parts = [(gutter, Style.null()), *cells]
                return Strip([Segment(text, base + style + over) for text, style in parts])
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

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor looks different in a list that has the focus."""
        super().watch_has_focus(has_focus)
        self.repaint()

    # Moving and choosing

    def _go(self, at: int) -> None:
        self._cursor = min(max(at, 0), len(self._order))
        top = self.scroll_offset.y
        wanted = min(max(top, self._cursor - self._page + 1), self._cursor)
        if wanted != top:
            self.scroll_to_line(wanted)
        self.repaint()

    def action_move(self, lines: int) -> None:
        """Move the cursor by ``lines``."""
        self._go(self._cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by ``pages`` screens."""
        self._go(self._cursor + pages * self._page)

    def action_go(self, at: int) -> None:
        """Move the cursor to line ``at``; -1 is the last."""
        self._go(at if at >= 0 else len(self._order) + 1 + at)

    def action_choose(self) -> None:
        """Choose the host under the cursor."""
        if self._snapshot is not None:
            self.choose(self.cursor_host)
            self.post_message(self.HostChosen(self.chosen))

    def on_click(self, event: Click) -> None:
        """Choose the host that was clicked."""
        place = event.get_content_offset(self)
        if place is not None and place.y < self._page:
            at = self.scroll_offset.y + place.y
            if at <= len(self._order):
                self._go(at)
                self.action_choose()


def _sign(snapshot: Snapshot, host: int) -> str:
    """``!`` for a host that could not be probed, ``-`` for one the user skipped."""
    if host in snapshot.problems:
        return "!"
    return "-" if host in snapshot.skipped else ""

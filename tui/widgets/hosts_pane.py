"""HostsPane: the hosts of the scan, one per line, and what was found on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.vendors import vendor_text
from tui.widgets.cursor_list import CursorList
from tui.widgets.host_cells import (
    WIDE_FROM,
    HostFacts,
    hardware_text,
    host_facts,
    line_cells,
    title_text,
)
from tui.widgets.host_rows import HostRows, parse_words
from tui.widgets.line_view import BLANK, Line
from tui.widgets.results_text import state_counts

ALL = "all hosts"
GUTTER = 2
"""Cells before a line for the cursor and the chosen host."""
NO_HOSTS = "No scan yet. Its hosts are listed here."


class HostsPane(CursorList):
    """A virtual list in address order, led by a line for all hosts.

    Enter or a click chooses a host (``HostChosen``); ``»`` marks the chosen one. Each line has the
    host's state, the number of open ports and the share decided, and more where the pane is wide;
    ``!`` stands for a host that could not be probed. The first line of the foot says what is not
    listed: hosts that are down, when they are many, and those a filter holds back.

    Args:
        show_key: the key named in the text about hosts that are not listed.
    """

    FOOT = 3
    COMPONENT_CLASSES: ClassVar[set[str]] = {"hosts-pane--titles"}
    DEFAULT_CSS = """
    HostsPane > .hosts-pane--titles { text-style: bold; background: $panel; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "Choose", show=False)]

    class HostChosen(Message):
        """The user wants to see ``host`` only, or every host (None)."""

        def __init__(self, host: int | None) -> None:
            super().__init__()
            self.host = host

    def __init__(
        self, *, show_key: str = "D", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.show_key = show_key
        self._snapshot: Snapshot | None = None
        self._rows = HostRows()
        self._filter = ""
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

    @property
    def listed(self) -> Sequence[int]:
        """The hosts that are listed, in their order."""
        hosts: list[int] = self._rows.order.tolist()
        return hosts

    @property
    def shows_quiet(self) -> bool:
        """Whether hosts that are down are listed however many they are."""
        return self._rows.show_quiet

    def show_quiet(self, wanted: bool) -> None:
        """List every host, or fold those that are down away when they are many."""
        self._rows.show_quiet = wanted
        self._arrange()

    @property
    def filter_text(self) -> str:
        """The filter as it was typed."""
        return self._filter

    def set_filter(self, text: str) -> None:
        """List only hosts that ``text`` lets through (see host_rows.Word)."""
        self._filter = text
        self._rows.words = parse_words(text)
        self._arrange()

    @work(thread=True, exclusive=True, group="host-texts", exit_on_error=False)
    def prepare_filter(self) -> None:
        """Read addresses beside the screen, before the first filter is typed."""
        if self._snapshot is not None:
            self._rows.read_texts(self._snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Show this snapshot's hosts."""
        self._snapshot = snapshot
        self._arrange()

    def _arrange(self) -> None:
        """Bring the list up to date; the cursor stays on its host while that is listed."""
        if self._snapshot is None:
            return
        at = self.cursor_host
        if self._rows.show(self._snapshot, self.page):
            found = self._rows.place(at)
            self.place_cursor(found + 1 if found is not None else self._cursor if at else 0)
            self.show_cursor()
        self.repaint()

    def clear(self) -> None:
        """Forget the hosts: another scan begins."""
        self._snapshot, self._chosen, self._cursor, self._filter = None, None, 0, ""
        self._rows.clear()
        self.redraw()
        self.scroll_to_line(0)

    # Drawing

    @property
    def head(self) -> int:
        """A line of titles where there are columns."""
        return int(self._snapshot is not None and self.line_width - GUTTER >= WIDE_FROM)

    def row_count(self) -> int:
        """The line for all hosts, and each host."""
        return 1 + len(self._rows)

    def cursor_row(self) -> int:
        """The cursor's line; 0 stands for all hosts."""
        return self._cursor

    def place_cursor(self, at: int) -> None:
        """Put the cursor on line ``at``, or on the nearest there is."""
        self._cursor = min(max(at, 0), len(self._rows))

    def _host_at(self, at: int) -> int | None:
        return int(self._rows.order[at - 1]) if 1 <= at <= len(self._rows) else None

    def line_at(self, y: int) -> Line:
        """What line ``y`` shows."""
        snapshot = self._snapshot
        if snapshot is None:
            lines = fmt.wrap(NO_HOSTS, max(1, self.line_width))
            return ("foot", lines[y]) if y < len(lines) else BLANK
        counted = len(snapshot.view.channels) > 0
        if y < self.head:
            return ("titles", counted)
        if y >= self.head + self.page:
            return self._foot_line(snapshot, y - self.head - self.page)
        at = self.row_at(y)
        if at is None:
            return BLANK
        host = self._host_at(at)
        here = at == self._cursor
        if host is None:
            counts = snapshot.view.row_counts.sum(axis=0).tobytes()
            return ("host", None, counts, here, self._chosen is None, counted)
        facts = host_facts(snapshot, host)
        return ("host", facts, facts.counts, here, host == self._chosen, counted)

    def _foot_line(self, snapshot: Snapshot, number: int) -> Line:
        if number == 0:
            return ("foot", self._missing_text())
        host = self.cursor_host
        text = self._all_text(snapshot) if host is None else host_text(snapshot, host)
        lines = fmt.wrap(text, max(1, self.line_width))
        last = self.FOOT - 1
        if len(lines) > last:
            lines = [*lines[: last - 1], " ".join(lines[last - 1 :])]
        return ("foot", lines[number - 1]) if number <= len(lines) else BLANK

    def _missing_text(self) -> str:
        """What is not listed, in one line; empty when all hosts are."""
        parts = []
        if self._rows.folded:
            shown = "too many to list" if self._rows.too_many else f"{self.show_key} shows"
            parts.append(f"{self._rows.folded:,} down: {shown}")
        if self._rows.filtered:
            parts.append(f"{self._rows.filtered:,} not matching")
        return " · ".join(parts)

    def _all_text(self, snapshot: Snapshot) -> str:
        known, count = snapshot.hosts, snapshot.view.host_count
        text = fmt.plural(count, "host")
        if known.up or known.down:
            text += f", {known.up:,} up, {known.down:,} down"
        counts = dict(snapshot.view.totals)
        ports = [f"{opened:,} open"] if (opened := counts.pop(PortState.OPEN, 0)) else []
        ports += filter(None, [state_counts(counts)])
        return f"{text}: {', '.join(ports)}" if ports else text

    def draw(self, line: Line) -> Strip:
        """A host's line, or one of the foot."""
        match line:
            case ("titles", bool(counted)):
                text = " " * GUTTER + title_text(self.line_width - GUTTER, counted=counted)
                style = self.get_component_rich_style("hosts-pane--titles")
                return Strip([Segment(fmt.fit(text, self.line_width), style)])
            case ("foot", str(text)):
                return Strip([Segment(fmt.cut(text, self.line_width), self.quiet_style)])
            case (
                "host", HostFacts() | None as facts, bytes(counts), bool(here), bool(chosen),
                bool(counted),
            ):  # fmt: skip
                base = self.cursor_style if here else self.rich_style
                gutter = ("▸" if here else " ") + ("»" if chosen else " ")
                tally = np.frombuffer(counts, np.int64)
                width = self.line_width - GUTTER
                cells = line_cells(facts, ALL, tally, width, self.app, counted=counted)
                parts = [(gutter, Style.null()), *cells]
                covered = here and self.has_focus
                return Strip(
                    [Segment(text, base if covered else base + style) for text, style in parts]
                )
        return Strip.blank(self.line_width, self.rich_style)

    # Choosing

    def action_choose(self) -> None:
        """Choose the host under the cursor."""
        if self._snapshot is not None:
            self.choose(self.cursor_host)
            self.post_message(self.HostChosen(self.chosen))

    def on_click(self, event: Click) -> None:
        """Choose the host that was clicked; the line about hosts that are down lists them."""
        place = event.get_content_offset(self)
        if place is not None and place.y == self.head + self.page and self._rows.folded:
            self.show_quiet(True)
            return
        at = None if place is None else self.row_at(place.y)
        if at is not None:
            self.go(at)
            self.action_choose()


def host_text(snapshot: Snapshot, host: int) -> str:
    """All that is known of one host, in a sentence."""
    line, facts = snapshot.host_line(host), host_facts(snapshot, host)
    said = [line.problem or ("skipped" if line.skipped else "")]
    if line.state:
        reason = f" ({line.reason.label})" if line.reason.value else ""
        said.append(f"{facts.look.word if not said[0] else line.state.label}{reason}")
    if line.rtt is not None:
        said.append(fmt.latency(line.rtt))
    hardware = facts.known.hardware
    said += [hardware_text(hardware), vendor_text(hardware), snapshot.doubts.get(host, "")]
    said.append("" if said[0] else state_counts(line.counts))
    name = f"{line.name} {line.address}" if line.name else line.address
    return f"{name}: {', '.join(filter(None, said))}"

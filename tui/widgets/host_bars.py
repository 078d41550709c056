"""HostBars: a bar for each of the hosts with most ports left, and how many more there are."""

from __future__ import annotations

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from engine.results.backlog import Backlog
from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.widgets.gauges import bar

COLUMN = 48
"""Cells a host needs before a second one stands beside it."""
NAME, SHORT_NAME = 18, 12
GAP = 2
LEAST_BAR = 4


class HostBars(Struct, frozen=True):
    """Draws the hosts of ``backlog`` in lines of ``width`` cells, bars in ``style``."""

    snapshot: Snapshot
    backlog: Backlog
    width: int
    style: Style

    @property
    def columns(self) -> int:
        """Hosts to a line."""
        return max((self.width + GAP) // (COLUMN + GAP), 1)

    @property
    def wanted(self) -> int:
        """Lines it takes to show all that are named."""
        return -(-len(self.backlog.hosts) // self.columns)

    def shown(self, lines: int) -> tuple[int, ...]:
        """The hosts that fit in so many lines, the last of which sums the others up."""
        hosts, columns = self.backlog.hosts, self.columns
        if self.backlog.count <= lines * columns:
            return hosts[: lines * columns]
        return hosts[: max(lines - 1, 0) * columns]

    def host_at(self, lines: int, x: int, y: int) -> int | None:
        """The host drawn at a cell; None where there is none."""
        column = x // (self._cells + GAP)
        at = y * self.columns + column
        shown = self.shown(lines)
        return shown[at] if 0 <= column < self.columns and 0 <= at < len(shown) else None

    def lines(self, most: int) -> list[Text]:
        """At most so many lines: hosts row by row, and what was left out."""
        if most < 1 or not self.backlog.count:
            return []
        shown, columns = self.shown(most), self.columns
        lines: list[Text] = []
        for at, host in enumerate(shown):
            drawn = self._host(host, self.backlog.left[at])
            if at % columns:
                lines[-1].append(" " * GAP).append_text(drawn)
            else:
                lines.append(drawn)
        more = self.backlog.count - len(shown)
        if more:
            ports = self.backlog.ports - sum(self.backlog.left[: len(shown)])
            others = fmt.plural(more, "more host" if shown else "host")
            said = f"and {others}, {ports:,} ports left" if shown else f"{others} unfinished"
            lines.append(Text(said, "dim", no_wrap=True))
        return lines

    @property
    def _cells(self) -> int:
        return (self.width + GAP) // self.columns - GAP

    def _host(self, host: int, left: int) -> Text:
        line = self.snapshot.host_line(host)
        share = line.decided / line.total if line.total else 0.0
        figures = f" {fmt.percent(share):>4} {fmt.short_count(left):>5} left"
        found = f" {fmt.short_count(line.counts[PortState.OPEN]):>4} open"
        name = NAME if self._cells >= NAME + len(figures + found) + 2 * LEAST_BAR else SHORT_NAME
        if self._cells < name + 1 + len(figures + found) + LEAST_BAR:
            found = ""
        cells = max(self._cells - name - 1 - len(figures + found), 0)
        text = Text(fmt.fit(line.name or line.address, name, host=True) + " ", no_wrap=True)
        text.append(bar(share, cells), self.style).append(figures + found)
        text.truncate(max(self._cells, 1), overflow="ellipsis", pad=True)
        return text

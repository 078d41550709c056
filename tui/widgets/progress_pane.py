"""ProgressPane: what the scan is doing, how fast, and why it is not faster."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from engine.results.backlog import NO_BACKLOG, backlog
from engine.results.snapshot import Phase, Snapshot
from tui import format as fmt
from tui.widgets.gauges import bar
from tui.widgets.host_bars import HostBars
from tui.widgets.progress_graphs import GAUGES, LEAST_CHART, MOST_CHART, Graphs
from tui.widgets.progress_words import bar_words, holding_back, limit, path_figures
from tui.widgets.scan_history import ScanHistory
from tui.widgets.scan_share import finding, share_done
from tui.widgets.state_styles import colour

NO_SCAN = "No scan yet. Its speed and limits are shown here."
SHORTEST_BAR = 8
"""Cells below which a bar gives up words for its length."""
PAIRED = 48
"""Columns from which two graphs stand beside each other."""
USUAL_HOSTS = 3
"""Lines of hosts that small graphs make room for; large ones leave them a third."""


class ProgressPane(Widget, can_focus=True):
    """Share done and time left, rates, RTT and loss over time, what limits the pace, and a bar for
    each of the hosts with most ports left. A click on one of these asks for it (``HostChosen``).

    The more room there is, the larger the graphs; with the class ``compact`` it says what it can in
    two to four lines. Figures are sampled from the snapshots by the scan's clock, so that the same
    snapshots always give the same picture.
    """

    DEFAULT_CSS = """
    ProgressPane { height: 8; text-wrap: nowrap; text-overflow: ellipsis; }
    ProgressPane.compact { height: 2; }
    """

    class HostChosen(Message):
        """The user wants to see ``host`` only."""

        def __init__(self, host: int) -> None:
            super().__init__()
            self.host = host

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._snapshot: Snapshot | None = None
        self._backlog = NO_BACKLOG
        self._history = ScanHistory()
        self._shown: list[Text] = []
        self._bars: tuple[HostBars, int, int] | None = None

    def note(self, snapshot: Snapshot) -> None:
        """Remember this snapshot's figures; cheap enough while the pane cannot be seen."""
        self._history.note(snapshot.progress)

    def show(self, snapshot: Snapshot) -> None:
        """Show this snapshot's figures."""
        self.note(snapshot)
        self._snapshot = snapshot
        several = snapshot.view.host_count > 1 and not snapshot.phase.over
        self._backlog = backlog(snapshot.view, snapshot.skipped) if several else NO_BACKLOG
        if self.is_attached:
            self._repaint()

    def _repaint(self) -> None:
        """Refresh the lines that would look different now."""
        before, now = self._shown, self._picture()
        if len(before) != len(now):
            self.refresh()
        elif before != now:
            changed = [y for y, line in enumerate(now) if line != before[y]]
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def clear(self) -> None:
        """Forget the figures: another scan begins."""
        self._snapshot = None
        self._history.clear()
        self.refresh()

    def render(self) -> Text:
        """The lines that fit."""
        self._shown = self._picture()
        return Text("\n", no_wrap=True, end="").join(self._shown)

    def on_click(self, event: Click) -> None:
        """Ask for the host whose bar was clicked."""
        place = event.get_content_offset(self)
        if place is not None and self._bars is not None:
            bars, first, lines = self._bars
            host = bars.host_at(lines, place.x, place.y - first)
            if host is not None:
                self.post_message(self.HostChosen(host))

    # Drawing

    def _picture(self) -> list[Text]:
        snapshot, (width, height) = self._snapshot, self.size
        self._bars = None
        if snapshot is None:
            return [Text(NO_SCAN, style="dim")]
        compact = self.has_class("compact")
        lines = self._compact_lines(snapshot) if compact else self._lines(snapshot)
        for line in lines[:height]:
            line.truncate(width, overflow="ellipsis")
        return lines[:height]

    def _compact_lines(self, snapshot: Snapshot) -> list[Text]:
        """Two lines; one more tells the limit in full, if there is one."""
        width, progress = max(self.size.width, 1), snapshot.progress
        roomy, why = self.size.height > 2, finding(snapshot) or limit(snapshot)
        graphs = self._graphs(snapshot)
        pace = Text(no_wrap=True)
        for gauge in GAUGES[:2]:
            drawn = width >= 70 and (roomy or not why or gauge is GAUGES[0])
            pace.append(f"{gauge.title} {gauge.figure(progress)} ")
            pace.append_text(graphs.curve(gauge, 8 if drawn else 0))
            pace.append(" " if drawn else "")
        first, *others = filter(None, ("" if roomy else why, *path_figures(snapshot, drawn=False)))
        pace.append(f"· {first}")
        for figure in others:
            if cell_len(pace.plain) + cell_len(f" · {figure}") > width:
                break
            pace.append(f" · {figure}")
        lines = [self._bar_line(snapshot), pace]
        return lines + self._sentences(snapshot) if roomy else lines

    def _lines(self, snapshot: Snapshot) -> list[Text]:
        """The bar, the graphs the room allows, what is said, and hosts in what is left."""
        bars = self._host_bars(snapshot)
        sentences = self._sentences(snapshot)
        figures = self._figures(snapshot, drawn=True)
        room = self.size.height - 1 - len(sentences) - len(figures)
        curves, drawn = self._curves(self._graphs(snapshot), room, bars.wanted)
        if not drawn:
            figures = self._figures(snapshot, drawn=False)
        said = [*figures, *sentences]
        lines = [self._bar_line(snapshot), *curves, *said]
        room = self.size.height - len(lines)
        self._bars = bars, len(lines), room
        return lines + bars.lines(room)

    def _curves(self, graphs: Graphs, room: int, hosts: int) -> tuple[list[Text], bool]:
        """The largest graphs that leave room for hosts, and whether loss and RTT are among them."""
        paired, height = self.size.width >= PAIRED, _chart_height(room, hosts)
        if paired and height >= LEAST_CHART:
            return graphs.charts(height), True
        if room - min(hosts, USUAL_HOSTS) >= len(GAUGES):
            return graphs.lines(), True
        return (graphs.pairs(), True) if paired else (graphs.lines(GAUGES[:2]), False)

    def _figures(self, snapshot: Snapshot, *, drawn: bool) -> list[Text]:
        """Figures in words; ``drawn``: without those that graphs show."""
        width = max(self.size.width, 1)
        lines = fmt.flow(path_figures(snapshot, drawn=drawn), " · ", width)
        return [Text(line, no_wrap=True) for line in lines]

    def _sentences(self, snapshot: Snapshot) -> list[Text]:
        """What is being found, and what holds the scan back."""
        width = max(self.size.width, 1)
        found, why = finding(snapshot), holding_back(snapshot)
        held = limit(snapshot) or snapshot.phase is Phase.PAUSED
        style = colour(self.app, "text-warning", "warning") if held else Style()
        return [
            *([Text(found, no_wrap=True)] if found else []),
            *(Text(line, style, no_wrap=True) for line in (fmt.wrap(why, width) if why else [])),
        ]

    def _bar_line(self, snapshot: Snapshot) -> Text:
        done, most = share_done(snapshot), self.size.width - SHORTEST_BAR
        wordings = bar_words(snapshot)
        words = next((words for words in wordings if len(words) <= most), wordings[-1])
        line = Text(no_wrap=True)
        cells = max(self.size.width - len(words), 0)
        return line.append(bar(done, cells), self._accent).append(words)

    def _graphs(self, snapshot: Snapshot) -> Graphs:
        return Graphs(snapshot.progress, self._history, max(self.size.width, 1), self._accent)

    def _host_bars(self, snapshot: Snapshot) -> HostBars:
        return HostBars(snapshot, self._backlog, max(self.size.width, 1), self._accent)

    @property
    def _accent(self) -> Style:
        return colour(self.app, "text-primary", "primary")


def _chart_height(room: int, hosts: int) -> int:
    """Lines for each of two rows of charts, with titles and words below them, where hosts would
    like so many of the lines in ``room``."""
    reserved = min(hosts, max(USUAL_HOSTS, room // 3))
    return min((room - reserved - 3) // 2, MOST_CHART)

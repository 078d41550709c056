"""The progress pane's graphs: rates, round-trip time and loss as sparklines or as charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from engine.results.snapshot import Progress
from tui import format as fmt
from tui.widgets.gauges import chart, peak, sparkline
from tui.widgets.scan_history import ScanHistory

GAP = 2
"""Cells between two columns."""
TITLE, FIGURE = 7, 11
"""Cells for a name and its figure before a sparkline of a line's length."""
LEAST_CHART, MOST_CHART = 3, 12
"""Lines of a chart, without its title."""


class Gauge(Struct, frozen=True):
    """A figure with a past.

    Attributes:
        title: its name.
        series: one of scan_history.SERIES.
        value: the figure of now; None when it is not known.
        text: how a value is written, with its unit.
        top: the least value that fills a graph: without it, any loss at all would look like much.
    """

    title: str
    series: str
    value: Callable[[Progress], float | None]
    text: Callable[[float], str]
    top: float = 0.0

    def figure(self, progress: Progress) -> str:
        """The figure of now in words."""
        value = self.value(progress)
        return fmt.UNKNOWN if value is None else self.text(value)


GAUGES = (
    Gauge("sent", "sent", lambda progress: progress.send_rate, fmt.rate),
    Gauge("answers", "answers", lambda progress: progress.answer_rate, fmt.rate),
    Gauge("RTT", "rtt", lambda progress: progress.rtt_median, fmt.latency),
    Gauge("loss", "loss", lambda progress: progress.loss, fmt.loss, top=0.1),
)


class Graphs(Struct, frozen=True):
    """Draws gauges for one moment in lines of ``width`` cells, curves in ``style``."""

    progress: Progress
    history: ScanHistory
    width: int
    style: Style

    def lines(self, gauges: Sequence[Gauge] = GAUGES) -> list[Text]:
        """A sparkline to a line."""
        return [self._sparkline(gauge, self.width, FIGURE) for gauge in gauges]

    def pairs(self, gauges: Sequence[Gauge] = GAUGES) -> list[Text]:
        """Two sparklines to a line."""
        cells = (self.width - GAP) // 2
        figure = max(len(gauge.figure(self.progress)) for gauge in gauges)
        drawn = [self._sparkline(gauge, cells, figure) for gauge in gauges]
        return [_beside(one, other) for one, other in zip(drawn[::2], drawn[1::2], strict=True)]

    def charts(self, height: int, gauges: Sequence[Gauge] = GAUGES) -> list[Text]:
        """Two charts beside each other, each of ``height`` lines below its title, and a last line
        that says how long ago they begin."""
        cells = (self.width - GAP) // 2
        lines: list[Text] = []
        for one, other in zip(gauges[::2], gauges[1::2], strict=True):
            left, right = self._chart(one, cells, height), self._chart(other, cells, height)
            lines += [_beside(*pair) for pair in zip(left, right, strict=True)]
        span = fmt.clock(self.history.span(cells))
        return [*lines, Text(f"the last {span}, now at the right", "dim", no_wrap=True)]

    def curve(self, gauge: Gauge, width: int) -> Text:
        """A sparkline alone, in ``width`` cells."""
        values = self.history.series(gauge.series, width)
        return Text(sparkline(values, width, gauge.top), self.style, no_wrap=True)

    def _sparkline(self, gauge: Gauge, width: int, figure: int) -> Text:
        value = fmt.fit(gauge.figure(self.progress), figure, right=True)
        line = Text(f"{gauge.title:<{TITLE}} {value} ", no_wrap=True)
        return line.append_text(self.curve(gauge, max(width - line.cell_len, 0)))

    def _chart(self, gauge: Gauge, width: int, height: int) -> list[Text]:
        values = self.history.series(gauge.series, width)
        top = max(peak(values), gauge.top)
        title = Text(f"{gauge.title} ", no_wrap=True)
        title.append(gauge.figure(self.progress), "bold")
        scale = f"of {gauge.text(top)}" if top else ""
        room = width - title.cell_len - 1
        title.append(" " + fmt.fit(scale, max(room, 0), right=True), "dim")
        curves = chart(values, width, height, gauge.top)
        return [title, *(Text(line, self.style, no_wrap=True) for line in curves)]


def _beside(left: Text, right: Text) -> Text:
    """Both on one line."""
    return left.append(" " * GAP).append_text(right)

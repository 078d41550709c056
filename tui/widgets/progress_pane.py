"""ProgressPane: how far the scan is, how fast it goes, and what holds it back."""

from __future__ import annotations

from collections import deque

import numpy as np
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from engine.results.snapshot import Phase, Snapshot
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.widgets.gauges import bar, sparkline
from tui.widgets.scan_share import amount, finding, share_done
from tui.widgets.state_styles import colour

SAMPLE_EVERY = 0.5
"""Seconds of the scan's own time between two samples of the rates."""
SAMPLES = 240
SHORTEST_BAR = 8
"""Cells below which a bar gives up words for its length."""
FIGURE = 11
"""Cells for a rate beside its sparkline."""


class ProgressPane(Widget, can_focus=True):
    """Bar, rates as sparklines, link figures, what limits the pace, and a bar per unfinished host.

    With the class ``compact`` it takes two lines. The rates are sampled from the snapshots by the
    scan's clock, so that the same snapshots always give the same picture.
    """

    DEFAULT_CSS = """
    ProgressPane { height: 8; text-wrap: nowrap; text-overflow: ellipsis; }
    ProgressPane.compact { height: 2; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._snapshot: Snapshot | None = None
        self._sent: deque[float] = deque(maxlen=SAMPLES)
        self._answered: deque[float] = deque(maxlen=SAMPLES)
        self._sampled = -SAMPLE_EVERY
        self._shown: Text | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Show this snapshot's figures."""
        progress = snapshot.progress
        if progress.elapsed < self._sampled:
            self.clear()
        self._snapshot = snapshot
        if progress.elapsed >= self._sampled + SAMPLE_EVERY:
            self._sampled = progress.elapsed
            self._sent.append(progress.send_rate)
            self._answered.append(progress.answer_rate)
        if self.is_attached and self._picture() != self._shown:
            self.refresh()

    def clear(self) -> None:
        """Forget the figures: another scan begins."""
        self._snapshot = None
        self._sent.clear()
        self._answered.clear()
        self._sampled = -SAMPLE_EVERY
        self.refresh()

    def render(self) -> Text:
        """The lines that fit."""
        self._shown = self._picture()
        return self._shown

    def _picture(self) -> Text:
        snapshot, (width, height) = self._snapshot, self.size
        if snapshot is None:
            return Text("No scan yet.", style="dim")
        compact = self.has_class("compact")
        lines = self._compact_lines(snapshot) if compact else self._lines(snapshot, height)
        picture = Text(no_wrap=True, end="")
        for number, line in enumerate(lines[:height]):
            line.truncate(width, overflow="ellipsis")
            picture.append("\n" if number else "").append_text(line)
        return picture

    def _compact_lines(self, snapshot: Snapshot) -> list[Text]:
        progress, width = snapshot.progress, self.size.width
        spark = 8 if width >= 70 else 0
        sent, answered = fmt.rate(progress.send_rate), fmt.rate(progress.answer_rate)
        pace = Text(no_wrap=True)
        pace.append("sent ").append(f"{sent} ").append(self._spark(self._sent, spark))
        pace.append(" answers ").append(f"{answered} ").append(self._spark(self._answered, spark))
        said = [finding(snapshot), *_link(snapshot)]
        return [self._bar_line(snapshot), pace.append(f" · {' · '.join(filter(None, said))}")]

    def _lines(self, snapshot: Snapshot, height: int) -> list[Text]:
        progress, width = snapshot.progress, max(self.size.width, 1)
        found = finding(snapshot)
        lines = [
            self._bar_line(snapshot),
            *([Text(found, no_wrap=True)] if found else []),
            self._rate_line("sent", progress.send_rate, self._sent),
            self._rate_line("answers", progress.answer_rate, self._answered),
            *(Text(line, no_wrap=True) for line in fmt.flow(_link(snapshot), " · ", width)),
        ]
        warning = colour(self.app, "text-warning", "warning")
        if limit := _limit(snapshot):
            lines += [Text(line, warning, no_wrap=True) for line in fmt.wrap(limit, width)]
        return lines + self._host_lines(snapshot, height - len(lines))

    def _bar_line(self, snapshot: Snapshot) -> Text:
        done = share_done(snapshot)
        share = f" {fmt.percent(done)}  "
        words = f"{share}{amount(snapshot)}  {_times(snapshot)}"
        if len(words) + SHORTEST_BAR > self.size.width:
            words = f"{share}{amount(snapshot).removesuffix(' ports')}"
        line = Text(no_wrap=True)
        cells = max(self.size.width - len(words), 0)
        return line.append(bar(done, cells), self._accent).append(words)

    def _rate_line(self, title: str, rate: float, samples: deque[float]) -> Text:
        figure = fmt.fit(fmt.rate(rate), FIGURE, right=True)
        line = Text(f"{title:<7}{figure} ", no_wrap=True)
        return line.append(self._spark(samples, max(0, self.size.width - len(line))))

    def _spark(self, samples: deque[float], width: int) -> Text:
        return Text(sparkline(tuple(samples), width), style=self._accent)

    @property
    def _accent(self) -> Style:
        return colour(self.app, "text-primary", "primary")

    def _host_lines(self, snapshot: Snapshot, room: int) -> list[Text]:
        """A bar for each of the hosts with most ports left, and how many more there are."""
        view = snapshot.view
        if room < 1 or view.host_count < 2 or snapshot.phase.over:
            return []
        left = view.row_counts[:, PortState.PENDING].copy()
        left[[row for host in snapshot.skipped if (row := view.row(host)) >= 0]] = 0
        unfinished = int(np.count_nonzero(left))
        shown = view.hosts[np.argsort(-left, kind="stable")[: min(room, unfinished)]]
        if unfinished > room:
            shown = shown[: room - 1]
        lines = [self._host_line(snapshot, int(host)) for host in shown]
        if unfinished > len(lines):
            more = fmt.plural(unfinished - len(lines), "more unfinished host")
            lines.append(Text(f"and {more}", style="dim", no_wrap=True))
        return lines

    def _host_line(self, snapshot: Snapshot, host: int) -> Text:
        line = snapshot.host_line(host)
        share = line.decided / line.total if line.total else 0.0
        opened = line.counts[PortState.OPEN]
        words = f" {fmt.percent(share):>5}  {opened:,} open"
        name = fmt.fit(line.name or line.address, 18, keep_end=True)
        cells = max(4, self.size.width - len(words) - 19)
        text = Text(f"{name} ", no_wrap=True).append(bar(share, cells), self._accent)
        return text.append(words)


def _times(snapshot: Snapshot) -> str:
    progress = snapshot.progress
    elapsed = f"{fmt.clock(progress.elapsed)} elapsed"
    if snapshot.phase.over or progress.remaining is None:
        return elapsed
    return f"{elapsed}  {fmt.clock(progress.remaining)} left"


def _link(snapshot: Snapshot) -> list[str]:
    """Figures of the path, most wanted first."""
    progress = snapshot.progress
    p95 = "" if progress.rtt_p95 is None else f", p95 {fmt.latency(progress.rtt_p95)}"
    figures = [
        f"in flight {progress.in_flight:,}",
        f"loss {fmt.loss(progress.loss)}",
        f"RTT {fmt.latency(progress.rtt_median)}{p95}",
        f"re-sent {progress.resent:,}",
    ]
    if progress.rejected:
        figures.append(f"strangers {progress.rejected:,}")
    return figures


def _limit(snapshot: Snapshot) -> str:
    """What holds the scan back, in words."""
    if snapshot.phase is Phase.PAUSED:
        return "Paused: no probe leaves; answers to probes in flight still count."
    if snapshot.phase is not Phase.RUNNING or not snapshot.progress.limit:
        return ""
    return f"Pace {fmt.rate(snapshot.progress.pace)}, limited by: {snapshot.progress.limit}"

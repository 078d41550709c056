"""Pictures of the panes: what a person would look at, compared with what was approved."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.containers import Horizontal

from engine.results.cell import STALE
from engine.results.log import LogLine
from engine.results.query import Query
from engine.spec.port_state import PortState
from tui.widgets.detail_pane import DetailPane
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.log_pane import LogPane
from tui.widgets.progress_pane import ProgressPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.status_line import StatusLine


@pytest.fixture
def scan(make_scan):
    """Three hosts with ports in every state."""
    scan = make_scan(hosts=3, h1="db.example")
    for host in range(3):
        scan.decide(PortState.CLOSED, *range(1, 5 * host + 5), host=host)
    scan.decide(PortState.OPEN, 22, 80, host=1, rtt=0.4)
    scan.decide(PortState.FILTERED, 25, host=1, rtt=float("nan"), ttl=0)
    scan.decide(PortState.UNFILTERED, 7, host=1)
    scan.decide(PortState.OPEN_FILTERED, 53, host=2, flags=STALE)
    scan.decide(PortState.CLOSED_FILTERED, 54, host=2)
    return scan


class Panes(App[None]):
    """All panes side by side, fed with one scan."""

    CSS = """
    HostsPane { width: 26; }
    DetailPane { width: 38; }
    ResultsTable { width: 1fr; }
    #lower { height: 10; }
    ProgressPane { width: 1fr; height: 1fr; }
    .-narrow HostsPane, .-narrow DetailPane, .-narrow LogPane { display: none; }
    .-narrow #lower { height: 2; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def __init__(self, scan, theme: str) -> None:
        super().__init__()
        self.scan = scan
        self.theme = theme

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with Horizontal():
            yield HostsPane()
            yield ResultsTable(Query(open_only=False))
            yield DetailPane()
        with Horizontal(id="lower"):
            yield ProgressPane()
            yield LogPane()

    def on_ready(self) -> None:
        self.query_one(ProgressPane).set_class(self.size.width < 100, "compact")
        for half in range(30):
            snapshot = self.scan.snapshot(problems={2: "no route to host"})
            figures = replace(
                snapshot.progress,
                elapsed=half / 2,
                send_rate=100.0 * (half % 9),
                answer_rate=700.0,
                limit="the host rations its answers",
            )
            self.query_one(ProgressPane).show(replace(snapshot, progress=figures))
        table = self.query_one(ResultsTable)
        for pane in (self.query_one(StatusLine), self.query_one(HostsPane), table):
            pane.show(snapshot)
        table.focus()
        table.move_to(1 << 18 | 22)
        table.action_mark()
        self.query_one(DetailPane).show_row(snapshot, 1 << 18 | 22)
        lines = [LogLine(n, n * 0.7, n % 4, f"line {n} [/x] went by") for n in range(20)]
        self.query_one(LogPane).show_log(lines, 3)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_panes(snap_compare, scan, theme: str, size: tuple[int, int]) -> None:
    assert snap_compare(Panes(scan, theme), terminal_size=size)


def test_panes_without_colour(snap_compare, scan, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Panes(scan, "textual-dark"), terminal_size=(120, 40))

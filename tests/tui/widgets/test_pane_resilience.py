"""Panes under text that looks like markup, and under keys, sizes and answers in any order."""

from __future__ import annotations

import random

import pytest
from textual.app import App, ComposeResult

from engine.results.log import LogLine
from engine.results.query import Query, SortColumn
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from tui.widgets.detail_pane import DetailPane
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.log_pane import LogPane
from tui.widgets.progress_pane import ProgressPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.status_line import StatusLine

NASTY = "[/x] [bold]$error[@click=app.quit]"


@pytest.mark.parametrize("kind", [ResultsTable, HostsPane, StatusLine, ProgressPane])
async def test_names_are_never_read_as_markup(show, make_scan, kind) -> None:
    scan, app = make_scan(hosts=2, h0=NASTY, h1=NASTY), show(kind())
    scan.decide(PortState.OPEN, 22, host=0)
    async with app.run_test(size=(110, 20)) as pilot:
        app.pane.show(scan.snapshot(problems={1: NASTY}))
        await pilot.pause()
        shown = "\n".join(app.lines())
    assert "[/x] [bold]" in shown or "[/x]…" in shown or "[@click" in shown


async def test_a_failure_and_a_limit_are_never_read_as_markup(show, make_scan) -> None:
    table = show(ResultsTable())
    async with table.run_test(size=(110, 20)) as pilot:
        table.pane.show(make_scan().snapshot(phase=Phase.FAILED, failure=NASTY))
        await pilot.pause()
        assert NASTY in "\n".join(table.lines())


class Everything(App[None]):
    """All panes with a cursor, one above the other."""

    CSS = "ResultsTable, HostsPane, LogPane, DetailPane { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield ResultsTable(Query(open_only=False))
        yield HostsPane()
        yield LogPane()
        yield DetailPane()
        yield ProgressPane()


KEYS = (
    "up", "down", "j", "k", "pageup", "pagedown", "home", "end", "space", "asterisk", "enter",
    "tab", "shift+tab",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_order_of_things_is_survived(make_scan, seed: int) -> None:
    chance, scan, app = random.Random(seed), make_scan(hosts=4), Everything()
    async with app.run_test(size=(90, 40)) as pilot:
        table, log = app.query_one(ResultsTable), app.query_one(LogPane)
        panes = [app.query_one(kind) for kind in (StatusLine, HostsPane, ProgressPane)]
        for step in range(30):
            deed = chance.random()
            if deed < 0.5:
                await pilot.press(chance.choice(KEYS))
            elif deed < 0.7:
                ports = chance.sample(range(1, 101), 20)
                state = chance.choice([s for s in PortState if s])
                scan.decide(state, *ports, host=chance.randrange(4), flags=chance.randrange(4))
            elif deed < 0.8:
                await pilot.resize_terminal(chance.randrange(1, 140), chance.randrange(1, 50))
            elif deed < 0.9:
                sort, host = chance.choice(list(SortColumn)), chance.choice([None, 0, 3])
                table.set_query(Query(open_only=chance.random() < 0.5, sort=sort, host=host))
            elif deed < 0.93:
                for pane in (table, log, *panes[1:]):
                    pane.clear()
            lines = [LogLine(n, float(n), n % 4, "x" * n) for n in range(step)]
            log.show_log(lines, chance.randrange(4))
            snapshot = scan.snapshot()
            for pane in (table, *panes):
                pane.show(snapshot)
            app.query_one(DetailPane).show_row(snapshot, table.cursor_key)
            await pilot.pause()
            assert (table.cursor_key is None) == (len(table.row_set) == 0)
            assert 0 <= table.scroll_offset.y <= max(0, table.line_count() - 1)

"""What can be done with the mouse on the main screen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.discovery.verdict import HOST_VERDICT
from engine.results.host_table import HostTable
from engine.spec.host_state import HostState
from engine.spec.reason import Reason
from tui.key_bar import KeyBar
from tui.screens.dialog import Dialog
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.key_hints import KeyHints
from tui.widgets.log_pane import LogPane
from tui.widgets.progress_pane import ProgressPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.status_line import StatusLine


def shown(pane: Any) -> str:
    """The first line of a pane."""
    return str(pane.render()).split("\n")[0]


@pytest.mark.parametrize(
    ("words", "heading"),
    [
        ("10.0.0.1-2", "What to scan"),
        ("ports", "Ports"),
        ("TCP SYN", "Scan type"),
        ("T4", "Timing"),
    ],
)
async def test_the_line_at_the_top_opens_dialogs_and_their_hints_close_them(
    running: Any, until: Any, words: str, heading: str
) -> None:
    async with running("10.0.0.1-2", "-p", "1-1000", "-T4") as (pilot, app, _):
        line = app.main.query_one(StatusLine)
        await pilot.click(StatusLine, offset=(shown(line).index(words), 0))
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        title = str(app.screen.query_one(".dialog").border_title)
        assert heading.lower() in title.lower(), title
        await pilot.pause()
        hints = app.screen.query_one(KeyHints)
        place = str(hints.render()).index("Esc")
        await pilot.click(KeyHints, offset=(place, 0))
        await until(pilot, lambda: app.screen is app.main)


async def test_a_click_on_the_phase_holds_the_scan(running: Any) -> None:
    async with running() as (pilot, app, session):
        line = app.main.query_one(StatusLine)
        await pilot.click(StatusLine, offset=(shown(line).index("running"), 0))
        assert session.calls[-1] == ("pause",)


async def test_a_click_gives_a_pane_the_focus_and_a_key_in_the_bar_acts(running: Any) -> None:
    async with running() as (pilot, app, _):
        for pane in (LogPane, ProgressPane, HostsPane, ResultsTable):
            await pilot.click(pane, offset=(4, 3))
            assert isinstance(app.focused, pane)
        bar = app.main.query_one(KeyBar)
        await pilot.click(KeyBar, offset=(shown(bar).index("l log") + 2, 0))
        assert not app.main.shows("log")


async def test_a_click_on_a_hosts_bar_lists_its_ports(running: Any, until: Any) -> None:
    async with running(size=(120, 60)) as (pilot, app, _):
        app.main.focus_pane("progress")
        await pilot.press("M")
        pane = app.main.query_one(ProgressPane)
        await until(pilot, lambda: "10.0.0.2 " in str(pane.render()))
        lines = str(pane.render()).split("\n")
        row = next(at for at, line in enumerate(lines) if "10.0.0.2 " in line)
        await pilot.click(ProgressPane, offset=(lines[row].index("10.0.0.2") + 2, row + 1))
        assert app.main.table.current_query.host == 1
        assert app.main.shows("results") and app.main.table.has_focus


async def test_a_click_on_what_is_hidden_shows_it(running: Any) -> None:
    async with running() as (pilot, app, _):
        table = app.main.table
        for hidden in (False, True):
            await pilot.click(ResultsTable, offset=(5, table.outer_size.height - 1))
            assert table.current_query.open_only is hidden


async def test_a_click_lists_hosts_that_are_down(running: Any, until: Any) -> None:
    async with running("10.0.0.1-60", "-p", "1-100") as (pilot, app, session):
        hosts = HostTable(session.book.count)
        verdicts = np.zeros(session.book.count, HOST_VERDICT)
        verdicts["host"] = np.arange(session.book.count)
        verdicts["state"], verdicts["reason"] = HostState.DOWN, Reason.NO_RESPONSE
        verdicts["state"][:2] = HostState.UP
        hosts.note(verdicts)
        session.store = type(session.store)(session.book.count, session.channels)
        session.store.admit(np.arange(2, dtype=np.uint32))
        session.change(hosts=hosts.snapshot())
        pane = app.main.query_one(HostsPane)
        await until(pilot, lambda: len(pane.listed) == 2)
        below = pane.size.height - pane.FOOT
        await pilot.click(HostsPane, offset=(3, below + 1))
        assert len(pane.listed) == 60

"""What commands do to the view: filter, order, panes, colours, log level, help, quit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.results.query import SortColumn
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from tui.app import PyScanApp
from tui.screens.help import HelpScreen
from tui.screens.view_commands import host_words
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_bar import FilterBar
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.log_pane import LogPane

Make = Callable[..., PyScanApp]
Until = Callable[..., Any]


def notices(app: PyScanApp) -> list[str]:
    return [str(one.message) for one in app._notifications]


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


async def test_open_only(running: Any) -> None:
    async with running() as (pilot, app, _):
        assert len(app.main.table.row_set) == 4
        await press(pilot, "o")
        assert len(app.main.table.row_set) == 29
        await press(pilot, "o")
        assert len(app.main.table.row_set) == 4


async def test_a_filter_about_states_goes_before_open_only(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "/", *"state:closed", "enter")
        assert len(app.main.table.row_set) == 23
        await press(pilot, "o", "o")
        assert len(app.main.table.row_set) == 23
        assert "the filter asks for states" in notices(app)[-1]


async def test_the_filter_completes_hosts_of_the_scan(running: Any) -> None:
    async with running() as (pilot, app, _):
        assert host_words(app.main.snapshot) == ("10.0.0.1", "10.0.0.2")
        await press(pilot, "/", *"host:10.0.0.1", "backspace", "backspace")
        while not app.focused._suggestion:
            await pilot.pause(0.01)
        await press(pilot, "right")
        assert app.focused.value == "host:10.0.0.1"


async def test_filter_and_clear(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "/", *"port:22")
        await press(pilot, "enter")
        assert len(app.main.table.row_set) == 1
        assert app.main.query_one(FilterBar).active
        await press(pilot, "escape")
        assert len(app.main.table.row_set) == 4
        assert not app.main.query_one(FilterBar).active
        assert app.main.table.has_focus


async def test_escape_then_takes_marks_and_the_chosen_host_away(running: Any) -> None:
    async with running() as (pilot, app, _):
        app.main.choose_host(1)
        await press(pilot, "space")
        assert app.main.table.selected
        await press(pilot, "escape")
        assert not app.main.table.selected and app.main.table.current_query.host == 1
        await press(pilot, "escape")
        assert app.main.table.current_query.host is None


async def test_choosing_a_host_narrows_the_table(running: Any) -> None:
    async with running() as (pilot, app, _):
        app.main.query_one(HostsPane).focus()
        await press(pilot, "down", "down", "enter")
        assert app.main.table.current_query.host == 1
        assert len(app.main.table.row_set) == 1


async def test_sorting(running: Any) -> None:
    async with running() as (pilot, app, _):
        table = app.main.table
        await press(pilot, ">")
        assert table.current_query.sort is SortColumn.PORT
        assert [int(key) & 0xFFFF for key in table.row_set.keys] == [22, 53, 80, 443]
        await press(pilot, ",")
        assert [int(key) & 0xFFFF for key in table.row_set.keys] == [443, 80, 53, 22]
        await press(pilot, "<")
        assert table.current_query.sort is SortColumn.HOST


async def test_verbosity_shows_also_what_has_passed(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "v", "v", "v")
        assert session.calls[-1] == ("set_verbosity", 3)
        assert app.main.verbosity == 3
        log = app.main.query_one(LogPane)
        assert [piece.text for piece in log._pieces][-1] == "closed port found"
        await press(pilot, "V", "V", "V", "V")
        assert session.calls[-1] == ("set_verbosity", 0)
        assert [piece.text for piece in log._pieces] == ["scan started"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_panes_fold(running: Any, size: tuple[int, int]) -> None:
    async with running(size=size) as (pilot, app, _):
        for key, pane in (("l", LogPane), ("h", HostsPane), ("d", DetailPane)):
            before = app.main.query_one(pane).display
            assert before is (size == (120, 40))
            await press(pilot, key)
            assert app.main.query_one(pane).display is not before
            await press(pilot, key)
            assert app.main.query_one(pane).display is before


async def test_panes_fold_and_unfold_with_the_terminal(running: Any) -> None:
    async with running(size=(120, 40)) as (pilot, app, _):
        await pilot.resize_terminal(80, 24)
        assert not any(app.main.query_one(pane).display for pane in (HostsPane, LogPane))
        await pilot.resize_terminal(120, 40)
        assert all(app.main.query_one(pane).display for pane in (HostsPane, LogPane, DetailPane))


async def test_a_theme_is_previewed_kept_and_dropped(running: Any) -> None:
    async with running() as (pilot, app, _):
        before = app.theme
        await press(pilot, "m", "down")
        assert app.theme == app.our_themes[1] != before
        await press(pilot, "escape")
        assert app.theme == before
        await press(pilot, "m", "down", "enter")
        assert app.theme == app.our_themes[1]


async def test_help_begins_with_the_focused_pane(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "?")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape")
        assert app.screen is app.main


async def test_quit_asks_while_a_scan_runs(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "q", "n")
        assert app.is_running and app.screen is app.main
        await press(pilot, "q", "y")
    assert session.closed


async def test_quit_does_not_ask_when_the_scan_is_over(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        session.change(phase=Phase.FINISHED)
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        await press(pilot, "ctrl+c")
    assert session.closed


async def test_the_detail_explains_the_row_under_the_cursor(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        asked: list[int] = []
        session.explain = asked.append
        await press(pilot, "down")
        below = app.main.table.cursor_key
        await until(pilot, lambda: below in asked)
        assert asked[-1] == below and len(asked) <= 2  # the row above, if the cursor rested there


async def test_results_stream_in(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        session.decide(PortState.OPEN, 8, 9, reason=Reason.SYN_ACK)
        await until(pilot, lambda: len(app.main.table.row_set) == 6)


async def test_the_palette_offers_what_makes_sense_now(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        titles = [one.title for one in app.get_system_commands(app.main)]
        assert "steer: pause" in titles and "results: export" in titles
        session.change(phase=Phase.FINISHED)
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        assert "steer: pause" not in [one.title for one in app.get_system_commands(app.main)]
        await press(pilot, ":")
        assert app.screen is not app.main


async def test_ports_of_a_liar_are_listed_and_folded(running: Any, until: Any) -> None:
    async with running() as (pilot, app, session):
        await pilot.press("z")
        assert any("No host calls every port open" in one.message for one in app._notifications)
        session.store.doubt(0)
        session.change(doubts={0: "This host is a tarpit."})
        await until(pilot, lambda: len(app.main.table.row_set) == 2)
        await pilot.press("z")
        assert len(app.main.table.row_set) == 4 and app.main.table.lists_doubted
        await pilot.press("z")
        assert len(app.main.table.row_set) == 2

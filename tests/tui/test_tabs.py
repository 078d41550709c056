"""Several scans at once: tabs, and the scans that wait for their turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.results.snapshot import Phase
from engine.session import TransportMaker, simulation
from engine.spec.error import SpecError
from tui.app import PyScanApp
from tui.demo import DemoDoor
from tui.plan import Plan
from tui.recent import RecentTargets
from tui.scan_tabs import MAX_TABS
from tui.screens.confirm import Confirm
from tui.screens.start_commands import Start
from tui.screens.tab_list import TabList
from tui.screens.target_picker import TargetPicker
from tui.screens.view_commands import quit_question
from tui.widgets.status_line import StatusLine
from tui.widgets.tab_bar import TabBar

Until = Callable[..., Any]


def notices(app: PyScanApp) -> str:
    return "\n".join(str(one.message) for one in app._notifications)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


async def pick(pilot: Any, app: PyScanApp, until: Until, targets: str, start: Start) -> None:
    """Type targets into the picker that is open, and let the scan begin there."""
    await until(pilot, lambda: isinstance(app.screen, TargetPicker))
    picker = app.screen
    starts = app.main.possible_starts()
    await press(pilot, *targets)
    if len(starts) > 1:
        await press(pilot, "shift+tab")
        for _ in range((starts.index(start) - picker.start) % len(starts)):
            await press(pilot, "right")
    await press(pilot, "enter")
    await until(pilot, lambda: picker not in app._screen_stack)


async def new_tab(pilot: Any, app: PyScanApp, until: Until, targets: str) -> Any:
    """Scan in a new tab; gives its session, once the screen shows it."""
    await press(pilot, "N")
    await pick(pilot, app, until, targets, Start.NEW_TAB)
    await until(pilot, lambda: app.main.session is app.door.session)
    await until(pilot, lambda: app.main.snapshot is not None)
    return app.door.session


async def queued(pilot: Any, app: PyScanApp, until: Until, targets: str) -> None:
    """Let a scan wait."""
    await press(pilot, "t")
    await pick(pilot, app, until, targets, Start.QUEUED)
    await until(pilot, lambda: app.tabs.waiting and app.tabs.waiting[-1].title == targets)


def titles(app: PyScanApp) -> list[str]:
    return [tab.title for tab in app.tabs]


# Tabs


async def test_a_new_scan_beside_the_one_that_runs(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        bar = app.main.query_one(TabBar)
        assert not bar.display
        second = await new_tab(pilot, app, until, "10.0.0.9")
        assert second is not first and not first.closed
        assert second.calls == [("start",)]
        assert titles(app) == ["10.0.0.1-2", "10.0.0.9"]
        assert app.tabs.shown_at == 1 and app.main.query_one(TabBar).display
        await press(pilot, "P")
        assert second.calls[-1] == ("pause",) and ("pause",) not in first.calls
    assert first.closed and second.closed


async def test_each_tab_keeps_its_view(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        first = app.main
        await press(pilot, "o", "/", *"port:22,80", "enter", ">", "space", "v")
        rows, marks = first.table.row_set, first.table.selected
        query, cursor = first.table.current_query, first.table.cursor_key
        level = first.verbosity
        assert marks and len(rows)
        await new_tab(pilot, app, until, "10.0.0.9")
        assert app.main is not first and app.main.verbosity == level
        assert app.main.table.current_query != query and not app.main.table.selected
        await press(pilot, "V", ")")
        assert app.main is first and app.screen is first
        assert first.table.current_query == query and first.table.cursor_key == cursor
        assert first.table.selected == marks and first.verbosity == level
        assert first.table.row_set.keys.tolist() == rows.keys.tolist()
        assert first.table.has_focus


async def test_keys_go_round_the_tabs(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        for targets in ("10.0.0.8", "10.0.0.9"):
            await new_tab(pilot, app, until, targets)
        for key, at in ((")", 0), (")", 1), ("(", 0), ("(", 2)):
            await press(pilot, key)
            assert app.tabs.shown_at == at and app.screen is app.main


async def test_a_tab_out_of_sight_looks_at_nothing_and_catches_up(
    running: Any, until: Until
) -> None:
    async with running() as (pilot, app, first):
        screen = app.main
        await new_tab(pilot, app, until, "10.0.0.9")
        seen = screen.snapshot
        first.change(notices=("eth0 went away",))
        await pilot.pause(0.3)
        assert screen.snapshot is seen
        await press(pilot, "(")
        await until(pilot, lambda: screen.snapshot.serial == first.serial)
        assert "eth0 went away" in notices(app)


async def test_what_ends_out_of_sight_is_told(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        await new_tab(pilot, app, until, "10.0.0.9")
        app.tabs.look()
        first.change(phase=Phase.FINISHED)
        await until(pilot, lambda: "10.0.0.1-2: finished." in notices(app))


async def test_a_click_shows_a_tab(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        await new_tab(pilot, app, until, "10.0.0.9")
        await pilot.click("#tabs", offset=(3, 0))
        await until(pilot, lambda: app.tabs.shown_at == 0)
        assert app.screen is app.main


async def test_layout_is_one_for_all_tabs(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "h")
        await new_tab(pilot, app, until, "10.0.0.9")
        assert not app.main.shows("hosts")
        await press(pilot, "h", "(")
        assert app.main.query_one("#hosts").display


async def test_colours_changed_in_one_tab_hold_in_all(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        first = app.main
        await new_tab(pilot, app, until, "10.0.0.9")
        app.theme = "pyscan-light"
        await pilot.pause()
        await press(pilot, "(")
        light = app.main.styles.background
        assert app.main is first and app.tabs.shown.screen.styles.background == light
        await press(pilot, ")")
        assert app.main.styles.background == light


# Closing


async def test_closing_asks_while_the_scan_runs(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        second = await new_tab(pilot, app, until, "10.0.0.9")
        await press(pilot, "X")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        assert len(app.tabs) == 2 and not second.closed
        await press(pilot, "X", "y")
        await until(pilot, lambda: second.closed)
        assert titles(app) == ["10.0.0.1-2"] and app.main.session is first
        assert app.screen is app.main and not app.main.query_one(TabBar).display
        await press(pilot, "X")
        assert len(app.tabs) == 1 and "There is one scan only: N begins another" in notices(app)


async def test_a_tab_whose_scan_is_over_closes_at_once(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        second = await new_tab(pilot, app, until, "10.0.0.9")
        first.change(phase=Phase.FINISHED)
        await press(pilot, "(", "X")
        await until(pilot, lambda: first.closed)
        assert app.main.session is second and not second.closed
        await press(pilot, ")", "(")
        assert app.main.session is second


async def test_there_are_so_many_tabs_and_no_more(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        for number in range(MAX_TABS - 1):
            app.tabs.queue(app.tabs.new(), app.plan.with_targets(f"10.0.1.{number}").build())
        await press(pilot, "N")
        assert app.screen is app.main and len(app.tabs) == MAX_TABS
        assert f"There are {MAX_TABS} tabs, and no more can be: X closes one." in notices(app)
        assert app.main.possible_starts() == (Start.HERE,)


async def test_quitting_asks_for_every_scan(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        second = await new_tab(pilot, app, until, "10.0.0.9")
        second.change(phase=Phase.FINISHED)
        await press(pilot, "q")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        first.change(phase=Phase.FINISHED)
        await press(pilot, "q")
        assert not app.is_running or app._exit


def test_the_question_before_quitting_counts() -> None:
    assert quit_question(0, 0) == ""
    assert quit_question(1, 0) == "A scan is running. Stop it and quit?"
    assert quit_question(2, 1) == "2 scans are running, and 1 queued. Stop them and quit?"
    assert quit_question(0, 2) == "Quit without 2 queued scans?"


# The queue


async def test_a_queued_scan_begins_when_the_one_before_has_ended(
    running: Any, until: Until
) -> None:
    async with running() as (pilot, app, first):
        await queued(pilot, app, until, "10.0.0.8")
        assert "10.0.0.8 is queued: it begins when no other scan runs." in notices(app)
        await queued(pilot, app, until, "10.0.0.9")
        assert len(app.door.sessions) == 1 and app.main.session is first
        first.change(phase=Phase.PAUSED)
        app.tabs.look()
        assert len(app.tabs.waiting) == 2
        for at, last in enumerate((first, None), 1):
            (last or app.door.session).change(phase=Phase.CANCELLED)
            await until(pilot, lambda at=at: len(app.door.sessions) == at + 1)
        await until(pilot, lambda: app.door.session.calls == [("start",)])
        starts = [list(one.spec.targets.addresses(9)) for one in app.door.sessions[1:]]
        assert starts == [["10.0.0.8"], ["10.0.0.9"]] and not app.tabs.waiting
        assert app.main.session is first and not first.closed
        await press(pilot, "(")
        await until(pilot, lambda: app.main.session is app.door.session)
        await until(pilot, lambda: len(app.main.table.row_set))


async def test_a_tab_that_waits_says_so(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        await queued(pilot, app, until, "10.0.0.8")
        await press(pilot, ")")
        await until(pilot, lambda: app.main.ready)
        line = app.main.query_one(StatusLine).render().plain
        assert "10.0.0.8  ◌ queued" in line
        said = " ".join(str(app.main.table.line_at(y)[1]) for y in range(2, 4))
        assert said.startswith("The scan of 10.0.0.8 begins when no other scan runs; Q and then s")


async def test_a_scan_that_cannot_begin_does_not_hold_the_queue(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        await queued(pilot, app, until, "10.0.0.8")
        app.door.refusal = SpecError("targets", "10.0.0.8", None, "is too large")
        first.change(phase=Phase.FINISHED)
        await until(pilot, lambda: "is too large" in notices(app))
        refused = list(app.tabs)[1]
        assert refused.look().phase is Phase.FAILED and not app.tabs.busy
        app.door.refusal = None
        app.tabs.queue(app.tabs.new(), app.plan.with_targets("10.0.0.9").build())
        await until(pilot, lambda: len(app.door.sessions) == 2)


async def test_a_scan_may_take_the_place_of_one_that_is_over(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        first.change(phase=Phase.FINISHED)
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        await press(pilot, "t")
        await pick(pilot, app, until, "10.0.0.7", Start.HERE)
        await until(pilot, lambda: app.main.session is app.door.session is not first)
        assert first.closed and len(app.tabs) == 1


# The list of scans


async def test_the_list_goes_to_a_tab(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        await new_tab(pilot, app, until, "10.0.0.9")
        await press(pilot, "Q", "k", "enter")
        assert app.screen is app.main and app.main.session is first
        await press(pilot, "Q", "j", "escape")
        assert app.main.session is first


async def test_the_list_moves_starts_and_removes_what_waits(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        for targets in ("10.0.0.7", "10.0.0.8", "10.0.0.9"):
            await queued(pilot, app, until, targets)
        await press(pilot, "Q", "end", "-")
        assert [tab.title for tab in app.tabs.waiting] == ["10.0.0.7", "10.0.0.9", "10.0.0.8"]
        await press(pilot, "-", "-", "+")
        assert [tab.title for tab in app.tabs.waiting] == ["10.0.0.7", "10.0.0.9", "10.0.0.8"]
        assert isinstance(app.screen, TabList)
        lines = app.screen.query_one(OptionList)
        assert "◌ queued 2" in str(lines.get_option_at_index(2).prompt)
        await press(pilot, "x")
        assert titles(app) == ["10.0.0.1-2", "10.0.0.7", "10.0.0.8"]
        await press(pilot, "Q", "down", "s")
        await until(pilot, lambda: len(app.door.sessions) == 2)
        assert list(app.door.session.spec.targets.addresses(9)) == ["10.0.0.7"]
        assert not first.closed and len(app.tabs.waiting) == 1
        await press(pilot, "Q", "home", "s")
        assert isinstance(app.screen, TabList)


async def test_the_list_asks_before_it_closes_a_scan_that_runs(running: Any, until: Until) -> None:
    async with running() as (pilot, app, first):
        second = await new_tab(pilot, app, until, "10.0.0.9")
        await press(pilot, "Q", "home", "x", "y")
        await until(pilot, lambda: first.closed)
        assert app.main.session is second and titles(app) == ["10.0.0.9"]


# The palette


async def test_the_palette_offers_what_fits(running: Any, until: Until) -> None:
    async with running() as (pilot, app, _):
        alone = {one.title for one in app.get_system_commands(app.screen)}
        assert "tabs: new scan" in alone and "tabs: close" not in alone
        await new_tab(pilot, app, until, "10.0.0.9")
        several = {one.title: one.callback for one in app.get_system_commands(app.screen)}
        assert {"tabs: next", "tabs: previous", "tabs: close"} <= several.keys()
        several["tabs: next"]()
        assert app.tabs.shown_at == 0


# Real sessions

NETWORK = """
seed = 1
[[host]]
address = "10.0.0.1-9"
[host.tcp]
open = "22,80"
default = "closed"
"""


class SimulatedDoor(DemoDoor):
    """Real sessions over another simulated network."""

    def network(self) -> TransportMaker:
        return simulation(NETWORK)


async def soon(condition: Callable[[], object]) -> None:
    """Pilot.pause waits for a quiet processor, which scans that run do not leave it."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


async def test_results_out_of_sight_survive_and_every_thread_ends(
    tmp_path: Path,
) -> None:
    plan = Plan.blank().with_ports("1-100").with_targets("10.0.0.1-3")
    app = PyScanApp(plan, door=SimulatedDoor(), recent=RecentTargets(tmp_path / "recent.txt"))
    async with app.run_test(size=(120, 40)):
        await soon(lambda: app.main.phase is Phase.FINISHED)
        first, tabs = app.main, app.tabs
        for number in range(4, 7):
            tabs.queue(tabs.new(), app.plan.with_targets(f"10.0.0.{number}").build())
        await soon(lambda: not tabs.waiting and not tabs.busy)
        tabs.step(1)
        await soon(lambda: app.main.ready)
        await soon(lambda: len(app.main.table.row_set) == 2)
        sessions = [tab.session for tab in tabs]
        assert all(session and session.alive for session in sessions)
        tabs.step(-1)
        assert app.main is first and len(first.table.row_set) == 6
    assert not any(session.alive for session in sessions if session)
    assert "pyscan-engine" not in {thread.name for thread in threading.enumerate()}

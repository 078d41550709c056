"""Panes: shown, hidden, resized, maximised, remembered; and never over one another."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region
from textual.widgets import Static

from engine.results.snapshot import Phase
from tui.app import PyScanApp
from tui.config import read_config
from tui.layout_file import MAX_BYTES, LayoutFile, SavedLayout
from tui.screens.panes import LEAST_HEIGHT, LEAST_WIDTH, PANES, PanePlan
from tui.screens.places import PANE_WIDGETS
from tui.screens.target_picker import TargetPicker
from tui.screens.too_small import TooSmall

SIZES = [(60, 18), (80, 24), (100, 30), (120, 40), (200, 60)]
LAYOUT_KEYS = ("l", "h", "d", "b", "O", "M", "[", "]", "{", "}", "=", "w", "tab")


def regions(app: PyScanApp) -> dict[str, Region]:
    """Where each visible pane is."""
    names = (name for name in PANES if app.main.shows(name))
    return {name: app.main.query_one(f"#{PANE_WIDGETS[name]}").region for name in names}


def check_places(app: PyScanApp) -> None:
    """Visible panes are on the screen, have room, and cover nothing of one another."""
    whole = Region(0, 1, app.size.width, app.size.height - 2)
    places = regions(app)
    assert places
    for name, region in places.items():
        assert whole.contains_region(region) and region.area, (name, region)
    for one, other in combinations(places, 2):
        assert not places[one].intersection(places[other]).area, places
    assert sum(region.area for region in places.values()) == whole.area, places


async def press(pilot: Any, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_panes_never_overlap_nor_leave_gaps(running: Any, size: tuple[int, int]) -> None:
    chosen = random.Random(size[0])
    async with running(size=size) as (pilot, app, _):
        check_places(app)
        for _ in range(30):
            await press(pilot, chosen.choice(LAYOUT_KEYS))
            check_places(app)
        await press(pilot, "=")
        for pane in PANES:
            if not app.main.panes.shows(pane):
                app.main.action_act(pane)
            await pilot.pause()
            check_places(app)


@pytest.mark.parametrize(
    ("pane", "key"),
    [("results", "O"), ("hosts", "h"), ("detail", "d"), ("progress", "b"), ("log", "l")],
)
async def test_every_pane_is_hidden_resized_and_maximised(
    running: Any, pane: str, key: str
) -> None:
    async with running() as (pilot, app, _):
        before = regions(app)
        app.main.focus_pane(pane)
        await press(pilot, "]")
        assert regions(app)[pane].width == before[pane].width + 4
        await press(pilot, "[", "}")
        assert regions(app)[pane].width == before[pane].width
        assert regions(app)[pane].height == before[pane].height + 2
        await press(pilot, "{")
        assert regions(app) == before
        assert app.main.focused_pane_name() == pane

        await press(pilot, "M")
        assert regions(app) == {pane: Region(0, 1, 120, 38)}
        assert app.main.focused_pane_name() == pane
        await press(pilot, "M")
        assert regions(app) == before

        await press(pilot, key)
        assert set(regions(app)) == set(before) - {pane}
        assert app.main.focused_pane_name() not in ("", pane)
        await press(pilot, key)
        assert regions(app) == before


async def test_the_last_pane_stays(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "h", "d", "b", "O")
        assert set(regions(app)) == {"log"} and app.main.focused_pane_name() == "log"
        await press(pilot, "l")
        assert set(regions(app)) == {"log"}
        assert any("One pane must stay" in str(one.message) for one in app._notifications)
        await press(pilot, "=")
        assert set(regions(app)) == set(PANES)


async def test_a_key_that_changes_nothing_says_so(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "M", "]")
        assert any("cannot change further" in str(one.message) for one in app._notifications)


async def test_each_size_has_its_layout_and_the_next_session_too(
    make_app: Any, until: Any, tmp_path: Path
) -> None:
    scan = ("10.0.0.1", "-p", "1-100")
    file = LayoutFile(tmp_path / "state" / "layout.json")
    app = make_app(*scan, layout=file)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "h", "{")
        await pilot.resize_terminal(80, 24)
        await press(pilot, "l")
        await pilot.resize_terminal(120, 40)
        assert not app.main.shows("hosts")
        wide = regions(app)
    assert file.path.stat().st_mode & 0o777 == 0o600
    again = make_app(*scan, layout=LayoutFile(file.path))
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: again.main.snapshot is not None)
        await pilot.pause()
        assert regions(again) == wide
        await pilot.resize_terminal(80, 24)
        assert again.main.shows("log") and not again.main.shows("hosts")


async def test_the_configuration_stands_above_what_is_remembered(
    make_app: Any, until: Any, tmp_path: Path
) -> None:
    file = LayoutFile(tmp_path / "layout.json")
    hidden = dict.fromkeys(("hosts", "detail"), False)
    file.write({"wide tall": SavedLayout(shown=hidden, sizes={"lower height": 20})})
    config = read_config({"layout": {"hosts": "shown"}})
    app = make_app("10.0.0.1", "-p", "1-100", layout=file, config=config)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        assert app.main.shows("hosts") and not app.main.shows("detail")
        assert app.main.query_one("#lower").region.height == 20


async def test_a_terminal_too_small_says_so_until_it_grows(make_app: Any, until: Any) -> None:
    app = make_app()
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: any(isinstance(one, TargetPicker) for one in app.screen_stack))
        await until(pilot, lambda: isinstance(app.screen, TooSmall) and app.screen.query(Static))
        text = app.screen.query_one(Static)
        await until(pilot, lambda: "40 x 10 is too small" in str(text.render()))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_terminal_too_small_tells_of_a_scan_only_while_one_goes_on(
    running: Any, make_app: Any, until: Any
) -> None:
    def said(app: Any) -> str:
        return str(app.screen.query_one(Static).render()) if app.screen.query(Static) else ""

    app = make_app()
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TooSmall) and "Ctrl+Q" in said(app))
        assert "scan" not in said(app)
    async with running() as (pilot, app, session):
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: isinstance(app.screen, TooSmall) and "goes on" in said(app))
        session.change(phase=Phase.FINISHED)
        await until(pilot, lambda: "goes on" not in said(app))
        assert "Ctrl+Q leaves" in said(app)


# The plan


@given(
    st.integers(LEAST_WIDTH, 300),
    st.integers(LEAST_HEIGHT, 100),
    st.lists(
        st.tuples(st.sampled_from(PANES), st.sampled_from(["width", "height", "toggle"]),
                  st.integers(-50, 50)),
        max_size=12,
    ),
)  # fmt: skip
def test_sizes_leave_room_for_the_results(
    width: int, height: int, steps: list[tuple[str, str, int]]
) -> None:
    plan = PanePlan()
    plan.resize(width, height)
    for pane, what, step in steps:
        if what == "toggle":
            plan.toggle(pane)
        else:
            plan.grow(pane, what, step)
        shown = {pane for pane in PANES if plan.shows(pane)}
        assert shown
        rest = height - 2 - plan.lower_height
        if "detail" in shown and plan.narrow:
            rest -= plan.size("detail height")
        sides = plan.size("hosts width") if "hosts" in shown else 0
        if "detail" in shown and not plan.narrow:
            sides += plan.size("detail width")
        assert rest >= 5 and width - sides >= 30


def test_panes_fold_in_a_defined_order() -> None:
    plan = PanePlan()
    folded = []
    for size in [(120, 40), (99, 40), (99, 29), (60, 18)]:
        plan.resize(*size)
        folded.append([pane for pane in PANES if not plan.shows(pane)])
    assert folded == [[], ["hosts", "detail"], ["hosts", "detail", "log"], folded[-1]]
    assert folded[-1] == folded[-2]


@pytest.mark.parametrize(("width", "results"), [(80, 80), (100, 48), (119, 67), (120, 56)])
def test_the_results_have_room_for_their_columns(width: int, results: int) -> None:
    plan = PanePlan()
    plan.resize(width, 30)
    sides = sum(plan.size(f"{pane} width") for pane in ("hosts", "detail") if plan.shows(pane))
    assert width - sides == results


# The file


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = LayoutFile(tmp_path / "a" / "layout.json")
    assert file.read() == {}
    layouts = {"wide tall": SavedLayout(shown={"log": False}, sizes={"lower height": 9})}
    file.write(layouts)
    assert file.read() == layouts


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[" * MAX_BYTES,
        b"{}" + b" " * MAX_BYTES,
        b'{"wide tall": {"sizes": {"lower height": -1}}}',
        b'{"wide tall": {"sizes": {"lower height": 1e99}}}',
        b'{"wide tall": {"shown": {"log": "no"}}}',
        b"\xff\xfe{}",
    ],
)
def test_a_file_that_is_not_ours_is_ignored(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "layout.json"
    path.write_bytes(text)
    assert LayoutFile(path).read() == {}


def test_a_file_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    LayoutFile(tmp_path / "file" / "layout.json").write({"wide tall": SavedLayout()})
    LayoutFile(tmp_path).write({"wide tall": SavedLayout()})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file"]


def test_names_nobody_knows_are_left_out_and_something_is_always_shown() -> None:
    plan = PanePlan()
    nothing = dict.fromkeys((*PANES, "x"), False)
    plan.recall(
        {"wide tall": SavedLayout(nothing, {"x": 3, "hosts width": 9999}), "y": SavedLayout()}
    )
    plan.resize(120, 40)
    assert [pane for pane in PANES if plan.shows(pane)] == ["results"]
    assert plan.toggle("hosts") and plan.size("hosts width") == 90
    assert set(plan.layouts()) == {"wide tall"}

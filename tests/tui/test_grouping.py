"""Results by host and by service on the main screen: the key, what a heading stands for, memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.results.cell import cell_key
from tests.tui.test_commands import notices, press
from tui.layout_file import LayoutFile
from tui.widgets.row_groups import Grouping

SSH, HTTP, HTTPS, DOMAIN = 22, 80, 443, 53


async def test_one_key_goes_round_the_groupings(running: Any) -> None:
    async with running() as (pilot, app, _):
        table = app.main.table
        for grouping in (Grouping.HOST, Grouping.SERVICE, Grouping.NONE):
            await press(pilot, "G")
            assert table.grouping is grouping
            assert any(grouping.value in text or "not grouped" in text for text in notices(app))
        assert table.row_count() == len(table.row_set) == 4


async def test_a_heading_stands_for_all_its_rows(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "G", "home", "r")
        name, keys = session.calls[-1]
        assert name == "rescan"
        assert keys.tolist() == [cell_key(0, 0, port) for port in (SSH, HTTP, HTTPS)]
        await press(pilot, "y")
        assert app.screen.heading == "Copy 3 rows"
        await press(pilot, "a")
        assert app.clipboard == "10.0.0.1:22\n10.0.0.1:80\n10.0.0.1:443"
        await press(pilot, "-", "end", "R")
        assert session.calls[-1] == ("rescan_host", 1)


async def test_marked_rows_come_before_the_heading(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "G", "down", "space", "home", "r")
        assert session.calls[-1][1].tolist() == [cell_key(0, 0, SSH)]


async def test_going_to_a_port_unfolds_what_hides_it(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "G", "-")
        assert app.main.table.row_count() == 2
        await press(pilot, "g", *"53", "enter")
        assert app.main.table.cursor_key == cell_key(1, 0, DOMAIN)
        assert app.main.table.row_count() == 3


async def test_the_grouping_is_remembered(running: Any, make_app: Any, tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    for wanted in (Grouping.HOST, Grouping.SERVICE, Grouping.NONE):
        app = make_app("10.0.0.1", layout=LayoutFile(file))
        async with app.run_test() as pilot:
            await press(pilot, "G")
        saved = json.loads(file.read_text())
        assert saved.get("results", {}).get("group", "none") == wanted.value
        again = make_app("10.0.0.1", layout=LayoutFile(file))
        async with again.run_test():
            assert again.main.table.grouping is wanted


async def test_an_unknown_grouping_is_no_grouping(make_app: Any, tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    file.write_text('{"results": {"group": "colour"}}')
    app = make_app("10.0.0.1", layout=LayoutFile(file))
    async with app.run_test():
        assert app.main.table.grouping is Grouping.NONE

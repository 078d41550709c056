"""Export of a part: what the dialog offers, and what is in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from engine.results.filter import parse_filter
from tui.export_parts import part_choices
from tui.screens.dialog import Verdict
from tui.screens.export import ExportDialog
from tui.widgets.choice_line import ChoiceLine
from tui.widgets.row_groups import Grouping

ALL, OPEN = "all 29", "4 shown"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def press(pilot: Any, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def offered(app: Any) -> list[str]:
    return [one.label for one in part_choices(app.main.table.rows)]


def written(folder: Path) -> tuple[dict[str, Any], list[tuple[str, int]]]:
    (path,) = folder.iterdir()
    document = json.loads(path.read_text())
    ports = [(host["address"], one["port"]) for host in document["hosts"] for one in host["ports"]]
    return document, ports


async def export(pilot: Any, app: Any, until: Any, *keys: str) -> None:
    await press(pilot, "e", *keys, "enter")
    await until(pilot, lambda: app.screen is app.main)


async def test_everything_is_written_unless_the_user_chooses(
    running: Any, until: Any, here: Path
) -> None:
    async with running() as (pilot, app, _):
        await export(pilot, app, until)
        document, ports = written(here)
        assert document["part"] is None and len(ports) == 29


async def test_what_the_table_shows(running: Any, until: Any, here: Path) -> None:
    async with running() as (pilot, app, _):
        assert offered(app) == [OPEN]
        await export(pilot, app, until, "right")
        document, ports = written(here)
        assert ports == [("10.0.0.1", 22), ("10.0.0.1", 80), ("10.0.0.1", 443), ("10.0.0.2", 53)]
        assert document["part"] == {
            "ports": 4, "hosts": 2, "chosen": "the rows shown, without closed and filtered ports",
        }  # fmt: skip
        assert next(here.iterdir()).name.endswith("-part.json")


async def test_what_a_filter_and_a_chosen_host_leave(running: Any, until: Any, here: Path) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "o")
        assert offered(app) == []
        await press(pilot, "slash", *"port:22,80", "enter")
        app.main.choose_host(1)
        await pilot.pause()
        await export(pilot, app, until, "right")
        document, ports = written(here)
        assert ports == [("10.0.0.2", 22), ("10.0.0.2", 80)]
        assert document["part"]["chosen"] == "the rows shown, host 10.0.0.2, filter port:22,80"


async def test_the_marked_rows_shown_or_not(running: Any, until: Any, here: Path) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "o", "home", "space", "down", "space", "o")
        marked = app.main.table.selected
        assert offered(app) == [OPEN, "2 marked"]
        await export(pilot, app, until, "left")  # round to the last
        document, ports = written(here)
        assert {port for _, port in ports} == {key & 0xFFFF for key in marked} and len(ports) == 2
        assert document["part"]["chosen"] == "the rows marked by hand"


@pytest.mark.parametrize("steps", [0, 1])
async def test_the_group_of_the_cursor(running: Any, until: Any, here: Path, steps: int) -> None:
    """On its heading and on a row of it."""
    async with running() as (pilot, app, _):
        app.main.table.group_by(Grouping.HOST)
        heading = app.main.table.rows.find(~1)
        assert heading is not None
        app.main.table.go(heading + steps)
        assert offered(app) == [OPEN, "group 10.0.0.2"]
        await export(pilot, app, until, "right", "right")
        document, ports = written(here)
        assert ports == [("10.0.0.2", 53)]
        assert document["part"]["chosen"].startswith("the rows shown under 10.0.0.2, without")


async def test_a_service_is_a_group_too(running: Any, until: Any, here: Path) -> None:
    async with running() as (pilot, app, _):
        app.main.table.group_by(Grouping.SERVICE)
        app.main.table.go(1)
        title = offered(app)[-1]
        key = app.main.table.cursor_key
        await export(pilot, app, until, "left")
        _, ports = written(here)
        assert title == "group domain" and ports == [("10.0.0.2", key & 0xFFFF)]


async def test_the_dialog_says_what_is_chosen(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "e")
        assert isinstance(app.screen, ExportDialog)
        line, name = app.screen.query_one(ChoiceLine), app.screen.query_one("#path", Input)
        assert str(line.render()).split("  ")[1:] == [f"● {ALL}", f"○ {OPEN}"]
        await press(pilot, "right", "down", "down")
        assert name.value.endswith("-part.xml")
        said = str(app.screen.query_one(Verdict).visual)
        assert said.startswith("Only the rows shown, without closed and filtered ports.\n")
        await press(pilot, "right")
        assert not name.value.endswith("-part.xml") and name.value.endswith(".xml")
        assert str(app.screen.query_one(Verdict).visual).startswith("In the folder")


async def test_a_name_of_the_users_own_stays(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "e")
        name = app.screen.query_one("#path", Input)
        name.value = "mine"
        await press(pilot, "right", "down")
        assert name.value == "mine"


async def test_a_click_chooses(running: Any, until: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "e")
        line = app.screen.query_one(ChoiceLine)
        await pilot.click(line, offset=(str(line.render()).index(OPEN), 0))
        await until(
            pilot, lambda: app.screen.query_one("#path", Input).value.endswith("-part.json")
        )


@pytest.mark.parametrize("text", ["port:22,80 -http", "host:/^10/ -/a b/", "-state:open|filtered"])
def test_a_filter_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_filter(text)) == text
    assert parse_filter(str(parse_filter(text))) == parse_filter(text)

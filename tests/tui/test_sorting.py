"""Sorting on the main screen: by a click on a title, and what settles ties."""

from __future__ import annotations

from typing import Any

import pytest

from engine.results.query import SortColumn
from tests.tui.test_commands import notices, press
from tui.widgets.results_table import ResultsTable


def header(app: Any) -> str:
    table = app.main.table
    return table.draw(table.line_at(0)).text


def rows(app: Any) -> list[tuple[int, int]]:
    """Host and port, in the order shown."""
    return [(key >> 18, key & 0xFFFF) for key in app.main.table.row_set.keys.tolist()]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_click_on_a_title_sorts_and_another_turns_round(running: Any, size: Any) -> None:
    async with running(size=size) as (pilot, app, _):
        for title, arrow in (("STATE", "▲"), ("STATE", "▼"), ("PORT", "▲"), ("PORT", "▼")):
            x = header(app).index(title)
            await pilot.click(ResultsTable, offset=(x, 0))
            await pilot.pause()
            assert f"{title} {arrow}" in header(app)
            assert sum(header(app).count(one) for one in "▲▼") == 1
        assert rows(app) == [(0, 443), (0, 80), (1, 53), (0, 22)]


async def test_ties_stay_by_host_and_port_in_both_directions(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "o")
        for _ in range(2):
            x = header(app).index("STATE")
            await pilot.click(ResultsTable, offset=(x, 0))
            await pilot.pause()
            by_state: dict[str, list[tuple[int, int]]] = {}
            for key in app.main.table.row_set.keys.tolist():
                state = app.main.snapshot.row(key).state.label
                by_state.setdefault(state, []).append((key >> 18, key & 0xFFFF))
            assert set(by_state) == {"open", "closed", "filtered"}
            assert all(one == sorted(one) for one in by_state.values())


async def test_sorting_works_inside_groups(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "G", ">", ",")
        assert app.main.table.current_query.sort is SortColumn.PORT
        lines = app.main.table._rows.lines.tolist()
        assert lines == [~0, 443, 80, 22, ~1, 1 << 18 | 53]


async def test_the_level_of_the_log_says_how_many_lines_it_brings(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "v")
        assert "Log level 1 -> 2 of 3, 1 line more." in notices(app)
        await press(pilot, "v", "v")
        assert "Log level 3 of 3." in notices(app)
        await press(pilot, "V", "V")
        assert "Log level 2 -> 1 of 3, 1 line fewer." in notices(app)

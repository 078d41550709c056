from __future__ import annotations

import pytest

from engine.results.cell import STALE
from engine.results.filter import parse_filter
from engine.results.query import Query, SortColumn
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from tui.widgets.query_pace import QUERY_EVERY
from tui.widgets.results_table import ResultsTable

ALL = Query(open_only=False)


@pytest.fixture
def table() -> ResultsTable:
    return ResultsTable()


async def test_rows_counts_and_header_are_drawn(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(usual_scan.snapshot())
        await pilot.pause()
        lines = app.lines()
    assert "PORT ▲ STATE" in lines[0]
    assert [line[2:].split()[:4] for line in lines[1:4]] == [
        ["22/tcp", "●", "open", "ssh"],
        ["53/tcp", "●", "open", "domain"],
        ["80/tcp", "●", "open", "http"],
    ]
    assert lines[4] == ""
    assert lines[-1] == "3 shown of 100 · hidden: 90 closed, 7 filtered"


async def test_without_a_scan_it_says_so(show, table) -> None:
    app = show(table)
    async with app.run_test(size=(80, 24)):
        assert "  No scan yet. Press t to choose what to scan; ? shows all keys." in app.lines()


async def test_an_empty_table_says_why(show, table, make_scan) -> None:
    app, scan = show(table), make_scan()
    scan.decide(PortState.CLOSED, *range(1, 101))
    async with app.run_test(size=(60, 12)) as pilot:
        table.show(scan.snapshot())
        await pilot.pause()
        text = " ".join(line.strip() for line in app.lines()[1:-1]).strip()
    assert text == "No open ports so far: 100 closed hidden. Press o to show them."


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("down", 2),
        ("j j k", 2),
        ("pagedown", 11),
        ("end", 100),
        ("end up", 99),
        ("end pageup", 90),
        ("end home", 1),
        ("up", 1),
    ],
)
async def test_movement(show, table, usual_scan, keys: str, key: int) -> None:
    app = show(table)
    async with app.run_test(size=(80, 12)) as pilot:
        table.focus()
        table.show(usual_scan.snapshot())
        table.set_query(ALL)
        await pilot.press(*keys.split())
        await pilot.pause()
        assert table.cursor_key == key
        marked = [line.split()[1] for line in app.lines() if line.startswith("▸")]
        assert marked == [f"{key}/tcp"]


async def test_the_cursor_is_told(show, table, usual_scan) -> None:
    heard: list[int | None] = []

    class Listening(type(show(table))):
        def on_results_table_cursor_moved(self, event: ResultsTable.CursorMoved) -> None:
            heard.append(event.key)

    app = Listening(table)
    async with app.run_test() as pilot:
        table.focus()
        table.show(usual_scan.snapshot())
        await pilot.press("down", "down", "down")
        await pilot.pause()
    assert heard == [22, 53, 80]


async def test_marks(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test(size=(80, 12)) as pilot:
        table.focus()
        table.show(usual_scan.snapshot())
        await pilot.press("space", "space")
        await pilot.pause()
        assert table.selected == {22, 53}
        assert table.cursor_key == 80
        assert [line[1] for line in app.lines()[1:4]] == ["✓", "✓", " "]
        assert "2 marked" in app.lines()[-1]
        await pilot.press("asterisk")
        assert table.selected == {22, 53, 80}
        table.clear_marks()
        await pilot.pause()
        assert not table.selected
        assert "marked" not in app.lines()[-1]


async def test_the_cursors_port_keeps_its_line_on_the_screen(show, table, make_scan) -> None:
    scan, app = make_scan(ports=range(1, 1001)), show(table)
    scan.decide(PortState.OPEN, *range(500, 600))
    async with app.run_test(size=(80, 22)) as pilot:
        table.focus()
        table.show(scan.snapshot())
        await pilot.press("pagedown", "pagedown", "pagedown", "up", "up", "up")
        await pilot.pause()
        key = table.cursor_key
        line = next(y for y, text in enumerate(app.lines()) if text.startswith("▸"))
        scan.decide(PortState.OPEN, *range(1, 300))
        table.show(scan.snapshot())
        table.set_query(Query(descending=True))
        table.set_query(Query())
        await pilot.pause()
        assert len(table.row_set) == 399
        assert table.cursor_key == key
        assert app.lines()[line].startswith("▸")


async def test_a_put_off_query_is_made_without_another_snapshot(show, table, make_scan) -> None:
    scan, app = make_scan(), show(table)
    async with app.run_test() as pilot:
        scan.decide(PortState.OPEN, 22)
        table.show(scan.snapshot())
        scan.decide(PortState.OPEN, 23)
        table.show(scan.snapshot())
        while len(table.row_set) < 2:
            await pilot.pause(0.05)
        await pilot.pause()
        assert "2 shown of 2" in app.lines()[-1]


async def test_a_row_that_changed_is_drawn_anew(show, table, make_scan) -> None:
    scan, app = make_scan(), show(table)
    scan.decide(PortState.OPEN, 22, 23)
    async with app.run_test() as pilot:
        table.show(scan.snapshot())
        await pilot.pause()
        scan.decide(PortState.OPEN, 23, flags=STALE)
        table.show(scan.snapshot())
        await pilot.pause()
        assert "●~open" in app.lines()[2]
        assert "● open" in app.lines()[1]


async def test_a_port_that_was_open_stays_in_sight_at_the_end(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test(size=(80, 24)) as pilot:
        usual_scan.decide(PortState.FILTERED, 80)
        table.show(usual_scan.snapshot(phase=Phase.RUNNING))
        await pilot.pause()
        assert not any("80/tcp" in line for line in app.lines())
        table.show(usual_scan.snapshot(phase=Phase.CANCELLED))
        await pilot.pause(QUERY_EVERY * 2)
        assert any(line.split()[:2] == ["80/tcp", "▒*filtered"] for line in app.lines())


async def test_nothing_is_drawn_when_nothing_changed(show, table, usual_scan, monkeypatch) -> None:
    app, drawn = show(table), []
    async with app.run_test() as pilot:
        table.show(usual_scan.snapshot())
        await pilot.pause()
        draw = table.render_line
        monkeypatch.setattr(table, "render_line", lambda y: drawn.append(y) or draw(y))
        for _ in range(5):
            table.show(usual_scan.snapshot())
            await pilot.pause()
        assert drawn == []
        table.focus()
        await pilot.press("down")
        await pilot.pause()
        drawn.clear()
        await pilot.press("down")
        await pilot.pause()
        assert set(drawn) == {2, 3}


async def test_a_click_on_a_title_asks_for_its_order(show, table, usual_scan) -> None:
    asked = []

    class Listening(type(show(table))):
        def on_results_table_sort_requested(self, event: ResultsTable.SortRequested) -> None:
            asked.append(event.column)
            table.sort_by(event.column)

    app = Listening(table)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(usual_scan.snapshot())
        x = app.lines()[0].index("RTT")
        await pilot.click(ResultsTable, offset=(x, 0))
        await pilot.pause()
        assert "RTT ▲" in app.lines()[0]
        assert table.row_set.keys.tolist() == [22, 53, 80]
        await pilot.click(ResultsTable, offset=(x, 0))
        await pilot.pause()
        assert "RTT ▼" in app.lines()[0]
        assert table.row_set.keys.tolist() == [80, 53, 22]
    assert asked == [SortColumn.RTT, SortColumn.RTT]


async def test_clicks_move_the_cursor_and_ask_for_details(show, table, usual_scan) -> None:
    chosen, asked = [], []

    class Listening(type(show(table))):
        def on_results_table_row_chosen(self, event: ResultsTable.RowChosen) -> None:
            chosen.append(event.key)

        def on_results_table_counts_clicked(self) -> None:
            asked.append("counts")

    app = Listening(table)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(usual_scan.snapshot())
        await pilot.pause()
        await pilot.click(ResultsTable, offset=(10, 2))
        assert (table.cursor_key, chosen) == (53, [])
        await pilot.click(ResultsTable, offset=(10, 3), times=2)
        assert (table.cursor_key, chosen) == (80, [80])
        for below in ((10, 9), (10, 23)):
            await pilot.click(ResultsTable, offset=below)
        assert table.cursor_key == 80 and asked == ["counts"]
        table.focus()
        await pilot.press("up", "enter")
        assert chosen == [80, 53]


async def test_a_click_before_a_row_marks_it(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(usual_scan.snapshot())
        await pilot.pause()
        await pilot.click(ResultsTable, offset=(1, 2))
        assert (table.cursor_key, table.selected) == (53, {53})
        await pilot.click(ResultsTable, offset=(0, 3))
        assert table.selected == {53, 80}
        await pilot.click(ResultsTable, offset=(1, 2))
        assert (table.cursor_key, table.selected) == (53, {80})


async def test_move_to_finds_a_port_that_is_shown(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test():
        table.show(usual_scan.snapshot())
        assert table.move_to(80) and table.cursor_key == 80
        assert not table.move_to(81) and table.cursor_key == 80


async def test_filter_and_host_choose_rows(show, table, make_scan) -> None:
    scan, app = make_scan(hosts=2), show(table)
    scan.decide(PortState.OPEN, 22, 80, host=0)
    scan.decide(PortState.OPEN, 80, host=1)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(scan.snapshot())
        await pilot.pause()
        assert "HOST ▲" in app.lines()[0]
        table.set_query(Query(filter=parse_filter("port:80"), host=1))
        await pilot.pause()
        assert table.row_set.keys.tolist() == [1 << 18 | 80]
        assert app.lines()[1].split()[1] == "10.0.0.1"


async def test_an_order_whose_column_does_not_fit_is_told(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test(size=(50, 12)) as pilot:
        table.show(usual_scan.snapshot())
        table.set_query(Query(sort=SortColumn.TIME, descending=True))
        await pilot.pause()
        assert app.lines()[-1].strip() == "by time ▼ · 3 of 100 · hidden ○90 ▒7"


async def test_clear_forgets_the_scan(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test() as pilot:
        table.focus()
        table.show(usual_scan.snapshot())
        await pilot.press("space")
        table.clear()
        await pilot.pause()
        assert table.cursor_key is None and not table.selected
        assert "  No scan yet. Press t to choose what to scan; ? shows all keys." in app.lines()
        table.show(usual_scan.snapshot())
        assert table.cursor_key == 22


async def test_a_new_theme_and_a_new_width_are_drawn(show, table, usual_scan) -> None:
    app = show(table)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(usual_scan.snapshot())
        await pilot.pause()
        dark = table.render_line(1)
        app.theme = "textual-light"
        await pilot.pause()
        assert table.render_line(1).text == dark.text
        assert table.render_line(1) != dark
        await pilot.resize_terminal(45, 10)
        await pilot.pause()
        assert "TTL" not in app.lines()[0]
        assert table.render_line(1).cell_length == table.line_width
        assert app.lines()[-1].strip() == "3 of 100 · hidden: 90 closed, 7 filtered"


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (10, 3), (250, 80)])
async def test_any_size_is_survived(show, table, usual_scan, size: tuple[int, int]) -> None:
    app = show(table)
    async with app.run_test(size=size) as pilot:
        table.focus()
        table.show(usual_scan.snapshot())
        table.set_query(ALL)
        await pilot.press("down", "pagedown", "end", "home")
        await pilot.pause()
        assert table.cursor_key == 1


async def test_the_newest_row_is_followed_in_sight(show, table, make_scan) -> None:
    scan, app = make_scan(ports=range(1, 1001)), show(table)
    scan.decide(PortState.OPEN, *range(1, 400))
    scan.decide(PortState.OPEN, 350, clock=20_000)
    async with app.run_test(size=(80, 12)) as pilot:
        table.show(scan.snapshot())
        table.follow(True)
        await pilot.pause()
        assert table.cursor_key == 350
        assert any(line.startswith("▸") for line in app.lines())
        assert app.lines()[-1].startswith("following · 399 shown")
        table.scroll_to_line(0)
        scan.decide(PortState.OPEN, 900, clock=30_000)
        table.show(scan.snapshot())
        while table.cursor_key != 900:
            await pilot.pause(0.05)
        await pilot.pause()
        assert any(line.startswith("▸") and "900/tcp" in line for line in app.lines())
        table.clear()
        assert not table.follows

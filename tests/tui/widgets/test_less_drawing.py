"""What changes all the time is drawn, and nothing beside it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.color import Color
from textual.scrollbar import ScrollBarRender
from textual.widgets import Static

from engine.results.query import Query
from engine.spec.port_state import PortState
from tui.widgets.detail_pane import DetailPane
from tui.widgets.line_view import thumb
from tui.widgets.progress_pane import ProgressPane
from tui.widgets.results_table import ResultsTable

BLACK, WHITE = Color.parse("black"), Color.parse("white")


def block_lines(app) -> list[str]:
    block = app.query_one(Static)
    return [block.render_line(y).text for y in range(block.size.height)]


class Layouts:
    """Counts how often the whole screen is laid out anew."""

    def __init__(self, app) -> None:
        self.count = 0
        app.screen.screen_layout_refresh_signal.subscribe(app.screen, self._note, immediate=True)

    def _note(self, _: object) -> None:
        self.count += 1


def bar_look(lines: int, page: int, position: float) -> list[tuple[str, object]]:
    drawn = ScrollBarRender.render_bar(
        page, lines, page, position, back_color=BLACK, bar_color=WHITE
    )
    return [(segment.text, segment.style) for segment in drawn.segments]


@given(st.integers(1, 60), st.data())
def test_thumbs_that_are_equal_look_the_same(page: int, data) -> None:
    lines = data.draw(st.integers(page + 1, 5_000))
    more = data.draw(st.integers(lines, lines + 200))
    position = float(data.draw(st.integers(0, lines - page)))
    if thumb(lines, page, position) == thumb(more, page, position):
        assert bar_look(lines, page, position) == bar_look(more, page, position)


def test_a_thumb_shrinks_and_rises_with_what_is_above_and_below() -> None:
    assert thumb(40, 20, 0.0) == (0, 80)
    assert thumb(40, 20, 20.0) == (80, 80)
    assert thumb(400, 20, 0.0) == (0, 8)
    assert thumb(10, 20, 0.0) == (0, 320)


async def test_more_rows_lay_nothing_out_and_can_be_scrolled_to(show, make_scan) -> None:
    scan, table = make_scan(ports=range(1, 1001)), ResultsTable(Query(open_only=False))
    app = show(table)
    scan.decide(PortState.OPEN, *range(1, 501))
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(scan.snapshot())
        await pilot.pause()
        layouts = Layouts(app)
        scan.decide(PortState.OPEN, *range(501, 1001))
        table.set_query(Query(open_only=True))  # asks at once
        table.show(scan.snapshot())
        table.set_query(Query(open_only=False))
        await pilot.pause()
        assert (len(table.row_set), layouts.count) == (1000, 0)
        assert table.virtual_size.height == 1002 and table.max_scroll_y == 978
        table.action_go(-1)
        await pilot.pause()
        assert "1000/tcp" in app.lines()[-2]
        bar = table.vertical_scrollbar
        assert (bar.window_virtual_size, bar.position) == (1002, 978)


async def test_a_list_that_no_longer_fits_gets_its_scrollbar(show, make_scan) -> None:
    scan, table = make_scan(), ResultsTable(Query(open_only=False))
    app = show(table)
    scan.decide(PortState.OPEN, 1, 2, 3)
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(scan.snapshot())
        await pilot.pause()
        scan.decide(PortState.OPEN, *range(4, 101))
        table.show(scan.snapshot())
        table.set_query(Query(open_only=True))
        await pilot.pause()
        assert table.vertical_scrollbar.window_virtual_size == 102


async def test_of_the_progress_pane_only_lines_that_changed_are_drawn(show, usual_scan) -> None:
    app, drawn = show(ProgressPane()), []
    async with app.run_test(size=(70, 12)) as pilot:
        snapshot = usual_scan.snapshot()
        app.pane.show(snapshot)
        await pilot.pause()
        refresh = app.pane.refresh
        app.pane.refresh = lambda *lines, **more: (drawn.extend(lines), refresh(*lines, **more))
        more = replace(snapshot, progress=replace(snapshot.progress, in_flight=77))
        app.pane.show(more)
        await pilot.pause()
        assert [line.height for line in drawn] == [1]
        assert "in flight 77" in app.lines()[drawn[0].y]
        app.pane.show(more)
        assert len(drawn) == 1


async def test_another_port_in_the_detail_lays_nothing_out(show, usual_scan) -> None:
    app, snapshot = show(DetailPane()), usual_scan.snapshot()
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.show_row(snapshot, 22)
        await pilot.pause()
        layouts = Layouts(app)
        app.pane.show_row(snapshot, 53)
        await pilot.pause()
        assert layouts.count == 0
        assert block_lines(app)[0].startswith("53/tcp")


async def test_a_detail_that_is_longer_than_the_pane_can_be_scrolled(show, usual_scan) -> None:
    app, snapshot = show(DetailPane()), usual_scan.snapshot()
    async with app.run_test(size=(40, 6)) as pilot:
        app.pane.show_row(snapshot, 22)
        await pilot.pause()
        assert app.pane.max_scroll_y > 0
        app.pane.scroll_end(animate=False)
        await pilot.pause()
        assert any("after the start" in line for line in block_lines(app))
        app.pane.show_row(snapshot, 53)
        await pilot.pause()
        assert app.pane.scroll_offset.y == 0

from __future__ import annotations

import pytest

from engine.results.log import LogLine
from tui.widgets.log_pane import LogPane


def lines(first: int, last: int, text: str = "event") -> tuple[LogLine, ...]:
    return tuple(LogLine(n, n * 0.5, 1, f"{text} {n}") for n in range(first, last + 1))


@pytest.fixture
def pane() -> LogPane:
    return LogPane()


async def test_it_follows_the_newest_line(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(40, 5)) as pilot:
        pane.show_log(lines(1, 20), 1)
        await pilot.pause()
        assert [line.split()[-1] for line in app.lines()] == ["16", "17", "18", "19", "20"]
        pane.show_log(lines(1, 21), 1)
        await pilot.pause()
        assert app.lines()[-1] == " 10.500 s event 21"


async def test_scrolled_up_it_stays_and_counts_what_is_below(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(60, 5)) as pilot:
        pane.focus()
        pane.show_log(lines(1, 20), 1)
        await pilot.pause()
        await pilot.press("up", "k")
        await pilot.pause()
        assert app.lines()[0].endswith("event 14")
        pane.show_log(lines(1, 30), 1)
        await pilot.pause()
        assert app.lines()[0].endswith("event 14")
        assert app.lines()[-1] == " ▼ 13 more lines (End shows the newest)"
        assert not pane.following
        await pilot.press("end")
        await pilot.pause()
        assert app.lines()[-1].endswith("event 30") and pane.following
        pane.show_log(lines(1, 31), 1)
        await pilot.pause()
        assert app.lines()[-1].endswith("event 31")


async def test_scrolling_down_to_the_end_follows_again(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(60, 5)) as pilot:
        pane.focus()
        pane.show_log(lines(1, 20), 1)
        await pilot.pause()
        await pilot.press("up", "j")
        await pilot.pause()
        assert pane.following


async def test_another_level_fills_in_what_was_logged(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(40, 5)) as pilot:
        pane.show_log(lines(1, 20)[::5], 0)
        await pilot.pause()
        assert app.lines()[-2].endswith("event 16")
        pane.show_log(lines(1, 20), 1)
        await pilot.pause()
        assert app.lines()[-2].endswith("event 19")


async def test_lines_the_log_dropped_are_dropped_here(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(40, 30)) as pilot:
        pane.show_log(lines(1, 20), 1)
        pane.show_log(lines(11, 25), 1)
        await pilot.pause()
        shown = [line.split()[-1] for line in app.lines() if line]
        assert shown == [str(n) for n in range(11, 26)]


async def test_another_scans_log_replaces_this_one(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(40, 30)) as pilot:
        pane.show_log(lines(1, 20), 1)
        pane.clear()
        pane.show_log(lines(1, 2, "other"), 1)
        await pilot.pause()
        assert [line for line in app.lines() if line] == ["  0.500 s other 1", "  1.000 s other 2"]


async def test_long_lines_go_on_below_and_anew_in_another_width(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(31, 6)) as pilot:
        pane.show_log((LogLine(1, 0.0, 0, "one two three four five six seven"),), 0)
        await pilot.pause()
        assert app.lines()[:2] == ["  0.000 s one two three four", " " * 10 + "five six seven"]
        await pilot.resize_terminal(60, 6)
        await pilot.pause()
        assert app.lines()[0].endswith("six seven")
        assert app.lines()[1] == ""


async def test_text_is_not_read_as_markup(show, pane) -> None:
    app = show(pane)
    async with app.run_test(size=(60, 3)) as pilot:
        pane.show_log((LogLine(1, 0.0, 0, "220 [/x] [bold]hi[/] $primary"),), 0)
        await pilot.pause()
        assert "220 [/x] [bold]hi[/] $primary" in app.lines()[0]


async def test_an_empty_log_says_so(show) -> None:
    app = show(LogPane(nothing="Nothing yet. v tells more."))
    async with app.run_test(size=(40, 5)) as pilot:
        assert app.lines()[0] == "Nothing yet. v tells more."
        app.pane.show_log(lines(1, 1), 1)
        await pilot.pause()
        assert app.lines()[0].endswith("event 1")
        app.pane.clear()
        await pilot.pause()
        assert app.lines()[0] == "Nothing yet. v tells more."

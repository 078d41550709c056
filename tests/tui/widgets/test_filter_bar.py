from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input, Static

from engine.results.filter import EVERYTHING, MAX_LENGTH, parse_filter
from tui.widgets.filter_bar import FilterBar, FilterWords


@pytest.fixture
def heard() -> list[object]:
    return []


@pytest.fixture
def app(show, heard):
    class Listening(type(show(FilterBar()))):
        def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
            heard.append(event.text)

        def on_filter_bar_closed(self, event: FilterBar.Closed) -> None:
            heard.append(event.kept)

    return Listening(FilterBar())


async def test_it_is_folded_until_it_is_opened(app) -> None:
    async with app.run_test() as pilot:
        assert not app.pane.display and not app.pane.active
        app.pane.open()
        await pilot.pause()
        assert app.pane.display and app.pane.active
        assert isinstance(app.focused, Input)


async def test_every_key_takes_effect(app, heard) -> None:
    async with app.run_test() as pilot:
        app.pane.open()
        await pilot.press("s", "s", "h", "enter")
        await pilot.pause()
        assert heard == ["s", "ss", "ssh", True]
        assert app.pane.filter == parse_filter("ssh")
        assert app.pane.active


async def test_escape_takes_the_filter_away(app, heard) -> None:
    async with app.run_test() as pilot:
        app.pane.open()
        await pilot.press("8", "escape")
        await pilot.pause()
        assert heard[0] == "8" and set(heard[1:]) == {"", False}
        assert app.pane.filter == EVERYTHING
        assert not app.pane.active


async def test_an_empty_filter_is_folded_by_enter(app, heard) -> None:
    async with app.run_test() as pilot:
        app.pane.open()
        await pilot.press("enter")
        await pilot.pause()
        assert heard == [False]
        assert not app.pane.active


async def test_a_mistake_is_explained_and_the_last_good_filter_stays(app, heard) -> None:
    async with app.run_test(size=(100, 10)) as pilot:
        app.pane.set_text("port:80")
        await pilot.pause()
        app.pane.set_text("port:80-x")
        await pilot.pause()
        line = app.query_one(".hint", Static)
        assert "✗ filter at character 1" in str(line.visual)
        assert line.has_class("error")
        assert app.pane.filter == parse_filter("port:80")
        app.pane.set_text("port:80-90")
        await pilot.pause()
        assert not line.has_class("error")
        assert heard == ["port:80", "port:80-90"]


async def test_a_term_that_is_only_begun_changes_nothing_yet(app, heard) -> None:
    async with app.run_test(size=(100, 10)) as pilot:
        app.pane.open()
        app.pane.set_text("ssh")
        await pilot.pause()
        line = app.query_one(".hint", Static)
        for text in ("ssh state:", "ssh state:op", "ssh port:22,", "ssh /^we"):
            app.pane.set_text(text)
            await pilot.pause()
            assert heard == ["ssh"] and not line.has_class("error")
            assert str(line.visual).startswith(("state:", "port:", "a / ends"))
        app.pane.set_text("ssh state:open")
        await pilot.pause()
        assert heard == ["ssh", "ssh state:open"]


async def test_enter_keeps_no_mistake(app, heard) -> None:
    async with app.run_test(size=(100, 10)) as pilot:
        app.pane.open()
        await pilot.press(*"state:op", "enter")
        await pilot.pause()
        assert "is not a state" in str(app.query_one(".hint", Static).visual)
        assert True not in heard and isinstance(app.focused, Input)
        await pilot.press("e", "n", "enter")
        await pilot.pause()
        assert heard[-1] is True and app.pane.filter == parse_filter("state:open")


async def test_hosts_are_completed(app) -> None:
    async with app.run_test() as pilot:
        app.pane.open(("www.example",))
        await pilot.press(*"host:w")
        while not app.focused._suggestion:
            await pilot.pause(0.01)
        await pilot.press("right")
        assert app.pane.text == "host:www.example"


async def test_a_huge_paste_is_refused(app) -> None:
    async with app.run_test() as pilot:
        app.pane.open()
        app.focused.post_message(events.Paste("[/x]" * 250_000))
        await pilot.press("a")
        await pilot.pause()
        assert app.pane.text == "a"
        app.pane.set_text("x" * 10_000)
        assert len(app.pane.text) == MAX_LENGTH


async def test_clear_folds_it(app, heard) -> None:
    async with app.run_test() as pilot:
        app.pane.set_text("ssh")
        await pilot.pause()
        app.pane.clear()
        await pilot.pause()
        assert app.pane.filter == EVERYTHING and not app.pane.active
        assert heard == ["ssh", ""]


async def test_the_right_arrow_takes_the_completion(app, heard) -> None:
    async with app.run_test() as pilot:
        app.pane.open()
        for typed, completed in (("sta", "state:"), ("op", "state:open")):
            await pilot.press(*typed)
            while not app.focused._suggestion:
                await pilot.pause(0.01)
            await pilot.press("right")
            assert app.pane.text == completed
        await pilot.pause()
        assert app.pane.filter == parse_filter("state:open")


async def test_nothing_is_completed_beyond_the_longest_filter(app) -> None:
    async with app.run_test():
        long = "x" * (MAX_LENGTH - 3) + " po"
        assert await FilterWords().get_suggestion(long) is None
        assert await FilterWords().get_suggestion("po") == "port:"


async def test_a_regular_expression_that_is_wrong_is_explained(app) -> None:
    async with app.run_test(size=(100, 10)) as pilot:
        app.pane.set_text("/(web/")
        await pilot.pause()
        assert "has ( without )" in str(app.query_one(".hint", Static).visual)

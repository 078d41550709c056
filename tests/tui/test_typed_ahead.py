"""Keys that arrive before the program has got to those before them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rich.style import Style
from textual import events
from textual.keys import _character_to_key
from textual.widgets import Input, OptionList
from textual.widgets._select import SelectOverlay

import tui.input_order as input_order
from engine.spec.command_line import BuiltSpec
from tui.screens.confirm import Confirm
from tui.screens.palette import Palette
from tui.screens.port_editor import PortEditor
from tui.screens.target_picker import TargetPicker
from tui.screens.too_small import TooSmall
from tui.widgets.filter_bar import FilterBar


def strike(app: Any, *keys: str) -> None:
    """All at once, as the terminal hands over what was typed while the program was busy."""
    for key in keys:
        character = key if len(key) == 1 else None
        post(app, events.Key(_character_to_key(key) if character else key, character))


def post(app: Any, event: events.Event) -> None:
    event.set_sender(app)
    app.post_message(event)


def calls(session: Any) -> list[str]:
    return [name for name, *_ in session.calls]


async def test_a_filter_typed_in_one_piece(running: Any) -> None:
    async with running() as (pilot, app, session):
        strike(app, *"/port:22", "enter", "5")
        await pilot.pause()
        assert app.main.query_one(FilterBar).text == "port:22"
        assert app.screen is app.main and app.focused is app.main.table
        assert calls(session) == ["start", "set_timing"]


async def test_a_dialog_gets_the_keys_after_the_one_that_opens_it(running: Any) -> None:
    async with running() as (pilot, app, session):
        strike(app, *"5p2000-2004", "enter", *"4p", "tab", "down", "enter")
        await pilot.pause()
        assert calls(session) == ["start", "set_timing", "add_ports", "set_timing"]
        assert session.calls[2][1].total == 5
        assert isinstance(app.screen, PortEditor)
        presets = app.screen.query_one(OptionList)
        assert app.screen.query_one(Input).value == str(presets.options[1].prompt).split()[0]


async def test_a_paste_waits_for_the_line_that_takes_it(running: Any) -> None:
    async with running() as (pilot, app, _):
        strike(app, "/")
        post(app, events.Paste("port:22"))
        strike(app, "enter", "g")
        await pilot.pause()
        assert app.main.query_one(FilterBar).text == "port:22"


async def test_a_key_waits_for_the_click_before_it(running: Any) -> None:
    async with running() as (pilot, app, _):
        strike(app, "/")
        pane = app.main.query_one("#hosts").content_region
        for kind in (events.MouseDown, events.MouseUp):
            at = {"screen_x": pane.x + 2, "screen_y": pane.y + 2}
            post(app, kind(None, pane.x + 2, pane.y + 2, 0, 0, 1, False, False, False, **at))
        strike(app, "down")
        await pilot.pause()
        assert app.main.focused_pane_name() == "hosts"
        assert app.main.query_one(FilterBar).text == ""


async def test_keys_typed_before_the_first_picture_go_to_the_picker(
    make_app: Any, door: Any, until: Any
) -> None:
    app = make_app()
    strike(app, *"10.0.0.77")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker) and app.input_order.quiet)
        assert app.screen.query_one(Input).value == "10.0.0.77"


async def test_what_hangs_does_not_lock_the_keyboard(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_order, "HUNG", 0.05)
    async with running() as (_, app, _):
        hung = asyncio.Event()
        app.main.table.call_later(hung.wait)
        strike(app, "j", "f2")
        try:
            async with asyncio.timeout(20):
                while not isinstance(app.screen, Palette):
                    await asyncio.sleep(0.01)
        finally:
            hung.set()


async def test_two_answers_close_one_dialog(running: Any) -> None:
    async with running() as (pilot, app, session):
        await pilot.press("c")
        assert isinstance(app.screen, Confirm)
        strike(app, "y", "y", "n", "escape")
        await pilot.pause()
        assert app.screen is app.main
        assert session.calls.count(("cancel",)) == 1


async def test_two_escapes_close_one_palette(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("f2")
        assert isinstance(app.screen, Palette)
        strike(app, "escape", "escape", "escape")
        await pilot.pause()
        assert app.screen is app.main


async def test_the_palette_opens_over_the_main_screen_only(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("c", "f2")
        assert isinstance(app.screen, Confirm)
        await pilot.press("escape", "f2", "f2")
        assert len(app.screen_stack) == 2


async def test_targets_found_under_a_cover_are_scanned_when_it_is_gone(
    make_app: Any, door: Any, until: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        picker = app.screen
        await pilot.resize_terminal(30, 8)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        built = app.plan.with_targets("10.0.0.3").build(door.look_up)
        assert isinstance(built, BuiltSpec)
        picker._finish("10.0.0.3", built)
        await pilot.pause()
        assert not door.sessions
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: door.sessions and app.screen is app.main)


async def test_a_page_in_a_list_that_was_never_laid_out(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("S", "e")
        overlay = app.screen.query(SelectOverlay).first()
        overlay.action_page_up()
        overlay.highlighted = 0
        overlay.action_page_down()
        overlay.action_page_up()
        await pilot.pause()
        assert app.is_running


def click_on_line(lines: OptionList, line: int) -> None:
    """A click that found this line painted under the pointer."""
    style, at = Style.from_meta({"option": line}), lines.region.offset
    click = events.Click(lines, *at, 0, 0, 1, False, False, False, style=style)
    lines.post_message(click)


async def test_a_click_on_a_line_that_is_gone(running: Any) -> None:
    async with running() as (pilot, app, session):
        await pilot.press("T")
        choices = app.screen.query_one(OptionList)
        click_on_line(choices, 99)
        click_on_line(choices, 4)
        await pilot.pause()
        assert calls(session) == ["start", "set_timing"]


async def test_a_click_while_the_palette_finds_less(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("f2")
        strike(app, *"zzzz")
        click_on_line(app.screen.query_one(OptionList), 999)
        await pilot.pause()
        assert isinstance(app.screen, Palette) and app.is_running


async def test_a_choice_that_is_gone_is_not_made(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("m")
        before, picker = app.theme, app.screen
        lines = picker.query_one(OptionList)
        gone = lines.options[-1]
        picker.update_choices(app.theme_choices()[:2])
        lines.post_message(OptionList.OptionHighlighted(lines, gone, 99))
        lines.post_message(OptionList.OptionSelected(lines, gone, 99))
        await pilot.pause()
        assert app.screen is picker and app.theme == before


async def test_input_ahead_of_the_end_is_nobodys(running: Any) -> None:
    async with running() as (pilot, app, _):
        app._screen_stack.clear()
        await app.on_event(events.MouseDown(None, 3, 3, 0, 0, 1, False, False, False))
        app.input_order._finish()
        await app.on_event(events.Key("w", "w"))
        app.input_order._finish()
        await app.on_event(events.Key("ctrl+z", None))
        app._screen_stack.append(app.main)
        await pilot.pause()
        assert app.is_running

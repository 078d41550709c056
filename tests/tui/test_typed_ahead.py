"""Keys that arrive before the program has got to those before them."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.widgets._select import SelectOverlay

from engine.spec.command_line import BuiltSpec
from tui.screens.confirm import Confirm
from tui.screens.palette import Palette
from tui.screens.target_picker import TargetPicker
from tui.screens.too_small import TooSmall


def strike(app: Any, *keys: str) -> None:
    """All at once, as the terminal hands over what was typed while the program was busy."""
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(app)
        app.post_message(event)


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


async def test_keys_typed_ahead_of_the_end_are_nobodys(running: Any) -> None:
    async with running() as (pilot, app, _):
        key = events.Key("w", "w")
        app._screen_stack.clear()
        await app.on_event(key)
        await app.on_event(events.Key("ctrl+z", None))
        app._screen_stack.append(app.main)
        await pilot.pause()
        assert app.is_running

"""The focus can be seen on every widget that takes it, without colours and in high contrast; and
nothing moves where animations are off."""

from __future__ import annotations

from typing import Any

import pytest
from rich.color import Color
from textual.widget import Widget
from textual.widgets import Input

from tui.config import Config

SCREENS = {
    "main": (),
    "targets": ("t",),
    "ports": ("p",),
    "profile": ("S", "e"),
    "export": ("e",),
    "confirm": ("c",),
}
LEAST = 24
"""Steps of brightness, of 255, that an eye tells apart side by side."""

Cell = tuple[str, tuple[object, ...], tuple[int, ...]]


def _brightness(colour: Color | None) -> int:
    if colour is None or colour.is_default:
        return 0
    red, green, blue = colour.get_truecolor()
    return (299 * red + 587 * green + 114 * blue) // 1000


def _cells(app: Any, widget: Widget) -> list[Cell]:
    """Characters, attributes and brightness of a widget, and of the frame or label beside it."""
    rows = [one for one in widget.ancestors_with_self if one.has_class("row")]
    region = (rows[0] if rows else widget).region
    found: list[Cell] = []
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        if not region.y - 1 <= y <= region.bottom:
            continue
        for segment in strip.crop(max(0, region.x - 1), region.right + 1):
            style = segment.style
            looks = (style.bold, style.reverse, style.underline) if style else ()
            colours = (style.color, style.bgcolor) if style else ()
            light = tuple(map(_brightness, colours))
            found += [(character, looks, light) for character in segment.text]
    return found


def _differ(one: Cell, other: Cell) -> bool:
    steps = [abs(a - b) for a, b in zip(one[2], other[2], strict=False)]
    return one[:2] != other[:2] or max(steps, default=0) >= LEAST


@pytest.mark.parametrize("look", ["no colour", "high-contrast"])
@pytest.mark.parametrize("name", SCREENS)
async def test_the_focus_can_be_seen(
    running: Any, name: str, look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if look == "no colour":
        monkeypatch.setenv("NO_COLOR", "1")
    async with running() as (pilot, app, _):
        app.theme = "high-contrast" if look == "high-contrast" else "pyscan-dark"
        for key in SCREENS[name]:
            await pilot.press(key)
        await pilot.pause(0.1)
        chain = list(app.screen.focus_chain)
        assert len(chain) >= 2
        for line in app.screen.query(Input):
            line.cursor_blink = False
        for at, widget in enumerate(chain):
            app.screen.set_focus(widget)
            await pilot.pause()
            with_focus = _cells(app, widget)
            app.screen.set_focus(chain[at - 1])
            await pilot.pause()
            assert any(map(_differ, with_focus, _cells(app, widget))), widget


async def test_nothing_blinks_where_animations_are_off(
    make_app: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    by_environment = make_app("10.0.0.1")
    monkeypatch.undo()
    by_configuration = make_app("10.0.0.1", config=Config(animations=False))
    for app in (by_environment, by_configuration):
        assert app.animation_level == "none"
        async with app.run_test() as pilot:
            await until(pilot, lambda app=app: app.main.snapshot is not None)
            for key in ("t", "f2", "slash"):
                await pilot.press(key)
                await pilot.pause()
                assert not any(line.cursor_blink for line in app.screen.query(Input))
                await pilot.press("escape")

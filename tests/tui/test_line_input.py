"""A line to type in: when its cursor blinks."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult

from tui import line_input
from tui.line_input import LineInput


class TwoLines(App[None]):
    def compose(self) -> ComposeResult:
        yield LineInput(max_length=10, id="first")
        yield LineInput(max_length=10, id="second")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_input, "BLINK_FOR", 0.05)


def blinking(app: App[None]) -> list[str | None]:
    return [line.id for line in app.query(LineInput) if line.cursor_blink]


async def test_the_cursor_blinks_where_one_types() -> None:
    app = TwoLines()
    async with app.run_test() as pilot:
        assert blinking(app) == ["first"]
        await pilot.press("tab")
        assert blinking(app) == ["second"]
        app.set_focus(None)
        await pilot.pause()
        assert blinking(app) == []


async def test_it_stands_still_after_a_while_and_can_be_seen(soon: None, until: Any) -> None:
    app = TwoLines()
    async with app.run_test() as pilot:
        line = app.query_one("#first", LineInput)
        await until(pilot, lambda: not blinking(app))
        assert line._cursor_visible and not line._blink_timer._active.is_set()
        line_input.BLINK_FOR = 60.0
        await pilot.press("a")
        assert blinking(app) == ["first"] and line._blink_timer._active.is_set()


async def test_it_never_blinks_without_animations() -> None:
    app = TwoLines()
    app.animation_level = "none"
    async with app.run_test() as pilot:
        await pilot.press("a", "tab", "b")
        assert blinking(app) == []

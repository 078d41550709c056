from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.events import Key

from tui.widgets.key_hints import KeyHints, pieces


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Enter save   Esc close", {"Enter save": "enter", "Esc close": "escape"}),
        ("+ - zoom  n N host", {"+": "plus", "-": "minus", "n": "n", "N": "N"}),
        ("Tab, Shift+Tab move", {"Tab,": "tab", "Shift+Tab": "shift+tab"}),
        ("Space or a letter: tick several", {"Space or a letter: tick several": "space"}),
        ("←↓↑→ move  , order", {", order": ","}),
        ("no keys here", {}),
        ("", {}),
    ],
)
def test_what_stands_for_a_key(text: str, keys: dict[str, str]) -> None:
    assert {text[start:end]: key for start, end, key in pieces(text)} == keys


class Listening(App[None]):
    """Writes down the keys that were pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.pressed: list[str] = []

    def compose(self) -> ComposeResult:
        yield KeyHints("Enter write   ↑ ↓ format   Esc close")

    def on_key(self, event: Key) -> None:
        self.pressed.append(event.key)


async def test_a_click_presses_the_key() -> None:
    app = Listening()
    async with app.run_test(size=(60, 3)) as pilot:
        for x in (0, 8, 12, 14, 16, 18, 27, 35):
            await pilot.click(KeyHints, offset=(x, 0))
    assert app.pressed == ["enter", "enter", "up", "down", "escape", "escape"]

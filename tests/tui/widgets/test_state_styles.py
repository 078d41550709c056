from __future__ import annotations

import pytest
from rich.color import Color
from textual.app import App
from textual.theme import Theme

from engine.spec.port_state import PortState
from tui.widgets.state_styles import colour, state_styles


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "dracula"])
async def test_every_state_has_a_colour_in_any_theme(theme: str) -> None:
    app: App[None] = App()
    async with app.run_test():
        app.theme = theme
        styles = state_styles(app)
        assert set(styles) == set(PortState)
        assert all(style.color is not None for style in styles.values())


async def test_the_themes_own_tokens_come_first_and_bad_ones_are_passed_over() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        fallback = state_styles(app)[PortState.CLOSED].color
        variables = {"port-open": "#123456", "port-closed": "no colour"}
        app.register_theme(Theme("mine", primary="#0178D4", variables=variables))
        app.theme = "mine"
        await pilot.pause()
        styles = state_styles(app)
        assert styles[PortState.OPEN].color == Color.from_rgb(0x12, 0x34, 0x56)
        assert styles[PortState.CLOSED].color is not None
        assert fallback is not None
        assert not colour(app, "no-such-variable")

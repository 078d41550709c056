"""What panes look like that a small screen folds away at first, and the themes that are unlike the
others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tui.app import PyScanApp

SCAN = ("10.0.0.1-2", "-p", "1-1000", "-T4")


@pytest.fixture
def picture(snap_compare: Any, until: Any) -> Callable[..., bool]:
    """``picture(app, key)``: the app at 80x24, settled, after this key, looks as it did before."""

    def look(app: PyScanApp, key: str) -> bool:
        async def settle(pilot: Pilot[Any]) -> None:
            await until(pilot, lambda: app.main.snapshot is not None)
            await until(pilot, lambda: len(app.main.table.row_set))
            await pilot.press(key)
            await pilot.pause(0.3)

        return bool(snap_compare(app, terminal_size=(80, 24), run_before=settle))

    return look


@pytest.mark.parametrize("key", ["d", "l", "h"])
def test_an_unfolded_pane_on_a_small_screen(make_app: Any, picture: Any, key: str) -> None:
    assert picture(make_app(*SCAN), key)


@pytest.mark.parametrize("theme", ["high-contrast", "terminal"])
def test_other_colours(make_app: Any, picture: Any, theme: str) -> None:
    assert picture(make_app(*SCAN, theme=theme), "o")

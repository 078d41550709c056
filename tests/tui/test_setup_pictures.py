"""What the dialogs over the user's own files look like, at both sizes."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tui.screens.target_picker import TargetPicker


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    "keys", [("m", "down"), ("S", "down"), ("S", "down", "e")], ids=["themes", "profiles", "editor"]
)
def test_dialogs_of_the_users_own_things(
    make_app: Any, until: Any, snap_compare: Any, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, TargetPicker))
        await pilot.press("escape", *keys)
        await pilot.pause()
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause(0.3)

    assert snap_compare(make_app(), terminal_size=size, run_before=settle)

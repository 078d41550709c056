"""What filtering, going to a port and copying rows look like, at both sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tui.user_folder import UserFolder


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    "keys",
    [
        ("/", *"/^http/ sta"),
        ("/", *"/(/"),
        ("g", *"5"),
        ("space", "y"),
        ("/", *"ssh", "enter", "W", *"mine"),
        ("G", "down", "down", "down", "down", "enter"),
        ("o", "G", "G"),
        ("x", "A"),
    ],
    ids=["completion", "mistake", "jump", "copy", "save", "by-host", "by-service", "again"],
)
def test_dialogs_over_rows(
    make_app: Any,
    until: Any,
    snap_compare: Any,
    tmp_path: Path,
    size: tuple[int, int],
    keys: tuple[str, ...],
) -> None:
    app = make_app("10.0.0.1-2", "-p", "1-1000", folder=UserFolder(tmp_path, tmp_path))

    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.snapshot is not None)
        await until(pilot, lambda: len(app.main.table.row_set))
        await pilot.press(*keys)
        await pilot.pause()
        for line in app.screen.query(Input):
            line.cursor_blink = False
        app.clear_notifications()
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=size, run_before=settle)

"""A megabyte pasted into any field: it stays out, in one clear line, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.widgets import Input

from tests.tui.scenes import FILTERS, SCENES
from tui.app import PyScanApp
from tui.config import Config
from tui.user_folder import UserFolder

FIELDS = (
    "filter", "find-host", "welcome", "add-targets", "ports", "profile-editor", "export",
    "capture", "commands", "save-filter", "jump",
)  # fmt: skip
"""Scenes with a line to type on."""
MEGABYTE = "22,[/x]\x1b]8;; " * 80_000


@pytest.mark.parametrize("name", FIELDS)
async def test_a_megabyte(make_app: Any, door: Any, until: Any, tmp_path: Path, name: str) -> None:
    scene = SCENES[name]
    app: PyScanApp = make_app(
        *scene.words,
        config=Config(animations=False, filters=FILTERS),
        folder=UserFolder(tmp_path, tmp_path),
    )
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        if scene.words:
            await until(pilot, lambda: app.main.snapshot is not None)
        await pilot.press(*scene.keys)
        await until(pilot, lambda: any(line.display for line in app.screen.query(Input)))
        for line in [line for line in app.screen.query(Input) if line.display]:
            before = line.value
            line.focus()
            await pilot.pause()
            app.clear_notifications()
            app.post_message(Paste(MEGABYTE))
            await pilot.pause()
            await until(pilot, lambda: "characters" in _said(app))
            assert line.value == before
        if scene.words:
            assert app.main.table.row_set.decided


def _said(app: PyScanApp) -> str:
    """All that the screen and its notices say, as plain text."""
    lines = app.screen._compositor.render_strips()
    shown = ("".join(segment.text for segment in line) for line in lines)
    return " ".join([*shown, *(one.message for one in app._notifications)])

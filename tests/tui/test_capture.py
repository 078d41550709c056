"""Writing packets to a file, from the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from tui.screens.capture import CaptureDialog
from tui.screens.confirm import Confirm
from tui.screens.dialog import Verdict
from tui.widgets.status_line import StatusLine


def header(app: Any) -> str:
    return str(app.main.query_one(StatusLine).render().plain)


def told(app: Any, words: str) -> bool:
    return any(words in str(one.message) for one in app._notifications)


async def begin(pilot: Any, app: Any, path: Path) -> None:
    await pilot.press("C")
    assert isinstance(app.screen, CaptureDialog)
    app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_is_switched_on_and_off(running: Any, tmp_path: Path, size: Any) -> None:
    async with running(size=size) as (pilot, app, session):
        await begin(pilot, app, tmp_path / "scan.pcap")
        assert session.calls[-1] == ("set_capture", tmp_path / "scan.pcap")
        assert "● REC" in header(app) and told(app, "Capturing to")
        await pilot.press("C")
        assert session.calls[-1] == ("set_capture", None)
        assert "REC" not in header(app)


async def test_a_file_that_exists_is_replaced_only_when_asked(running: Any, tmp_path: Path) -> None:
    path = tmp_path / "old.pcap"
    path.write_text("old")
    async with running() as (pilot, app, session):
        await begin(pilot, app, path)
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        assert session.calls == [("start",)]
        await pilot.press("enter", "y")
        await pilot.pause()
        assert session.calls[-1] == ("set_capture", path)


async def test_names_that_are_no_file_are_refused(running: Any, tmp_path: Path) -> None:
    async with running() as (pilot, app, session):
        await begin(pilot, app, tmp_path)
        assert "That is a folder" in str(app.screen.query_one(Verdict).visual)
        app.screen.query_one(Input).value = " "
        await pilot.press("enter")
        assert "Type the name" in str(app.screen.query_one(Verdict).visual)
        await pilot.press("escape")
        assert session.calls == [("start",)]


async def test_what_cannot_be_written_is_told(running: Any, tmp_path: Path) -> None:
    async with running() as (pilot, app, session):
        session.refusal = PermissionError(13, "Permission denied")
        await begin(pilot, app, tmp_path / "scan.pcap")
        assert told(app, "scan.pcap: Permission denied") and "REC" not in header(app)


async def test_a_capture_that_ends_early_is_told(running: Any, tmp_path: Path, until: Any) -> None:
    async with running() as (pilot, app, session):
        await begin(pilot, app, tmp_path / "scan.pcap")
        session.capture_failure = "no space left"
        await until(pilot, lambda: told(app, "The capture ended early: no space left"))
        assert "REC" not in header(app)

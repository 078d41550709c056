"""Ctrl+Z: the program stops, and its scans are held back meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from engine.results.snapshot import Phase
from tui.screens.confirm import Confirm


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[Any, ...]]]:
    """What the session had been told at each stop, which lasts no time here."""
    stopped: list[list[tuple[Any, ...]]] = []

    def stop(app: Any) -> None:
        stopped.append(list(app.main.session.calls) if app.main.session else [])

    monkeypatch.setattr("textual.app.App.action_suspend_process", stop)
    return stopped


async def test_a_scan_is_held_while_the_program_is_stopped(
    running: Any, stops: Any, until: Any
) -> None:
    async with running() as (pilot, _, session):
        await pilot.press("ctrl+z")
        await until(pilot, lambda: ("resume",) in session.calls)
        assert stops == [[("start",), ("pause",)]]


async def test_a_scan_that_was_paused_stays_so(running: Any, stops: Any, until: Any) -> None:
    async with running() as (pilot, _, session):
        session.change(phase=Phase.PAUSED)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: stops)
        await pilot.pause()
        assert session.calls == [("start",)]


async def test_it_stops_in_dialogs_and_without_a_scan(
    running: Any, make_app: Any, stops: Any, until: Any
) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("c", "ctrl+z")
        await until(pilot, lambda: len(stops) == 1)
        assert isinstance(app.screen, Confirm)
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("escape", "ctrl+z")
        await until(pilot, lambda: len(stops) == 2)

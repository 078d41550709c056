"""Notices: the newest remark alone, warnings for their time, room for dialogs on small screens."""

from __future__ import annotations

from typing import Any

from tests.tui.test_commands import notices, press
from tui.themed_app import AT_ONCE


async def told(pilot: Any, app: Any, *texts: str, severity: Any = "information") -> None:
    """Tell these at once, some time after those before."""
    for one in app._notifications:
        one.raised_at -= 2 * AT_ONCE
    for text in texts:
        app.tell(text, severity)
    await pilot.pause()


async def test_a_remark_takes_the_place_of_those_before(running: Any) -> None:
    async with running() as (pilot, app, _):
        await told(pilot, app, "first", "together with it")
        assert {"first", "together with it"} <= set(notices(app))
        await told(pilot, app, "second")
        assert notices(app) == ["second"]


async def test_a_warning_stays_when_a_remark_comes(running: Any) -> None:
    async with running() as (pilot, app, _):
        await told(pilot, app, "the disk is full", severity="warning")
        await told(pilot, app, "something else")
        await told(pilot, app, "the disk is full", severity="warning")
        assert notices(app) == ["something else", "the disk is full"]


async def test_a_small_dialog_keeps_its_keys_in_sight(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        app.tell("No raw-socket rights: TCP ports are probed by connecting. i tells more.", "error")
        await press(pilot, "s")
        await until(pilot, lambda: app.screen.query("Toast"))
        await until(pilot, lambda: app.screen.query("Toast").last().region.height)
        toast = app.screen.query("Toast").last().region
        assert toast.height == 1
        assert toast.y > app.screen.query_one(".keys").region.y


async def test_a_notice_is_seen_once_through_a_dialog(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        app.tell("No raw-socket rights", "error")
        await until(pilot, lambda: seen(app.screen) == 1)
        main = app.screen
        await press(pilot, "s")
        await until(pilot, lambda: app.screen is not main and seen(app.screen) == 1)
        assert seen(main) == 0
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is main and seen(main) == 1)


def seen(screen: Any) -> int:
    """Notices on a screen that can be seen."""
    return sum(toast.visible for toast in screen.query("Toast"))

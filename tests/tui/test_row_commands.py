"""What commands do with rows of the results: go to one."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.spec.scan_type import Protocol
from tui.screens.dialog import Verdict
from tui.screens.jump import JumpDialog, WantedPort, read_wanted


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def cursor(app: Any) -> tuple[int, int]:
    key = app.main.table.cursor_key
    return key >> 18, key & 0xFFFF


def verdict(app: Any) -> str:
    return str(app.screen.query_one(Verdict).visual)


async def test_go_to_a_port(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "g", *"443", "enter")
        assert app.screen is app.main and app.main.table.has_focus
        assert cursor(app) == (0, 443)
        await press(pilot, "g", *"53/tcp", "enter")
        assert cursor(app) == (1, 53)
        await press(pilot, "o", "g", *"22", "enter")
        assert cursor(app) == (1, 22)
        await press(pilot, "g", *"22", "enter")
        assert cursor(app) == (0, 22)


async def test_a_port_that_no_row_shows_is_explained(running: Any) -> None:
    async with running() as (pilot, app, _):
        before = cursor(app)
        await press(pilot, "g", *"5", "enter")
        assert isinstance(app.screen, JumpDialog)
        assert "Port 5: 1 closed, 1 without an answer; not among" in verdict(app)
        assert "o shows every state." in verdict(app)
        for typed, said in (
            ("900", "Port 900 has no answer yet."),
            ("9999", "Port 9999 is not part of this scan."),
            ("53/udp", "Port 53/udp is not part of this scan."),
            ("70000", "Type a port number"),
            ("80/tls", "After the slash goes tcp"),
            ("x", "Type a port number"),
            ("", "Type a port number"),
        ):
            app.screen.query_one(Input).value = typed
            await press(pilot, "enter")
            assert said in verdict(app)
        await press(pilot, "escape")
        assert app.screen is app.main and cursor(app) == before


async def test_a_port_the_filter_hides_is_explained(running: Any) -> None:
    async with running() as (pilot, app, _):
        app.main.choose_host(0)
        await press(pilot, "/", *"https", "enter", "g", *"80")
        assert "Port 80: 1 open; not among the rows shown." in verdict(app)
        assert "Esc clears the filter." in verdict(app)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("80", WantedPort(80)),
        (" 0 ", WantedPort(0)),
        ("53/UDP", WantedPort(53, Protocol.UDP)),
        ("6/ip", WantedPort(6, Protocol.IP)),
    ],
)
def test_how_ports_are_typed(text: str, wanted: WantedPort) -> None:
    assert read_wanted(text) == wanted
    assert read_wanted(str(wanted)) == wanted


@pytest.mark.parametrize("text", ["", "٣", "-1", "65536", "80/", "80-90", "80 90", "http", "²"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match="Type a port number"):
        read_wanted(text)

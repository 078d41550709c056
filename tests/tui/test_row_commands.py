"""What commands do with rows of the results: go to one, follow the newest, copy some."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from tui.screens import row_commands
from tui.screens.dialog import Verdict
from tui.screens.jump import JumpDialog, WantedPort, read_wanted
from tui.widgets.filter_bar import FilterBar


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def cursor(app: Any) -> tuple[int, int]:
    key = app.main.table.cursor_key
    return key >> 18, key & 0xFFFF


def verdict(app: Any) -> str:
    return str(app.screen.query_one(Verdict).visual)


def notices(app: Any) -> list[str]:
    return [str(one.message) for one in app._notifications]


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
        await press(pilot, "g")
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
            assert isinstance(app.screen, JumpDialog) and said in verdict(app)
        await press(pilot, "escape")
        assert app.screen is app.main and cursor(app) == before


async def test_a_port_whose_state_hides_it_is_shown(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "g", *"5")
        said = "Port 5: 1 closed, 1 without an answer; not among the rows shown. Enter shows it."
        assert verdict(app) == said
        await press(pilot, "enter")
        assert cursor(app) == (0, 5) and not app.main.table.current_query.open_only
        assert "o hides them" in notices(app)[-1]


async def test_a_port_the_filter_hides_is_shown(running: Any) -> None:
    async with running() as (pilot, app, _):
        app.main.choose_host(0)
        await press(pilot, "/", *"https", "enter", "g", *"80")
        assert "Port 80: 1 open; not among the rows shown." in verdict(app)
        await press(pilot, "enter")
        query = app.main.table.current_query
        assert cursor(app) == (0, 80) and query.open_only and query.host == 0
        assert notices(app)[-1] == "The filter is taken away."
        assert not app.main.query_one(FilterBar).active


async def test_a_port_that_filter_and_state_hide_is_shown(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "/", *"https", "enter", "g", *"5", "enter")
        query = app.main.table.current_query
        assert cursor(app) == (0, 5) and not query.open_only and not query.filter.terms
        await press(pilot, "/", *"state:open", "enter", "o", "g", *"5", "enter")
        assert cursor(app) == (0, 5)


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


def newest(session: Any, port: int, clock: int, host: int = 0) -> None:
    """A port has an answer, ``clock`` tenths of a millisecond after the start."""
    at = np.array([port - 1 + host * len(session.channels)])
    session.store.reopen(at, 1, new_pass=True)
    session.store.decide(
        at,
        state=int(PortState.OPEN),
        reason=int(Reason.SYN_ACK),
        technique=int(ScanType.SYN),
        ttl=64,
        flags=0,
        rtt=1.0,
        clock=clock,
    )
    session.serial += 1


async def test_follow_the_newest_result(running: Any, until: Any) -> None:
    async with running() as (pilot, app, session):
        newest(session, 500, 20_000)
        await press(pilot, ".")
        assert app.main.table.follows and "Following the newest result." in notices(app)
        await until(pilot, lambda: cursor(app) == (0, 500))
        newest(session, 77, 30_000, host=1)
        await until(pilot, lambda: cursor(app) == (1, 77))
        newest(session, 78, 40_000)
        await until(pilot, lambda: cursor(app) == (0, 78))
        await press(pilot, "down")
        assert not app.main.table.follows
        stays = cursor(app)
        newest(session, 900, 50_000)
        await until(pilot, lambda: app.main.table.shows_port(900))
        assert cursor(app) == stays


async def test_following_ends_by_its_key(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, ".", ".")
        assert not app.main.table.follows
        assert notices(app)[-1] == "The cursor stays where it is."


@pytest.fixture
def no_multiplexer(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TMUX", "STY", "TERM_PROGRAM"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("no_multiplexer")
async def test_copy_the_row_under_the_cursor(running: Any, monkeypatch: Any) -> None:
    async with running() as (pilot, app, _):
        sent: list[str] = []
        monkeypatch.setattr(app._driver, "write", sent.append)
        await press(pilot, "y", "a")
        encoded = base64.b64encode(b"10.0.0.1:22").decode()
        assert f"\x1b]52;c;{encoded}\a" in sent
        assert notices(app)[-1] == (
            "Sent 1 row (11 bytes) to the terminal's clipboard; "
            "terminals do not say whether they took it."
        )


async def test_copy_marked_rows_as_they_are_ordered(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "asterisk", ">", ",", "y", "a")
        assert app.clipboard.split() == [
            "10.0.0.1:443",
            "10.0.0.1:80",
            "10.0.0.2:53",
            "10.0.0.1:22",
        ]
        await press(pilot, "/", *"port:53", "enter", "y", "t")
        titles, *rows = [line.split("\t") for line in app.clipboard.splitlines()]
        assert [row[titles.index("port")] for row in rows] == ["53", "22", "80", "443"]
        assert dict(zip(titles, rows[0], strict=True))["service"] == "domain"


async def test_copy_a_command_line(running: Any) -> None:
    async with running("10.0.0.1-2", "-p", "1-1000", "--max-rate", "50") as (pilot, app, _):
        await press(pilot, "asterisk", "y", "down", "down", "enter")
        assert app.clipboard.splitlines() == [
            "pyscan -sS -T3 -p 22,80,443 --max-rate 50 10.0.0.1",
            "pyscan -sS -T3 -p 53 --max-rate 50 10.0.0.2",
        ]


async def test_nothing_and_too_much_are_not_copied(running: Any, monkeypatch: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "asterisk")
        monkeypatch.setattr(row_commands, "MAX_BYTES", 40)
        await press(pilot, "y", "a")
        assert "4 rows are more than terminals' clipboards take" in notices(app)[-1]
        monkeypatch.setattr(row_commands, "MAX_ROWS", 3)
        await press(pilot, "y")
        assert app.screen is app.main and app.clipboard == ""
        assert "4 rows are more" in notices(app)[-1]
        await press(pilot, "escape", "/", *"nothing-like-this", "enter", "y")
        assert notices(app)[-1] == "There is no row to copy."
        assert app.clipboard == ""

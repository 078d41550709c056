"""The dialog that chooses ports to probe again, and the scan type."""

from __future__ import annotations

from typing import Any

import pytest

from engine.results.cell import cell_key
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from tests.tui.test_commands import notices, press
from tui.screens.rescan import EVERY_STATE, FILTERED, UNDECIDED, RescanDialog, count_ports


def lines(app: Any) -> list[str]:
    assert isinstance(app.screen, RescanDialog)
    choices = app.screen.query_one("#choices")
    return [str(choices.get_option_at_index(n).prompt) for n in range(choices.option_count)]


def shown(app: Any, name: str) -> str:
    return str(app.screen.query_one(name).visual)


async def test_each_scope_tells_its_ports(running: Any) -> None:
    async with running() as (pilot, app, _):
        await press(pilot, "x")
        assert lines(app) == [
            "  m the row under the cursor  1 port",
            "  h host 10.0.0.1  1,000 ports",
            "  u all undecided: skipped, given up, or not asked yet  1,971 ports",
            "  f all filtered, and open|filtered  2 ports",
            "  e everything  2,000 ports",
        ]
        await press(pilot, "escape", "space", "space", "x")
        assert lines(app)[0] == "  m the marked rows  2 ports"
        await press(pilot, "escape", "escape", "G", "home", "x")
        assert lines(app)[0] == "  m the rows under this heading  3 ports"


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("h", ("rescan_host", 0)),
        ("u", ("rescan_states", UNDECIDED, None)),
        ("f", ("rescan_states", FILTERED, None)),
        ("e", ("rescan_all",)),
    ],
)
async def test_scopes_with_the_scans_own_type(running: Any, key: str, call: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "x", key)
        assert session.calls[-1] == call and app.screen is app.main


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("h", ("rescan_states", EVERY_STATE, ScanType.FIN, 0)),
        ("u", ("rescan_states", UNDECIDED, ScanType.FIN)),
        ("f", ("rescan_states", FILTERED, ScanType.FIN)),
        ("e", ("rescan_states", EVERY_STATE, ScanType.FIN)),
    ],
)
async def test_scopes_with_another_type_in_one_step(running: Any, key: str, call: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "x", "F", key)
        assert session.calls[-1] == call


async def test_rows_with_another_type_by_the_arrows(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "space", "space", "x", "right")
        assert "-sT TCP connect" in shown(app, "#type")
        await press(pilot, "left", "left")
        assert "-sX TCP Xmas" in shown(app, "#type")
        assert shown(app, "#about") == ScanType.XMAS.facts.about
        await press(pilot, "enter")
        name, keys, kind = session.calls[-1]
        assert (name, kind) == ("rescan", ScanType.XMAS)
        assert keys.tolist() == [cell_key(0, 0, 22), cell_key(0, 0, 80)]
        assert not app.main.table.selected


async def test_ports_of_another_protocol_are_not_counted(running: Any) -> None:
    async with running("10.0.0.1", "-sSU", "-p", "1-1000") as (pilot, app, session):
        await press(pilot, "x")
        assert lines(app)[4] == "  e everything  2,000 ports"
        await press(pilot, "A")
        assert lines(app)[4] == "  e everything  1,000 ports"
        assert lines(app)[1] == "  h host 10.0.0.1  1,000 ports"
        snapshot = session.snapshot()
        assert count_ports(snapshot, UNDECIDED, Protocol.UDP) == 1000
        assert count_ports(snapshot, frozenset({PortState.OPEN}), Protocol.TCP, 0) == 3


async def test_a_scope_without_ports_says_so(running: Any) -> None:
    async with running("10.0.0.1", "-p", "22,80") as (pilot, app, session):
        await press(pilot, "x", "f")
        assert shown(app, "#about") == "✗ There is no such port."
        await press(pilot, "A", "f")
        assert shown(app, "#about") == "✗ There is no such TCP port."
        await press(pilot, "escape")
        assert session.calls == [("start",)]


async def test_without_rights_only_what_needs_none_is_offered(running: Any, door: Any) -> None:
    door.raw = False
    async with running() as (pilot, app, session):
        await press(pilot, "x", "A", "right")
        assert "the scan's own, -sT TCP connect" in shown(app, "#type")
        await press(pilot, "escape")
        assert session.calls == [("start",)]


async def test_a_scan_without_ports_has_nothing_to_probe(make_app: Any, until: Any) -> None:
    app = make_app("10.0.0.1-2", "-sn")
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "x")
        assert any("asks no ports" in text for text in notices(app))


async def test_a_click_probes(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "x")
        await pilot.click("#choices", offset=(6, 4))
        await pilot.pause()
        assert session.calls[-1] == ("rescan_all",)

"""The picker of scan types: what goes together, the zombie, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import Input

from engine.spec.scan_type import Protocol, ScanType
from tui.screens.scan_type_picker import ScanTypePicker
from tui.widgets.type_grid import GRID, TypeGrid, together

Until = Callable[..., Any]


def grid(app: Any) -> TypeGrid:
    return app.screen.query_one(TypeGrid)


def about(app: Any) -> str:
    return str(app.screen.query_one("#about").visual)


def test_every_type_has_its_place_and_letter() -> None:
    placed = [one for column in GRID for one in column if isinstance(one, ScanType)]
    assert sorted(placed) == sorted(ScanType) and len(placed) == len(ScanType)
    assert len({one.option[2:] for one in ScanType}) == len(ScanType)
    assert all(one.facts.about for one in ScanType)


def test_one_type_for_each_protocol_and_ip_protocols_alone() -> None:
    assert together(ScanType.SYN, ScanType.UDP) and together(ScanType.UDP, ScanType.SCTP_INIT)
    assert not together(ScanType.SYN, ScanType.ACK)
    assert not together(ScanType.SCTP_INIT, ScanType.SCTP_ECHO)
    assert not any(
        together(ScanType.PROTOCOL, one) for one in ScanType if one.protocol is not Protocol.IP
    )


async def test_letters_tick_several_types(running: Any) -> None:
    async with running() as (pilot, app, session):
        await pilot.press("s", "U", "Y", "enter")
        await pilot.pause()
        types = (ScanType.SYN, ScanType.UDP, ScanType.SCTP_INIT)
        assert session.calls[-2] == ("set_scan_types", types, {"redo_decided": False})
        assert session.calls[-1][0] == "add_ports"
        assert app.plan.scan_types == types


async def test_ticks_of_one_protocol_replace_each_other(running: Any) -> None:
    async with running() as (pilot, app, session):
        await pilot.press("s", "U", "A")
        assert grid(app).ticked == {ScanType.UDP, ScanType.ACK}
        await pilot.press("O")
        assert grid(app).ticked == {ScanType.PROTOCOL}
        await pilot.press("space", "enter")
        assert about(app) == "Tick at least one type."
        await pilot.press("S", "up", "enter")
        await pilot.pause()
        assert session.calls[-1][1] == (ScanType.SYN,)


async def test_the_arrows_reach_every_type(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("s")
        seen = set()
        for _ in ScanType:
            await pilot.press("down")
            seen.add(grid(app).cursor)
        assert seen == set(ScanType)
        await pilot.press("right")
        across = grid(app).cursor
        assert across.protocol is not Protocol.TCP and about(app) == across.facts.about
        await pilot.press("left")
        assert grid(app).cursor.protocol is Protocol.TCP


async def test_a_click_ticks(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("s")
        await pilot.click(TypeGrid, offset=(45, 1))
        await pilot.click(TypeGrid, offset=(45, 2))
        assert grid(app).ticked == {ScanType.SYN, ScanType.UDP}


async def test_an_idle_scan_asks_for_its_zombie(make_app: Any, door: Any, until: Until) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#suggestions"))
        await pilot.press("escape", "s")
        line = app.screen.query_one("#zombie", Input)
        assert not line.display
        await pilot.press("I")
        assert line.display and isinstance(app.screen, ScanTypePicker)
        await pilot.press("enter")
        assert line.has_focus and "Whose packet numbers" in about(app)
        await pilot.press(*"no host", "enter")
        assert "is not a host and port" in about(app)
        line.value = "10.0.0.9:80"
        await pilot.press("enter")
        await pilot.pause()
        assert app.plan.scan_types == (ScanType.IDLE,) and app.plan.args.zombie == "10.0.0.9:80"
        assert app.plan.outline.zombie == "10.0.0.9:80"


async def test_another_zombie_waits_for_the_next_scan(running: Any) -> None:
    async with running() as (pilot, app, session):
        await pilot.press("s", "I", "enter", *"10.0.0.9", "enter")
        await pilot.pause()
        assert session.calls == [("start",)]
        assert app.plan.args.zombie == "10.0.0.9"
        assert any("before a scan starts" in one.message for one in app._notifications)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_all_of_it_fits_the_screen(running: Any, size: tuple[int, int]) -> None:
    async with running(size=size) as (pilot, app, _):
        await pilot.press("s", "I")
        await pilot.pause()
        box = app.screen.query_one(".dialog").region
        for one in app.screen.query("TypeGrid, #about, #zombie, TickBox, .keys"):
            assert one.region.height and box.contains_region(one.region), one

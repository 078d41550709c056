"""First days and bad days: what the user sees where they look, and what to do next."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from engine.results.snapshot import Phase
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from tests.tui.conftest import plan
from tui.app import PyScanApp
from tui.demo import DemoDoor, DemoTargets
from tui.screens.target_picker import TargetPicker
from tui.user_folder import UserFolder


def in_place_of_rows(app: Any) -> str:
    table = app.main.table
    lines = [line[1] for y in range(table.size.height) if (line := table.line_at(y))[0] == "text"]
    return " ".join(str(line) for line in lines)


def verdict(app: Any) -> str:
    return str(app.screen.query_one("#verdict").visual)


async def test_the_first_start_leads_to_a_result_with_one_key(
    make_app: Any, door: Any, until: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        welcome = app.screen.query_one("#welcome")
        assert "Press Enter to see what is open on this machine" in str(welcome.visual)
        assert welcome.region.bottom <= 24 and app.screen.query_one(".keys").region.bottom <= 24
        await pilot.press("enter")
        await until(pilot, lambda: app.main.snapshot is not None)
        assert list(door.session.spec.targets.addresses(2)) == ["127.0.0.1"]
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        assert not app.screen.query("#welcome")


async def test_those_who_know_it_are_not_welcomed_again(
    make_app: Any, until: Any, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("")
    app = make_app(folder=UserFolder(tmp_path, tmp_path))
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        assert not app.screen.query("#welcome")


async def test_a_target_without_an_address_stays_to_be_mended(
    make_app: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: Any, **__: Any) -> Any:
        raise OSError("no DNS server answers")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    app = make_app("nowhere.example")
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        assert app.screen.query_one(Input).value == "nowhere.example"
        await until(pilot, lambda: "nowhere.example does not resolve" in verdict(app))
        await pilot.press("backspace")
        await until(pilot, lambda: "does not resolve" not in verdict(app))


async def test_a_scan_that_is_refused_says_so_where_its_results_would_be(
    make_app: Any, door: Any, until: Any
) -> None:
    door.refusal = SpecError("targets", "10.0.0.0/8", None, "is too large", "take a smaller one")
    app = make_app("10.0.0.1")
    async with app.run_test() as pilot:
        await until(pilot, lambda: "too large" in in_place_of_rows(app))
        assert "t starts another" in in_place_of_rows(app)
        door.refusal = None
        await pilot.press("t", *"10.0.0.1", "enter")
        await until(pilot, lambda: app.main.snapshot is not None)
        assert "too large" not in in_place_of_rows(app)


async def test_a_scan_that_is_refused_leaves_the_results_before_it(
    running: Any, door: Any, until: Any
) -> None:
    async with running() as (pilot, app, session):
        session.change(phase=Phase.FINISHED)
        rows = len(app.main.table.row_set)
        door.refusal = SpecError("targets", "x", None, "is too large")
        app.start_scan(app.plan.with_targets("10.0.0.3").build(door.look_up))
        await until(pilot, lambda: any("too large" in str(n.message) for n in app._notifications))
        assert len(app.main.table.row_set) == rows


async def test_everything_filtered_says_what_that_means(
    make_app: Any, door: Any, until: Any
) -> None:
    def silent(session: Any) -> None:
        session.decide(PortState.FILTERED, 1, 2, 3, reason=Reason.NO_RESPONSE)
        session.change(phase=Phase.FINISHED)

    door.dress = silent
    app = make_app("10.0.0.1", "-p", "1-3")
    async with app.run_test() as pilot:
        await until(pilot, lambda: "a firewall drops or rejects" in in_place_of_rows(app))


async def test_a_host_that_is_down_can_be_scanned_all_the_same(until: Any) -> None:
    app = PyScanApp(plan("192.0.2.11", "-p", "22,80"), door=DemoDoor(), recent=DemoTargets())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "did not answer" in in_place_of_rows(app))
        await pilot.press("u")
        for _ in range(200):
            if "2 filtered" in in_place_of_rows(app):
                break
            await asyncio.sleep(0.1)
        assert "2 filtered" in in_place_of_rows(app)

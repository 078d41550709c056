from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Paste
from textual.widgets import Input, OptionList

from engine.spec.error import SpecError
from engine.spec.ping import Mode, Names
from engine.spec.ports import parse_ports
from engine.spec.scan_type import Protocol
from engine.spec.targets import parse_targets
from tui.app import PyScanApp
from tui.plan import Finding
from tui.screens.confirm import Confirm
from tui.screens.dialog import Verdict, caret_lines
from tui.screens.export import ExportDialog
from tui.screens.port_editor import PortEditor
from tui.screens.target_picker import TargetPicker
from tui.widgets.choice_line import ChoiceLine

Make = Callable[..., PyScanApp]


def said(app: PyScanApp) -> str:
    return str(app.screen.query_one(Verdict).visual)


async def picking(pilot: Any, app: PyScanApp, until: Any) -> TargetPicker:
    await until(pilot, lambda: isinstance(app.screen, TargetPicker))
    await until(pilot, lambda: app.screen.query_one("#suggestions", OptionList).option_count)
    await until(pilot, lambda: app.screen.query_one("#suggestions", OptionList).size.height)
    assert isinstance(app.screen, TargetPicker)
    return app.screen


# The target picker


async def test_without_a_target_the_picker_opens_and_enter_means_localhost(
    make_app: Make, door: Any, until: Any
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await picking(pilot, app, until)
        assert door.sessions == []
        await pilot.press("enter")
        await until(pilot, lambda: door.sessions)
        assert list(door.session.spec.targets.addresses(9)) == ["127.0.0.1"]


async def test_targets_are_counted_and_checked_as_they_are_typed(
    make_app: Make, door: Any, until: Any
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await picking(pilot, app, until)
        await pilot.press(*"10.0.0.0/24 10.0.1.1-5")
        assert "261 addresses" in said(app)
        await pilot.press(*" 1.2.3.4/40")
        assert "^^" in said(app) and "40" in said(app)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert isinstance(app.screen, TargetPicker) and door.sessions == []


async def test_a_network_of_this_machine_goes_into_the_line_first(
    make_app: Make, door: Any, until: Any
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        picker = await picking(pilot, app, until)
        await pilot.press("down", "down", "enter")
        assert picker.query_one(Input).value == "10.0.0.0/24"
        await pilot.press(*" 10.9.9.9")
        assert "257 addresses" in said(app)
        await pilot.press(*["backspace"] * 9)
        assert "256 addresses" in said(app) and door.sessions == []
        await pilot.press("enter")
        await until(pilot, lambda: door.sessions)
        assert door.session.spec.targets.count == 256
        assert app.recent.read() == ("10.0.0.0/24",)


async def test_recent_targets_are_offered(make_app: Make, until: Any) -> None:
    app = make_app()
    app.recent.add("192.0.2.1-9")
    async with app.run_test() as pilot:
        picker = await picking(pilot, app, until)
        await pilot.press("down", "end", "enter")
        assert picker.query_one(Input).value == "192.0.2.1-9"


async def test_targets_from_a_file(make_app: Make, door: Any, until: Any, tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("10.0.0.1\n10.0.0.2 # two\n")
    app = make_app()
    async with app.run_test() as pilot:
        picker = await picking(pilot, app, until)
        picker.query_one(Input).value = f"@{path}"
        await until(pilot, lambda: "2 addresses in the file" in said(app))
        picker.query_one(Input).value = f"@{path}.missing"
        await until(pilot, lambda: "✗" in said(app))
        picker.query_one(Input).value = f"@{path}"
        await pilot.press("enter")
        await until(pilot, lambda: door.sessions)
        assert door.session.spec.targets.count == 2


async def test_a_pasted_column_becomes_a_line_and_too_much_is_refused(
    make_app: Make, until: Any
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        picker = await picking(pilot, app, until)
        line = picker.query_one(Input)
        line.post_message(Paste("10.0.0.1\n10.0.0.2\r\n"))
        await pilot.pause()
        assert line.value == "10.0.0.1 10.0.0.2" and "2 addresses" in said(app)
        line.post_message(Paste("10.0.0.1 " * 10_000))
        await pilot.pause()
        assert line.value == "10.0.0.1 10.0.0.2" and "type @file" in said(app)


async def test_a_name_that_does_not_resolve_keeps_what_was_typed(
    make_app: Make, door: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: Any, **__: Any) -> Any:
        raise OSError("no such \x1b[31mname")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    app = make_app()
    async with app.run_test() as pilot:
        picker = await picking(pilot, app, until)
        await pilot.press(*"no.such.name", "enter")
        await until(pilot, lambda: "does not resolve" in said(app))
        assert picker.query_one(Input).value == "no.such.name"
        assert "\x1b" not in said(app) and door.sessions == []


async def test_excluded_targets_stay_excluded(make_app: Make, door: Any, until: Any) -> None:
    app = make_app("--exclude", "10.0.0.2")
    async with app.run_test() as pilot:
        await picking(pilot, app, until)
        await pilot.press(*"10.0.0.1-3", "enter")
        await until(pilot, lambda: door.sessions)
        assert list(door.session.spec.targets.addresses(9)) == ["10.0.0.1", "10.0.0.3"]


async def test_escape_leaves_an_empty_screen_that_says_what_to_do(
    make_app: Make, door: Any, until: Any
) -> None:
    app = make_app()
    async with app.run_test(notifications=True) as pilot:
        await picking(pilot, app, until)
        await pilot.press("escape", "p")
        await until(pilot, lambda: isinstance(app.screen, PortEditor))
        line = app.screen.query_one(Input)
        line.value = "web"
        await pilot.press("enter", "5", "t")
        assert app.plan.ports == "web" and app.plan.timing.number == 5
        await picking(pilot, app, until)
        await pilot.press("enter")
        await until(pilot, lambda: door.sessions)
        assert door.session.spec.ports == parse_ports("web", door.session.spec.protocols)
        assert door.session.spec.timing.number == 5


async def test_how_hosts_are_found_is_chosen_and_kept(
    make_app: Make, door: Any, until: Any
) -> None:
    app = make_app("-p", "22")
    async with app.run_test(size=(80, 24)) as pilot:
        picker = await picking(pilot, app, until)
        finding, names = picker.query(ChoiceLine)
        assert (finding.chosen, names.chosen) == (0, 0)
        await pilot.press("tab", "tab", "right", "right")
        assert app.plan.finding is Finding.ONLY
        assert "only which hosts are up" in str(picker.query_one("#remark").visual)
        await pilot.press("down", "space", "enter")
        await until(pilot, lambda: door.sessions)
        spec = door.session.spec
        assert not spec.scan_ports and spec.discovery.names is Names.NEVER
        assert spec.discovery.mode is Mode.PING and not app.plan.looks_up_names


@pytest.mark.parametrize(
    ("steps", "mode", "ports"),
    [(1, Mode.ASSUME_UP, True), (3, Mode.LIST, False), (4, Mode.PING, True)],
)
async def test_every_way_to_find_hosts_reaches_the_scan(
    make_app: Make, door: Any, until: Any, steps: int, mode: Mode, ports: bool
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await picking(pilot, app, until)
        await pilot.press("tab", "tab", *["right"] * steps, "enter")
        await until(pilot, lambda: door.sessions)
        assert door.session.spec.discovery.mode is mode
        assert door.session.spec.scan_ports is ports


async def test_a_click_chooses_how_hosts_are_found(make_app: Make, until: Any) -> None:
    app = make_app("-sn")
    async with app.run_test(size=(80, 24)) as pilot:
        picker = await picking(pilot, app, until)
        line = picker.query_one("#finding", ChoiceLine)
        assert line.chosen == 2
        await pilot.click("#finding", offset=(24, 0))
        assert line.chosen == 1 and app.plan.finding is Finding.EVERY
        await pilot.click("#finding", offset=(2, 0))
        assert line.chosen == 1


async def test_targets_that_are_added_follow_their_scan(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.press("+")
        assert isinstance(app.screen, TargetPicker) and not app.screen.query(ChoiceLine)


# The port editor


async def test_ports_are_counted_and_checked_as_they_are_typed(make_app: Make, until: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await picking(pilot, app, until)
        await pilot.press("escape", "p")
        line = app.screen.query_one(Input)
        line.value = "22,80-90"
        await pilot.pause()
        assert "12 ports (TCP)" in said(app)
        line.value = "80-70"
        await pilot.pause()
        assert "did you mean 70-80?" in said(app) and "^^^^^" in said(app)
        await pilot.press("enter")
        assert isinstance(app.screen, PortEditor)
        await pilot.press("down", "down", "enter")
        assert line.value == "fast" and "100 ports" in said(app)


async def test_more_can_be_typed_behind_a_preset(make_app: Make, until: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await picking(pilot, app, until)
        await pilot.press("escape", "p")
        line = app.screen.query_one(Input)
        await pilot.press("down", "down", "enter", *",22")
        assert line.value == "fast,22"
        await pilot.press(
            "down", "up", "up", "8"
        )  # back in the line, all of it is selected as ever
        assert line.value == "8"


# Export


@pytest.fixture
def exporting(make_app: Make, until: Any, tmp_path: Path, monkeypatch: Any) -> Any:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def start() -> Any:
        monkeypatch.chdir(tmp_path)
        app = make_app("10.0.0.1", "-p", "1-100")
        async with app.run_test(notifications=True) as pilot:
            await until(pilot, lambda: app.main.snapshot is not None)
            await pilot.press("e")
            assert isinstance(app.screen, ExportDialog)
            yield pilot, app, app.screen.query_one("#path", Input)

    return start


async def test_export_writes_and_says_where(exporting: Any, until: Any, tmp_path: Path) -> None:
    async with exporting() as (pilot, app, line):
        assert line.value.startswith("pyscan-10.0.0.1-") and str(tmp_path) in said(app)
        name = tmp_path / line.value
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert json.loads(name.read_text())
        assert any(str(name) in str(one.message) for one in app._notifications)


async def test_the_name_follows_the_format(exporting: Any, until: Any) -> None:
    async with exporting() as (pilot, app, line):
        await pilot.press("down", "down")
        assert line.value.endswith(".xml")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert Path(line.value).read_bytes().startswith(b"<?xml")


async def test_an_existing_file_is_overwritten_only_when_wanted(exporting: Any, until: Any) -> None:
    async with exporting() as (pilot, app, line):
        path = Path(line.value)
        path.write_text("precious")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        assert path.read_text() == "precious" and isinstance(app.screen, ExportDialog)
        await pilot.press("enter", "y")
        await until(pilot, lambda: app.screen is app.main)
        assert path.read_text() != "precious"


@pytest.mark.parametrize("name", ["missing/folder/x.json", ".", "", "a\0b"])
async def test_what_cannot_be_written_is_said_and_nothing_is_lost(
    exporting: Any, until: Any, name: str
) -> None:
    async with exporting() as (pilot, app, line):
        line.value = name
        line.focus()
        await pilot.press("enter")
        await until(pilot, lambda: "✗" in said(app))
        assert isinstance(app.screen, ExportDialog)


# Where a mistake is


def test_the_caret_stands_under_the_wrong_piece() -> None:
    text = "10.0.0.1 10.0.0.1/33"
    with pytest.raises(SpecError) as caught:
        parse_targets(text)
    shown, carets = caret_lines(text, caught.value)
    assert shown == text
    at = carets.index("^")
    assert text[at:].startswith(caught.value.piece)


@given(st.text(max_size=300))
def test_no_typed_text_breaks_the_verdict(text: str) -> None:
    for parse in (parse_targets, lambda one: parse_ports(one, (Protocol.TCP,))):
        try:
            parse(text)
        except SpecError as error:
            lines = caret_lines(text, error)
            assert all(line.isprintable() for line in lines)
            assert len(lines) in (0, 2)

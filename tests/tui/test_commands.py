"""Every command of the registry, by its key, while a scan runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from engine.results.cell import cell_key
from engine.results.snapshot import Phase
from engine.spec.error import SpecError
from engine.spec.ports import PortSet
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from tui.app import PyScanApp
from tui.screens.choose import Choose, TickBox
from tui.screens.confirm import Confirm, Message
from tui.screens.port_editor import PortEditor
from tui.screens.target_picker import TargetPicker

Make = Callable[..., PyScanApp]
Until = Callable[..., Any]


def notices(app: PyScanApp) -> list[str]:
    return [str(one.message) for one in app._notifications]


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


async def test_a_target_on_the_command_line_starts_at_once(running: Any) -> None:
    async with running() as (_, app, session):
        assert session.calls == [("start",)]
        assert session.spec.targets.count == 2
        assert app.main.phase is Phase.RUNNING


async def test_digits_set_the_timing(running: Any) -> None:
    async with running() as (pilot, _, session):
        for number in range(6):
            await press(pilot, str(number))
            assert session.calls[-1] == ("set_timing", TEMPLATES[number])


async def test_what_a_command_has_changed_is_told_when_the_engine_says_it(
    running: Any, until: Until
) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "5")
        line = "timing T5 insane: rate 300 -> 5,000/s, retries 10 -> 2; 412 ports left"
        assert not any("rate 300" in text for text in notices(app))
        session.outcomes = [line, "not done: too large"]
        await until(pilot, lambda: "Not done: too large" in notices(app))
        line = line.capitalize().replace("t5", "T5")
        assert notices(app).count(line) == 1
        kinds = {str(one.message): one.severity for one in app._notifications}
        assert kinds[line] == "information" and kinds["Not done: too large"] == "warning"


async def test_the_timing_list_shows_figures_and_takes_a_digit_or_enter(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "T")
        assert isinstance(app.screen, Choose)
        await press(pilot, "5")
        assert session.calls[-1] == ("set_timing", TEMPLATES[5])
        await press(pilot, "T", "up", "enter")
        assert session.calls[-1] == ("set_timing", TEMPLATES[2])


async def test_scan_type_mid_scan(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "s", "up", "enter")
        assert session.calls[-1] == (
            "set_scan_types",
            (ScanType.CONNECT,),
            {"redo_decided": False},
        )


async def test_flag_scans_are_offered_and_switched_to_mid_scan(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "s", "down", "enter")
        assert session.calls[-1][:2] == ("set_scan_types", (ScanType.ACK,))


async def test_scan_type_with_what_is_decided_probed_again(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "s", "r")
        assert app.screen.query_one(TickBox).ticked
        await press(pilot, "enter")
        assert session.calls[-1] == ("set_scan_types", (ScanType.SYN,), {"redo_decided": True})


async def test_a_protocol_that_joins_brings_its_ports(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "s", "right", "enter")
        name, added = session.calls[-1]
        assert name == "add_ports"
        assert added == PortSet.of([(Protocol.UDP, 1, 1000)])
        assert session.calls[-2][:2] == ("set_scan_types", (ScanType.UDP,))


async def test_pause_and_resume(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "P")
        assert session.calls[-1] == ("pause",)
        session.change(phase=Phase.PAUSED)
        await pilot.pause(0.2)
        await press(pilot, "P")
        assert session.calls[-1] == ("resume",)


async def test_cancel_asks(running: Any) -> None:
    async with running() as (pilot, app, session):
        for answer in ("n", "escape", "enter", "y"):
            await press(pilot, "c")
            assert isinstance(app.screen, Confirm)
            await press(pilot, answer)
            assert (session.calls[-1] == ("cancel",)) is (answer == "y")


async def test_rescan_the_row_under_the_cursor_or_the_marked_ones(running: Any) -> None:
    async with running() as (pilot, app, session):
        cursor = app.main.table.cursor_key
        await press(pilot, "r")
        name, keys = session.calls[-1]
        assert name == "rescan" and keys.tolist() == [cursor] and keys.dtype == np.int64
        await press(pilot, "home", "space", "space", "r")
        assert session.calls[-1][1].tolist() == [cell_key(0, 0, 22), cell_key(0, 0, 80)]
        assert app.main.table.selected == frozenset()


async def test_rescan_and_skip_the_host_of_the_cursor(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "end", "R")
        assert session.calls[-1] == ("rescan_host", 1)
        await press(pilot, "home", "n")
        assert session.calls[-1] == ("skip_host", 0)


async def test_rescan_all_asks(running: Any) -> None:
    async with running() as (pilot, _, session):
        await press(pilot, "A", "n")
        assert session.calls == [("start",)]
        await press(pilot, "A", "y")
        assert session.calls[-1] == ("rescan_all",)


async def test_add_ports_while_running(running: Any) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "p")
        assert isinstance(app.screen, PortEditor)
        await press(pilot, *"999-1002", "enter")
        assert session.calls[-1] == ("add_ports", PortSet.of([(Protocol.TCP, 1001, 1002)]))
        await press(pilot, "p", *"22", "enter")
        assert "Those ports are in the scan already: r rescans them." in notices(app)


async def test_add_targets_while_running(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        await press(pilot, "+")
        assert isinstance(app.screen, TargetPicker)
        await press(pilot, *"10.0.0.9", "enter")
        await until(pilot, lambda: session.calls[-1][0] == "add_targets")
        assert list(session.calls[-1][1].addresses(9)) == ["10.0.0.9"]


async def test_other_targets_end_the_scan_only_after_a_question(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        for answer in ("n", "y"):
            await press(pilot, "t")
            assert isinstance(app.screen, TargetPicker)
            await press(pilot, *"10.0.0.7", "shift+tab", "left", "enter")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            assert not session.closed
            await press(pilot, answer)
            assert app.screen is app.main
        await until(pilot, lambda: app.door.session is not session)
        assert session.closed
        await until(pilot, lambda: app.main.session is app.door.session)
        assert app.door.session.calls == [("start",)]


async def test_commands_that_make_no_sense_say_so(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        session.change(phase=Phase.FINISHED)
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        await press(pilot, "P", "c", "n")
        assert session.calls == [("start",)]
        assert (
            notices(app).count(
                "The scan is over: press A to scan everything again, or t for new targets"
            )
            >= 1
        )
        await press(pilot, "A", "y")
        assert session.calls[-1] == ("rescan_all",)


async def test_a_command_the_engine_refuses_becomes_a_notice(running: Any) -> None:
    async with running() as (pilot, app, session):
        session.refusal = SpecError("ports", "x", None, "do not fit", "take fewer")
        await press(pilot, "4")
        assert "ports: 'x' do not fit; take fewer" in notices(app)
        assert app.is_running


async def test_what_the_engine_wants_the_user_to_see(running: Any, until: Until) -> None:
    async with running() as (pilot, app, session):
        session.change(notices=("eth0 went away",))
        await until(pilot, lambda: "eth0 went away" in notices(app))
        session.change(phase=Phase.FAILED, failure="nothing left to send with")
        await until(pilot, lambda: "nothing left to send with" in notices(app))
        assert notices(app).count("eth0 went away") == 1


async def test_without_rights_it_says_so_and_offers_connect(
    make_app: Make, door: Any, until: Until
) -> None:
    door.raw = False
    app = make_app("10.0.0.1", "-sSU", "-p", "22,53")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        assert door.session.spec.scan_types == (ScanType.CONNECT, ScanType.UDP)
        assert any("No raw-socket rights" in text for text in notices(app))
        await press(pilot, "s", "S")
        about = str(app.screen.query_one("#about").visual)
        assert "-sS sends raw packets" in about and "-sT TCP connect and -sU UDP work" in about
        await press(pilot, "escape", "s", "down", "enter")
        assert "✗ -sS" in str(app.screen.query_one("#about").visual)
        await press(pilot, "escape")
        assert door.session.calls == [("start",)]
        await press(pilot, "i")
        assert isinstance(app.screen, Message)


async def test_a_session_that_cannot_start_is_a_notice(
    make_app: Make, door: Any, until: Until
) -> None:
    door.refusal = SpecError("targets", "10.0.0.0/8", None, "is too large")
    app = make_app("10.0.0.1")
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: any("is too large" in text for text in notices(app)))
        await press(pilot, "r")
        assert any("There is no scan yet" in text for text in notices(app))


@pytest.mark.parametrize(
    ("words", "piece"), [(["10.0.0.1/33"], "33"), (["-p", "70000"], "70000"), (["-T9"], "9")]
)
async def test_a_wrong_command_line_ends_the_program_with_one_line(
    make_app: Make, words: list[str], piece: str
) -> None:
    app = make_app(*words)
    async with app.run_test() as pilot:
        for _ in range(200):
            await pilot.pause(0.01)
            if app.complaint:
                break
    assert app.return_code == 2
    assert "\n" not in app.complaint and piece in app.complaint

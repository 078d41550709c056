"""What the screens look like, at both sizes every pane was made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from tui.app import PyScanApp

SIZES = [(80, 24), (120, 40)]
SCAN = ("10.0.0.1-2", "-p", "1-1000", "-T4")


def _finished(session: Any) -> None:
    ports = range(1, 1001)
    for host in (0, 1):
        session.decide(PortState.CLOSED, *ports, host=host, reason=Reason.RESET)
    session.decide(PortState.OPEN, 22, 80, 443)
    session.progress = {
        "elapsed": 19.6,
        "sent": 2100,
        "answered": 2000,
        "resent": 100,
        "rtt_median": 0.0011,
    }
    session.change(phase=Phase.FINISHED)


@pytest.fixture
def picture(snap_compare: Any, until: Any) -> Callable[..., bool]:
    """``picture(app, size, keys)``: the app, settled, after these keys, looks as it did before."""

    def look(app: PyScanApp, size: tuple[int, int], *keys: str) -> bool:
        async def settle(pilot: Pilot[Any]) -> None:
            if app.plan.names_targets:
                await until(pilot, lambda: app.main.snapshot is not None)
                await until(pilot, lambda: len(app.main.table.row_set))
            else:
                await until(pilot, lambda: app.screen.query("#suggestions"))
                await until(pilot, lambda: app.screen.query_one("#suggestions").option_count)
            await pilot.press(*keys)
            await pilot.pause()
            for line in app.screen.query(Input):
                line.cursor_blink = False
            await pilot.pause(0.3)

        return bool(snap_compare(app, terminal_size=size, run_before=settle))

    return look


@pytest.mark.parametrize("size", SIZES)
def test_a_scan_on_its_way(make_app: Any, picture: Any, size: tuple[int, int]) -> None:
    assert picture(make_app(*SCAN), size)


@pytest.mark.parametrize("size", SIZES)
def test_a_finished_scan(make_app: Any, door: Any, picture: Any, size: tuple[int, int]) -> None:
    door.dress = _finished
    assert picture(make_app(*SCAN), size)


@pytest.mark.parametrize("size", SIZES)
def test_the_target_picker(make_app: Any, picture: Any, size: tuple[int, int]) -> None:
    assert picture(make_app(), size, *"10.0.0.1/33")


@pytest.mark.parametrize("size", SIZES)
def test_the_port_editor(make_app: Any, picture: Any, size: tuple[int, int]) -> None:
    assert picture(make_app(*SCAN), size, "p", *"80-70")


@pytest.mark.parametrize("size", SIZES)
def test_help(make_app: Any, picture: Any, size: tuple[int, int]) -> None:
    assert picture(make_app(*SCAN), size, "?")


@pytest.mark.parametrize("keys", ["s", "T", "q", "d", "l", "h"])
def test_dialogs_and_unfolded_panes_on_a_small_screen(
    make_app: Any, picture: Any, keys: str
) -> None:
    assert picture(make_app(*SCAN), (80, 24), *keys)


@pytest.mark.parametrize("theme", ["pyscan-light", "high-contrast", "terminal"])
def test_other_colours(make_app: Any, picture: Any, theme: str) -> None:
    assert picture(make_app(*SCAN, theme=theme), (80, 24), "o")


def test_no_colour(make_app: Any, picture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(make_app(*SCAN), (80, 24), "o")

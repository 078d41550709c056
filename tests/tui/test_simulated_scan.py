"""The screen over real sessions, on a simulated network that answers in real time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from engine.results.snapshot import Phase
from engine.session import TransportMaker, simulation
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from tui.__main__ import parser
from tui.app import PyScanApp
from tui.demo import DemoDoor
from tui.plan import Plan
from tui.recent import RecentTargets

NETWORK = """
seed = 1
[[host]]
address = "10.0.0.1-3"
delay = 0.002
[host.tcp]
open = "22,80,443"
default = "closed"
[host.udp]
open = "53"
default = "closed"
"""


class SimulatedDoor(DemoDoor):
    """Real sessions, with another simulated network instead of sockets."""

    def network(self) -> TransportMaker:
        return simulation(NETWORK)


@pytest.fixture
def simulated(tmp_path: Path) -> Callable[..., PyScanApp]:
    def make(*words: str) -> PyScanApp:
        recent = RecentTargets(tmp_path / "recent.txt")
        return PyScanApp(Plan(parser().read(words)), door=SimulatedDoor(), recent=recent)

    return make


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Pilot.press waits for a quiet processor, which a scan that runs does not leave it."""
    for key in keys:
        typed = len(key) == 1
        name = _character_to_key(key) if typed else key
        pilot.app.post_message(Key(name, key if typed else None))
        await pilot.pause(0.03)


async def phase(pilot: Pilot[Any], until: Any, wanted: Phase) -> None:
    app = pilot.app
    assert isinstance(app, PyScanApp)
    for _ in range(10):
        await until(pilot, lambda: app.main.phase is not None)
        if app.main.phase is wanted:
            return
        await pilot.pause(0.3)
    await until(pilot, lambda: app.main.phase is wanted)


async def test_steering_a_scan_to_its_end(simulated: Any, until: Any) -> None:
    app = simulated("10.0.0.1-2", "-p", "1-443", "--max-rate", "350")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        session = app.main.session
        await press(pilot, "P")
        await until(pilot, lambda: app.main.phase is Phase.PAUSED)
        await press(pilot, "5")
        await until(pilot, lambda: app.main.snapshot.timing.number == 5)
        assert app.main.snapshot.timing.max_rate == 350
        await press(pilot, "s", "up", "enter")
        await until(pilot, lambda: app.main.snapshot.scan_types == (ScanType.CONNECT,))
        await press(pilot, "v", "v")
        await until(pilot, lambda: app.main.snapshot.verbosity == 3)
        await press(pilot, "+", *"10.0.0.3", "enter")
        await until(pilot, lambda: app.main.snapshot.view.host_count == 3)
        await press(pilot, "p", *"600", "enter")
        await until(pilot, lambda: len(app.main.snapshot.view.channels) == 444)
        await press(pilot, "P")
        await phase(pilot, until, Phase.FINISHED)
        await until(pilot, lambda: len(app.main.table.row_set) == 9)
        totals = app.main.snapshot.view.totals
        assert totals[PortState.OPEN] == 9 and totals[PortState.CLOSED] == 3 * 444 - 9

        await press(pilot, "s", "right", "enter")
        await until(pilot, lambda: len(app.main.snapshot.view.channels) > 444)
        await phase(pilot, until, Phase.FINISHED)
        await press(pilot, "/", *"proto:udp", "enter")
        await until(pilot, lambda: len(app.main.table.row_set) == 3)
        await press(pilot, "q")
    assert not session.alive


async def test_each_change_says_what_it_did(simulated: Any, until: Any) -> None:
    app = simulated("10.0.0.1", "-p", "1-300", "--max-rate", "200")

    def told(text: str) -> bool:
        return any(text in str(one.message) for one in app._notifications)

    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.phase is Phase.RUNNING)
        await press(pilot, "P")
        await until(pilot, lambda: told("Paused: nothing is sent"))
        progress = app.main.session.progress
        await press(pilot, "5")
        await until(pilot, lambda: told("Timing T5 insane: rate "))
        await until(pilot, lambda: told(f"; {progress.total - progress.decided} ports left"))
        await press(pilot, "p", *"600", "enter")
        await until(pilot, lambda: told("Added 1 port on every host; "))
        await press(pilot, "n")
        await until(pilot, lambda: told("Skipped 10.0.0.1: what is known stays"))
        await press(pilot, "x", "u")
        await until(pilot, lambda: told("Probing ") and told(" ports again; "))
        await press(pilot, "P")
        await phase(pilot, until, Phase.FINISHED)
        await press(pilot, "x", "A", "e")
        await until(pilot, lambda: told("Probing 301 ports again with -sA TCP ACK; 301 ports left"))
        await press(pilot, "q", "y")


async def test_cancel_rescan_and_quit_mid_scan(simulated: Any, until: Any) -> None:
    app = simulated("10.0.0.1-3", "-p", "1-5000", "--max-rate", "500")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.phase is Phase.RUNNING)
        session = app.main.session
        await press(pilot, "c", "y")
        await until(pilot, lambda: app.main.phase is Phase.CANCELLED)
        await press(pilot, "A", "y")
        await until(pilot, lambda: app.main.phase is Phase.RUNNING)
        await press(pilot, "n")
        await press(pilot, "q", "y")
    assert not session.alive

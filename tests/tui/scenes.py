"""Ways to every screen and dialog, for the tests that look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from tests.tui.conftest import FakeSession
from tui.app import PyScanApp
from tui.config import Config
from tui.screens.target_picker import TargetPicker
from tui.user_folder import UserFolder

SCAN = ("10.0.0.1-2", "-p", "1-1000", "-T4")
FILTERS = {"quiet": "-state:closed", "web": "port:80,443 state:open"}


def _finished(session: FakeSession) -> None:
    for host in (0, 1):
        session.decide(PortState.CLOSED, *range(1, 1001), host=host, reason=Reason.RESET)
    session.decide(PortState.OPEN, 22, 80, 443)
    session.progress = {
        "elapsed": 19.6,
        "sent": 2100,
        "answered": 2000,
        "resent": 100,
        "rtt_median": 0.0011,
    }
    session.change(phase=Phase.FINISHED)


async def _several_tabs(app: PyScanApp, pilot: Pilot[Any], until: Any) -> None:
    """A scan in a second tab, and one that waits for its turn."""
    app.tabs.show(app.tabs.new())
    app.tabs.start(app.tabs.shown, app.plan.with_targets("192.0.2.0/28").build())
    app.tabs.queue(app.tabs.new(), app.plan.with_targets("198.51.100.7").build())
    await until(pilot, lambda: app.main.snapshot is not None and len(app.main.table.row_set))
    app.tabs.renew()


@dataclass(frozen=True)
class Scene:
    """How to get to a screen.

    Attributes:
        keys: what is pressed.
        words: the command line; with none the program asks for targets first.
        dress: what has become of the scan, if not ``mid_scan``.
        pane: the pane that has the whole screen.
        several: there are several tabs.
    """

    keys: Sequence[str] = ()
    words: Sequence[str] = SCAN
    dress: Callable[[FakeSession], None] | None = None
    pane: str = ""
    several: bool = False


SCENES = {
    "scan": Scene(),
    "finished": Scene(dress=_finished),
    "all-states": Scene(["o", "down"]),
    "by-host": Scene(["G", "down", "down", "down", "down", "enter"]),
    "by-service": Scene(["o", "G", "G"]),
    "filter": Scene(["/", *"/^http/ sta"]),
    "filter-mistake": Scene(["/", *"/(/"]),
    "hosts": Scene(["w"]),
    "find-host": Scene(["f", *"10.0.0.2"]),
    "detail": Scene(pane="detail"),
    "log": Scene(["v", "v"], pane="log"),
    "welcome": Scene(words=()),
    "targets": Scene(["t", *"10.0.0.1/33"]),
    "add-targets": Scene(["+"]),
    "ports": Scene(["p", *"80-70"]),
    "scan-type": Scene(["s"]),
    "timing": Scene(["T"]),
    "profiles": Scene(["S", "down"]),
    "profile-editor": Scene(["S", "down", "e"]),
    "probe-again": Scene(["space", "x", "A"]),
    "export": Scene(["e"]),
    "capture": Scene(["C", "ctrl+u", *"lan.pcap"]),
    "themes": Scene(["m"]),
    "help": Scene(["?"]),
    "commands": Scene([":"]),
    "saved-filters": Scene(["F"]),
    "save-filter": Scene(["/", *"ssh", "enter", "W", *"mine"]),
    "jump": Scene(["g", *"5"]),
    "copy": Scene(["space", "space", "y"]),
    "confirm": Scene(["c"]),
    "rights": Scene(["i"]),
    "tabs": Scene(["Q"], several=True),
}


def scene_app(scene: Scene, make_app: Any, folder: Path, **options: Any) -> PyScanApp:
    """An app that can be brought to the scene, with its files in ``folder``."""
    config = Config(animations=False, filters=FILTERS)
    app: PyScanApp = make_app(
        *scene.words, config=config, folder=UserFolder(folder, folder), **options
    )
    return app


async def enter(scene: Scene, app: PyScanApp, pilot: Pilot[Any], until: Any) -> None:
    """Bring a running app to the scene."""
    if scene.words:
        await until(pilot, lambda: app.main.snapshot is not None)
        await until(pilot, lambda: len(app.main.table.row_set))
    else:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count)
    if scene.several:
        await _several_tabs(app, pilot, until)
    await pilot.press(*scene.keys)
    if scene.pane:
        app.main.focus_pane(scene.pane)
        app.main.panes.maximise(scene.pane)
        app.main.place_panes()
        app.main.focus_pane(scene.pane)


async def settle(app: PyScanApp, pilot: Pilot[Any]) -> None:
    """Until nothing moves any longer: what works beside the screen has brought its results."""
    await app.workers.wait_for_complete()
    for _ in range(3):
        await pilot.pause()

"""Makes the pictures of README and docs/screens, in the middle of a scan of the demonstration's
network: the main screen in every theme, and every other screen in the default one.

::

    .venv/bin/python docs/make_pictures.py            # writes docs/pictures/*.svg
    .venv/bin/python docs/make_pictures.py --check    # says which of them are out of date

The simulated clock goes on in steps and stands still while the screen is drawn, so every run with
the same versions of PyScan and Textual draws the same picture.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static

from engine.core.addressing import AddressBook
from engine.core.batch import ReplyBatch
from engine.session import TransportMaker
from engine.transport.scenario import Scenario, load_scenario
from engine.transport.simulated import SimulatedTransport
from themes.loader import DEFAULT_THEME
from tui.__main__ import parser
from tui.app import PyScanApp
from tui.config import Config
from tui.demo import NETWORK, TARGETS, DemoDoor, DemoTargets
from tui.plan import Plan
from tui.screens import lookout
from tui.user_folder import UserFolder
from tui.widgets.detail_pane import DetailPane

FOLDER = Path(__file__).resolve().with_name("pictures")
SIZE, SCREEN_SIZE = (120, 40), (96, 30)
OPTIONS = ("-T4", "--max-rate", "900", "--seed", "1")
STEP, STEPS = 0.25, 18
"""Seconds of simulated time between two looks, and how many of them."""
PATIENCE = 30.0
"""Seconds of real time to wait for anything."""
LOOK = 0.3
"""Seconds before each look at a screen that may still be changing."""
REMOTE_FONTS = re.compile(r"\s*@font-face \{[^}]*\}")
"""A picture must not fetch anything; the viewer's monospaced font does as well."""

BACK = ("escape",)
SCREENS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "by-host": (["G"], ["G", "G"]),
    "by-service": (["G", "G"], ["G"]),
    "filter": (["/", *"state:open -ssh"], BACK),
    "copy": (["space", "y"], ["escape", "escape"]),
    "go-to-port": (["g", *"443"], BACK),
    "hosts": (["w"], ["w"]),
    "detail": (["enter", "enter", "M"], ["M", "d"]),
    "log": (["v", "v", "tab", "tab", "M"], ["M", "V", "V", "escape"]),
    "map": (["H"], BACK),
    "targets": (["t", *"192.0.2.0/28 six.example"], BACK),
    "ports": (["p", *"8000-8100,ssh"], BACK),
    "scan-type": (["s"], BACK),
    "timing": (["T"], BACK),
    "profiles": (["S", "down"], BACK),
    "profile-editor": (["S", "down", "e"], ["escape", "escape"]),
    "rescan": (["x"], BACK),
    "export": (["e", "tab", "ctrl+u", *"report.json"], BACK),
    "saved-filters": (["F"], BACK),
    "themes": (["m"], BACK),
    "help": (["?"], BACK),
    "commands": ([":", *"scan"], BACK),
}
"""The keys that lead from the main screen to another, and those that lead back."""
FILTERS = {"quiet ones": "-state:closed -state:filtered", "web": "port:80,443,8080 state:open"}


class SteppedTransport(SimulatedTransport):
    """Its clock goes on to ``limit`` and waits there. ``idle`` counts turns spent waiting."""

    def __init__(self, book: AddressBook, scenario: Scenario) -> None:
        super().__init__(book, scenario)
        self.limit = 0.0
        self.idle = 0

    def receive(self, until: float, rest: float = 0.0) -> ReplyBatch:
        """Answers due by ``until``, but none later than the limit."""
        if self.now() >= self.limit:
            self.idle += 1
            time.sleep(0.04)  # so that Pilot finds the process idle
        return super().receive(min(until, self.limit))


class SteppedDoor(DemoDoor):
    """Sessions over a SteppedTransport; ``transport`` is the newest's."""

    transport: SteppedTransport

    def network(self) -> TransportMaker:
        """The demonstration's, with a clock that waits."""
        scenario = load_scenario(NETWORK.read_text(encoding="utf-8"))

        def make(book: AddressBook) -> SteppedTransport:
            self.transport = SteppedTransport(book, scenario)
            return self.transport

        return make


async def until(done: Callable[[], bool]) -> None:
    """Go on when ``done``. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not done():
            await asyncio.sleep(0.01)


async def pictures(folder: Path) -> dict[str, str]:
    """Every picture as SVG, by name; ``folder`` stands for a user who has set up nothing."""
    door = SteppedDoor()
    app = PyScanApp(
        Plan(parser().read([*TARGETS, *OPTIONS])),
        door=door,
        recent=DemoTargets(),
        config=Config(animations=False, filters=FILTERS),
        folder=UserFolder(folder, folder),
    )
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.main.snapshot is not None)
        await until(lambda: door.transport.idle > 0)  # the rates are measured from time zero
        for step in range(1, STEPS + 1):
            door.transport.limit = step * STEP
            await settle(app, door.transport)
        text = app.main.query_one(DetailPane).query_one(Static)
        await until(lambda: "Came back" in str(text.render()))
        made = {}
        for theme in app.our_themes:
            app.theme = theme
            made[theme] = await picture(app, pilot)
        app.theme = DEFAULT_THEME
        await pilot.resize_terminal(*SCREEN_SIZE)
        for name, (there, back) in SCREENS.items():
            await pilot.press(*there)
            made[f"screen-{name}"] = await picture(app, pilot)
            await pilot.press(*back)
        return made


async def picture(app: PyScanApp, pilot: Pilot[None]) -> str:
    """What the screen shows, as soon as nothing works beside it and two looks show the same."""
    before, svg = None, ""
    async with asyncio.timeout(PATIENCE):
        while svg != before:
            before = svg
            await app.workers.wait_for_complete()
            await pilot.pause(LOOK)
            svg = app.export_screenshot(title="pyscan-tui --demo", simplify=True)
    return REMOTE_FONTS.sub("", svg) + "\n"


async def settle(app: PyScanApp, transport: SteppedTransport) -> None:
    """Until the engine has nothing left to do at this moment and the screen shows it."""
    session = app.main.session
    assert session is not None
    seen = transport.idle
    await until(lambda: transport.idle > seen + 4)
    serial = session.snapshot().serial
    await until(lambda: session.snapshot().serial > serial + 1)
    app.main.poll()
    await asyncio.sleep(0.1)


def main(words: list[str]) -> int:
    """Write the pictures, or compare; gives the exit code."""
    os.environ.pop("NO_COLOR", None)  # the pictures show colours whoever makes them
    os.chdir("/")  # dialogs about files name the folder
    # settle() looks at the scan when a step is done: graphs have a point for each look.
    lookout.CALM_LOOKS_PER_SECOND = lookout.LOOKS_PER_SECOND = 1 / 3600
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(pictures(Path(folder)))
    stale = []
    for name, svg in made.items():
        path = FOLDER / f"{name}.svg"
        if words == ["--check"]:
            stale += [] if path.is_file() and path.read_text(encoding="utf-8") == svg else [path]
        else:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(svg, encoding="utf-8")
    for path in stale:
        print(f"{path} is out of date: run python docs/make_pictures.py and look at it")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

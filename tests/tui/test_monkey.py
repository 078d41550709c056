"""A monkey at the keyboard: random actions by the thousand, on the demonstration, break nothing.

Each troop is a seed of its own, so that xdist spreads them; a troop that fails is repeated with
``pytest -k 'monkey and <seed>'``. What must hold all the time: the program runs, no fault of
its own is reported, and no result goes away that the user did not ask to have probed again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import textual.screen as screen_module
from textual import events
from textual.geometry import Size
from textual.keys import _character_to_key
from textual.widgets import Input

import tui.app as app_module
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from engine.spec.scan import ScanSpec
from tests.tui.conftest import plan
from tui.actions import ACTIONS
from tui.app import PyScanApp
from tui.config import Config
from tui.demo import DemoDoor, DemoTargets
from tui.layout_file import LayoutFile
from tui.user_folder import UserFolder

TROOPS, ACTIONS_EACH = 14, 1_500
"""21,000 in all, some of them several keys."""
BREATH = 16
"""Actions between two moments in which the program may catch up."""
LOOK = 5
"""Breaths between two looks at the results."""
PICTURE_EVERY = 0.5
"""Seconds between two pictures: the time is for actions."""
PATIENCE = 20.0
"""Seconds the program may take for one breath before it counts as hung."""

_MOVES = (
    "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab",
    "enter", "space", "escape", "backspace", "delete", "ctrl+u", "ctrl+w", "ctrl+a", "ctrl+k",
    "f1", "f2", "h", "j", "k", "l", "y", "n",
)  # fmt: skip
_WORDS = (
    "22", "1-100", "http", "port:80 ", "state:open ", "-", "(", "ü", "漢", "\N{RIGHT-TO-LEFT MARK}",
    "192.0.2.10", "www.example ", "nowhere", "T4", "9" * 30, "[/x]", "host:", "top100", "*",
)  # fmt: skip
_ESCAPE = ("escape", "escape")
_ERRANDS = (
    (*_ESCAPE, "N", "ctrl+u", *"192.0.2.10", "enter", "enter"),
    (*_ESCAPE, *"AyN", "ctrl+u", *"192.0.2.10", *["tab"] * 3, "right", "enter"),
    (*_ESCAPE, "p", *"300-310", "enter"),
    (*_ESCAPE, "/", "ctrl+u", *"state:open -http", "enter"),
    (*_ESCAPE, "G", "G", "down", "left", "space", "right"),
)
"""Keys that lead somewhere together: a scan in a new tab or in the queue, ports that join."""
_NEW_TAB, _QUEUEING = _ERRANDS[:2]
_DIALOGS = "tpsSTxeFWgCm?:iQHyN+"
"""Keys that open a dialog each."""
_NEED_MORE = "WC"
"""Those of them that need a filter, or packets."""
_SIZES = ((120, 40), (80, 24), (100, 30), (80, 30), (60, 18), (40, 12), (3, 2), (1, 1))
_AGAIN = ("rescan", "rescan_host", "rescan_all", "ping_again", "set_scan_types")


class WatchedSession:
    """A session that counts its results; commands that probe again start the count anew."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._most = 0

    def __getattr__(self, name: str) -> Any:
        if name in _AGAIN:
            self._most = 0
        return getattr(self._session, name)

    def check(self) -> None:
        """No result has gone away since the last look."""
        totals = self._session.snapshot().view.totals
        decided = sum(int(totals[state]) for state in PortState if state is not PortState.PENDING)
        asked_again = self._most == 0
        assert decided >= self._most, f"{self._most} results before, {decided} now"
        self._most = 0 if asked_again and decided == 0 else decided


class MonkeyDoor(DemoDoor):
    """The demonstration, with its files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions: list[WatchedSession] = []

    def open_session(self, spec: ScanSpec, *rest: Any) -> Any:
        session = WatchedSession(super().open_session(spec, *rest))
        self.sessions.append(session)
        return session

    def export(self, report: ScanReport, format_name: str, path: Path) -> None:
        super().export(report, format_name, self.folder / "out")


class MonkeyApp(PyScanApp):
    """The program without a way out."""

    CSS_PATH = Path(app_module.__file__).with_name("pyscan.tcss")

    def exit(self, *_: Any, **__: Any) -> None:
        """Stay."""

    def action_suspend_process(self) -> None:
        """Stay in the foreground."""


class Monkey:
    """Random actions from a seed.

    Args:
        app: the program.
        seed: fixes every action; what the program makes of them depends on time, too.
    """

    def __init__(self, app: PyScanApp, seed: int) -> None:
        self.app = app
        self.chance = random.Random(seed)
        self.last: list[str] = []
        self.registry = [key for action in ACTIONS for key in action.keys]

    def act(self) -> None:
        """One action, posted as the terminal's driver would."""
        kind = self.chance.random()
        if kind < 0.45:
            self._key(self.chance.choice(self.registry))
        elif kind < 0.78:
            self._key(self.chance.choice(_MOVES))
        elif kind < 0.86:
            self.run(self.chance.choice(_WORDS))
        elif kind < 0.868:
            self.run(self.chance.choice(_ERRANDS))
        elif kind < 0.875:
            opens = self.chance.choice(_DIALOGS)
            self.run((*_ESCAPE, opens, "escape", opens))
        elif kind < 0.96:
            self._click()
        elif kind < 0.975:
            self._paste()
        elif kind < 0.998:
            self._resize()
        else:
            self._change_theme()

    def run(self, keys: Iterable[str]) -> None:
        """Press these keys, one right after the other."""
        for key in keys:
            self._key(key)

    def _note(self, what: str) -> None:
        self.last = [*self.last[-60:], what]

    def _key(self, key: str) -> None:
        typing = isinstance(self.app.focused, Input) and self.app.screen is not self.app.main
        if typing and key in ("/", "~"):
            return  # not a way out of the test's folder
        self._note(key)
        name = _character_to_key(key) if len(key) == 1 else key
        character = key if len(key) == 1 else {"space": " ", "tab": "\t"}.get(key)
        self._post(events.Key(name, character))

    def _click(self) -> None:
        width, height = self.app.size
        x, y = self.chance.randrange(width), self.chance.randrange(height)
        button = self.chance.choice((1, 1, 1, 3))
        self._note(f"click {x},{y}")
        kinds: list[type[events.MouseEvent]] = [events.MouseMove]
        kinds += self.chance.choice(
            (
                [events.MouseDown, events.MouseUp],
                [events.MouseDown, events.MouseUp, events.MouseDown, events.MouseUp],
                [events.MouseScrollDown],
                [events.MouseScrollUp],
            )
        )
        for kind in kinds:
            self._post(kind(None, x, y, 0, 0, button, False, False, False, screen_x=x, screen_y=y))

    def _paste(self) -> None:
        text = self.chance.choice(_WORDS) * self.chance.choice((1, 3, 20_000))
        self._note(f"paste {len(text)}")
        self._post(events.Paste(text))

    def _resize(self) -> None:
        odd = (self.chance.randint(20, 200), self.chance.randint(5, 60))
        size = Size(*self.chance.choice((*_SIZES, odd, odd)))
        self._note(f"size {size.width}x{size.height}")
        driver: Any = self.app._driver
        driver._size = size
        self.app.post_message(events.Resize(size, size))

    def _change_theme(self) -> None:
        name = self.chance.choice(self.app.our_themes)
        self._note(f"theme {name}")
        self.app.theme = name

    def _post(self, event: events.Event) -> None:
        event.set_sender(self.app)
        self.app.post_message(event)


async def _catch_up(app: PyScanApp, monkey: Monkey) -> None:
    """Until all that was posted has been handed on, and a moment for those it was handed to."""
    done = asyncio.Event()
    app.call_later(done.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await done.wait()
            while app.is_running and not app.input_order.quiet:
                await asyncio.sleep(0.001)
    except TimeoutError:
        pytest.fail(f"hung after {monkey.last}")
    await asyncio.sleep(0.005)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def started(folder: Path, ports: str = "1-200") -> tuple[MonkeyDoor, MonkeyApp]:
    """The program for a monkey, with its files in ``folder``."""
    door = MonkeyDoor(folder)
    app = MonkeyApp(
        plan("192.0.2.0/28", "www.example", "-p", ports),
        door=door,
        recent=DemoTargets(),
        config=Config(animations=False),
        folder=UserFolder(folder / "config", folder),
        layout=LayoutFile(folder / "layout.json"),
    )
    return door, app


@pytest.mark.parametrize(("errand", "waits"), [(_NEW_TAB, 0), (_QUEUEING, 1)])
async def test_errands_lead_to_a_scan_in_a_tab_and_in_the_queue(
    errand: tuple[str, ...], waits: int, folder: Path, until: Any
) -> None:
    _, app = started(folder, ports="1-65535")  # not done before the errand, on any machine
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        Monkey(app, 0).run(errand)
        await until(pilot, lambda: len(app.tabs) == 2)
        assert len(app.tabs.waiting) == waits


async def test_errands_open_every_dialog_twice(folder: Path, until: Any) -> None:
    _, app = started(folder)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        for opens in _DIALOGS:
            for _ in range(0 if opens in _NEED_MORE else 2):
                before = app.screen
                Monkey(app, 0).run((*_ESCAPE, opens))
                await until(pilot, lambda before=before: app.screen not in (before, app.main))


@pytest.mark.parametrize("seed", range(TROOPS))
async def test_a_monkey_breaks_nothing(
    seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_module, "UPDATE_PERIOD", PICTURE_EVERY)
    door, app = started(folder)
    monkey = Monkey(app, seed)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        for breath in range(ACTIONS_EACH // BREATH):
            for _ in range(BREATH):
                monkey.act()
            await _catch_up(app, monkey)
            assert app.is_running and app._exception is None, monkey.last
            told = [str(one.message) for one in app._notifications]
            assert not [line for line in told if "fault in PyScan" in line], (told, monkey.last)
            if breath % LOOK == 0:
                for session in door.sessions:
                    session.check()

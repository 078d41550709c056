"""ScanTabs: the scans of the program, those that wait for their turn, and which one is shown."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from engine.results.snapshot import Phase
from tui.plan import Plan
from tui.scan_tab import ScanTab, TabLook
from tui.screens.main import MainScreen

if TYPE_CHECKING:
    from engine.session import ScanSession
    from engine.spec.command_line import BuiltSpec
    from tui.app import PyScanApp

MAX_TABS = 8
LOOK_EVERY = 0.5
"""Seconds between two looks at scans that are not shown."""


class ScanTabs:
    """Tabs in their order; there is always one. Each is a mode of the app (Textual's word for a
    stack of screens of its own), so a tab that is not shown draws nothing.

    A scan that waits is a tab, too: the first one that waits begins when no other scan runs.
    Everything here belongs to the UI thread but ``close_all``.

    Args:
        app: the program.
        plan: of the first tab.
    """

    def __init__(self, app: PyScanApp, plan: Plan) -> None:
        self._app = app
        self._made = 0
        self._all: list[ScanTab] = []
        self._phases: dict[ScanTab, Phase | None] = {}
        self.shown = self._add(MainScreen(), plan)

    def __iter__(self) -> Iterator[ScanTab]:
        """The tabs as they are at this moment."""
        return iter(tuple(self._all))

    def __len__(self) -> int:
        """How many tabs there are, with those that wait."""
        return len(self._all)

    @property
    def full(self) -> bool:
        """True when there is no room for another tab."""
        return len(self._all) >= MAX_TABS

    @property
    def busy(self) -> list[ScanTab]:
        """Those whose scan is unfinished."""
        return [tab for tab in self._all if tab.busy]

    @property
    def waiting(self) -> list[ScanTab]:
        """Those that wait, the next one first."""
        return [tab for tab in self._all if tab.queued is not None]

    @property
    def looks(self) -> list[TabLook]:
        """What to say of each."""
        return [tab.look() for tab in self._all]

    @property
    def shown_at(self) -> int:
        """The place (from 0) of the tab that is shown."""
        return self._all.index(self.shown)

    # Making and closing

    def _add(self, screen: MainScreen, plan: Plan) -> ScanTab:
        self._made += 1
        tab = ScanTab(self._made, screen, plan)
        self._all.append(tab)
        self._app.add_mode(tab.mode, lambda: screen)
        return tab

    def new(self) -> ScanTab:
        """An empty tab at the end. The layout is one for all."""
        screen, beside = MainScreen(), self.shown.screen
        screen.panes, screen.layout_file = beside.panes, beside.layout_file
        screen.verbosity, screen.grouping = beside.verbosity, beside.grouping
        return self._add(screen, self.shown.plan)

    def start(self, tab: ScanTab, built: BuiltSpec) -> None:
        """End the session the tab has, and begin this one in its place."""
        tab.announce(built, opening=True)
        self._app.run_worker(
            partial(self._open, tab, built, tab.screen.verbosity),
            name="begin a scan",
            group=tab.mode,
            thread=True,
            exclusive=True,
            exit_on_error=False,
        )
        self.renew()

    def _open(self, tab: ScanTab, built: BuiltSpec, verbosity: int) -> None:
        try:
            session = tab.open(self._app.door, built, verbosity)
        except self._app.door.refusals() as error:
            self._app.call_from_thread(self._refuse, tab, str(error))
        else:
            self._app.call_from_thread(self._adopt, tab, session)

    def _refuse(self, tab: ScanTab, why: str) -> None:
        self._app.tell(why, "error")
        if tab in self._all:
            tab.screen.refuse(why)
            self.renew()

    def _adopt(self, tab: ScanTab, session: ScanSession | None) -> None:
        if session is not None and tab.session is session and tab in self._all:
            tab.screen.adopt(session)
            self.renew()

    def queue(self, tab: ScanTab, built: BuiltSpec) -> None:
        """Let the tab wait for its turn with this scan."""
        tab.announce(built, opening=False)
        self.look()

    def close(self, tab: ScanTab) -> None:
        """End its session and forget the tab; the last one stays."""
        if len(self._all) == 1 or tab not in self._all:
            return
        at = self._all.index(tab)
        self._all.remove(tab)
        self._phases.pop(tab, None)
        if tab is self.shown:
            self.show(self._all[min(at, len(self._all) - 1)])
        self._app.remove_mode(tab.mode)
        self._app.run_worker(
            tab.close, name="close a scan", group=tab.mode, thread=True, exit_on_error=False
        )
        self.renew()

    def close_all(self) -> None:
        """End every session's thread. Safe to call again and from any thread."""
        with ThreadPoolExecutor(MAX_TABS) as pool:
            list(pool.map(ScanTab.close, self._all))

    # Going about

    def show(self, tab: ScanTab) -> None:
        """Show this tab; the one shown before draws nothing more."""
        if tab is not self.shown:
            self.shown.screen.rest()
            self.shown = tab
            self._app.switch_mode(tab.mode)
            tab.screen.wake()
        self.renew()

    def step(self, step: int) -> None:
        """Show the tab so many places further; the first follows the last."""
        self.show(self._all[(self.shown_at + step) % len(self._all)])

    def move(self, tab: ScanTab, step: int) -> None:
        """Let a scan that waits begin one place earlier (step -1) or later (1)."""
        waiting = self.waiting
        to = waiting.index(tab) + step if tab in waiting else -1
        if 0 <= to < len(waiting):
            one, other = self._all.index(tab), self._all.index(waiting[to])
            self._all[one], self._all[other] = self._all[other], self._all[one]
            self.renew()

    def look(self) -> None:
        """Begin the next scan that waits when none runs, and tell of what ended out of sight."""
        if len(self._all) == 1 and not self.waiting:
            return
        for tab in self._all:
            before, now = self._phases.get(tab), tab.phase
            self._phases[tab] = now
            if tab is not self.shown and now and now.over and before and not before.over:
                self._app.tell(f"{tab.title}: {now.value}.")
        if self.waiting and not self.busy:
            self._start_next(self.waiting[0])
        self.renew()

    def _start_next(self, tab: ScanTab) -> None:
        if tab.queued is not None:
            self._app.tell(f"The scan of {tab.title} was queued and begins now.")
            self.start(tab, tab.queued)

    def renew(self) -> None:
        """Show the tabs in the bar, if there are several."""
        self.shown.screen.show_tabs(self.looks, self.shown_at)

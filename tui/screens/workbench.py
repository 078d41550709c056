"""Workbench: the main screen's panes, their places, and the timer that brings them snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.notifications import SeverityLevel
from textual.timer import Timer
from textual.widget import Widget

from engine.results.snapshot import Phase, Snapshot
from engine.sanitize import clean
from tui.failed_work import ReportsFailedWork
from tui.key_bar import KeyBar
from tui.screens.lookout import Lookout
from tui.screens.places import Places
from tui.thrifty_compositor import ThriftyCompositor
from tui.widgets.detail_pane import DetailPane
from tui.widgets.figure_pace import FigurePace
from tui.widgets.filter_bar import FilterBar
from tui.widgets.host_filter_bar import HostFilterBar
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.log_pane import LogPane
from tui.widgets.progress_pane import ProgressPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.status_line import StatusLine
from tui.widgets.tab_bar import TabBar, state_text

if TYPE_CHECKING:
    from engine.results.row import Row
    from engine.session import Explanation, ScanSession
    from tui.app import PyScanApp
    from tui.scan_tab import TabLook

PANE_TITLES = {
    "hosts": "Hosts", "centre": "Results", "detail": "Detail", "progress": "Progress", "log": "Log",
}  # fmt: skip
EXPLAIN_AFTER = 0.1
"""Seconds the cursor rests on a row before its evidence is decoded."""


class Workbench(ReportsFailedWork, Places):
    """Panes over one session. Everything shown comes from the session's newest snapshot."""

    AUTO_FOCUS: ClassVar[str | None] = "ResultsTable"
    app: PyScanApp

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ThriftyCompositor()
        self.session: ScanSession | None = None
        self.snapshot: Snapshot | None = None
        self.verbosity = 1
        self.capturing = False
        self._shown_log = (-1, -1)
        self._shown_detail: tuple[Row | None, int | None] | None = None
        self._seen_notices: set[str] = set()
        self._explain_timer: Timer | None = None
        self._lookout = Lookout()
        self._refusal = ""
        self._figure_pace = FigurePace()

    def compose(self) -> ComposeResult:
        """Header, hosts | results | detail, progress | log, keys."""
        keys = f"{self.key('previous_tab')} {self.key('next_tab')} go  {self.key('tabs')} list"
        yield StatusLine(badge="DEMO" if self.app.door.demonstration else "", id="status")
        yield TabBar(keys, id="tabs")
        with Horizontal(id="upper"):
            yield HostsPane(show_key=self.key("show_down"), id="hosts")
            with Container(id="work"):
                with Vertical(id="centre"):
                    yield FilterBar(id="filter")
                    yield ResultsTable(keys=self.app.keymap.keys, id="results")
                yield DetailPane(id="detail")
        with Container(id="lower"):
            yield ProgressPane(id="progress")
            yield LogPane(nothing=f"Nothing yet. {self.key('louder')} tells more.", id="log")
        yield HostFilterBar(id="host-filter")
        yield KeyBar(self.app.keymap.actions)

    def on_mount(self) -> None:
        """Name the panes and begin to look for snapshots."""
        if self.leaving:
            return
        for name, title in PANE_TITLES.items():
            self.query_one(f"#{name}").border_title = title
        self.table.group_by(self.grouping)
        self.fit(*self.app.size)
        self._lookout.begin(self, self.poll, awake=self.app.main is self)
        if self.session is not None:
            self._show_anew(self.session)
        else:
            self.table.refuse(self._refusal)
        self.app.tabs.renew()

    @property
    def leaving(self) -> bool:
        """True when the program ends or the tab was closed: panes may be gone already."""
        return not (self.app.is_running and self.is_attached and self.display)

    @property
    def ready(self) -> bool:
        """True while there are panes to show a scan in."""
        return self._lookout.begun and not self.leaving

    @property
    def table(self) -> ResultsTable:
        """The results."""
        return self.query_one(ResultsTable)

    @property
    def phase(self) -> Phase | None:
        """Where the scan is; None when there is none."""
        return None if self.snapshot is None else self.snapshot.phase

    def key(self, action: str) -> str:
        """The key of an action, for hints."""
        return self.app.keymap.key(action)

    def tell(self, text: str, severity: SeverityLevel = "information") -> None:
        """A notice that goes away by itself."""
        self.app.tell(text, severity)

    def attempt(self, command: Callable[[], None], done: str = "") -> None:
        """Give the engine a command, or say what is wrong with it. The engine itself tells what the
        command has changed, where ``done`` does not."""
        self._lookout.hurry()
        try:
            command()
        except self.app.door.refusals() as error:
            self.tell(str(error), "error")
        else:
            if done:
                self.tell(done)

    # Snapshots

    def adopt(self, session: ScanSession) -> None:
        """Show this session from now on, or as soon as the screen is there."""
        self.session, self.snapshot = session, None
        if self.ready:
            self._show_anew(session)

    def refuse(self, why: str) -> None:
        """A scan could not start: say so where its results would be, unless there are others."""
        self._refusal = why
        if self.session is None and self._lookout.begun:
            self.table.refuse(why)

    def _show_anew(self, session: ScanSession) -> None:
        """Clear the panes for a session."""
        self.table.refuse("")
        self._shown_log, self._shown_detail, self._figure_pace = (-1, -1), None, FigurePace()
        self._seen_notices.clear()
        for pane in (self.table, self.query_one(HostsPane), self.query_one(ProgressPane)):
            pane.clear()
        self.query_one(DetailPane).clear()
        self.query_one(LogPane).clear()
        self.query_one(HostFilterBar).clear()
        self.choose_host(None)
        self.set_hosts_wide(not session.spec.scan_ports)
        self.show_capturing(False)
        targets = session.spec.targets
        self.query_one(StatusLine).describe(clean(targets.text or str(targets), 200))
        self.poll()

    def wake(self) -> None:
        """The screen is shown from now on: catch up."""
        if self.ready:
            self._lookout.wake()
            self.fit(*self.app.size)
            self.poll()

    def rest(self) -> None:
        """Another scan's screen is shown: look at nothing until this one is again."""
        self._lookout.rest()

    def on_resize(self, event: events.Resize) -> None:
        """See soon whether there is room."""
        self._lookout.hurry()

    def show_tabs(self, looks: Sequence[TabLook], shown: int) -> None:
        """Show these tabs in the bar, which takes a line when they are several."""
        if not self.ready:
            return
        self.query_one(TabBar).show(looks, shown)
        if self.session is None and (look := looks[shown]).title:
            self.query_one(StatusLine).describe(f"{look.title}  {state_text(look)}")
            self.table.await_scan(look.title, queued=look.queued)
        if self.panes.note_bars(3 if len(looks) > 1 else 2):
            self.place_panes()

    def poll(self) -> None:
        """Hand the newest snapshot to the panes; nothing happens when nothing changed."""
        self.mind_size()
        if self.session is None:
            return
        newest = self.session.snapshot()
        fresh = self.snapshot is None or newest.serial != self.snapshot.serial
        self._lookout.note(newest.phase in (Phase.WAITING, Phase.RUNNING))
        if fresh:
            self.snapshot = newest
            self.query_one(ProgressPane).note(newest)
            self._announce(newest)
        if self._figure_pace.due(newest):
            self.show_snapshot()
        elif fresh:
            self._show_rows(newest)
        for outcome in self.session.take_outcomes():
            kind: SeverityLevel = "warning" if outcome.startswith("not done") else "information"
            self.tell(outcome[:1].upper() + outcome[1:], kind)
        self._show_log(self.session)
        self._watch_capture(self.session)

    def show_snapshot(self) -> None:
        """Let every visible pane draw the current snapshot."""
        self.query_one(KeyBar).show_phase(self.phase)
        if self.session is not None:
            self._show_log(self.session)
        if self.snapshot is None:
            return
        self._show_rows(self.snapshot)
        for pane in (self.query_one(StatusLine), *self.query(HostsPane), *self.query(ProgressPane)):
            if pane.display:
                pane.show(self.snapshot)

    def _show_rows(self, snapshot: Snapshot) -> None:
        if self.table.display:
            self.table.show(snapshot)
        self.show_detail()

    def _announce(self, snapshot: Snapshot) -> None:
        """Tell each notice once, and why a scan failed."""
        for line in filter(None, (*snapshot.notices, snapshot.failure)):
            if line not in self._seen_notices:
                self._seen_notices.add(line)
                self.tell(line, "error" if line == snapshot.failure else "warning")

    def _show_log(self, session: ScanSession) -> None:
        wanted = (session.log.newest, self.verbosity)
        if wanted != self._shown_log and self.shows("log"):
            self._shown_log = wanted
            self.query_one(LogPane).border_title = f"Log, level {self.verbosity} of 3"
            lines = session.log.lines(0, self.verbosity)
            self.query_one(LogPane).show_log(lines, self.verbosity)

    def show_capturing(self, capturing: bool) -> None:
        """Say in the header whether packets are written to a file."""
        self.capturing = capturing
        self.query_one(StatusLine).show_recording(capturing)

    def _watch_capture(self, session: ScanSession) -> None:
        """Tell when a capture ended by itself: the disk may be full."""
        failure = session.capture_failure if self.capturing else ""
        if failure:
            self.show_capturing(False)
            self.tell(f"The capture ended early: {failure}", "error")

    def choose_host(self, host: int | None) -> None:
        """Show one host's ports, or all."""
        self.table.set_query(replace(self.table.current_query, host=host))
        self.query_one(HostsPane).choose(host)

    # The port under the cursor

    def on_results_table_cursor_moved(self, event: ResultsTable.CursorMoved) -> None:
        """Show the port the cursor is on."""
        self.show_detail()

    def show_detail(self) -> None:
        """Show the row under the cursor at once; its evidence when the cursor rests."""
        if self.snapshot is None or not self.shows("detail"):
            return
        row = None if (key := self.table.cursor_key) is None else self.snapshot.row(key)
        if self._shown_detail == (row, key):
            return
        self._shown_detail = (row, key)
        self.query_one(DetailPane).show_row(self.snapshot, key, None)
        if self._explain_timer is not None:
            self._explain_timer.stop()
        if key is not None and row is not None:
            self._explain_timer = self.set_timer(EXPLAIN_AFTER, lambda: self._explain(key))

    @work(thread=True, exclusive=True, group="explain", exit_on_error=False)
    def _explain(self, key: int) -> None:
        """Decoding loads packet modules the first time, so it runs beside the screen."""
        if self.session is None:
            return
        explanation = self.session.explain(key)
        self.app.call_from_thread(self._show_explanation, key, explanation)

    def _show_explanation(self, key: int, explanation: Explanation | None) -> None:
        if self.snapshot is not None and self.ready and self.table.cursor_key == key:
            self.query_one(DetailPane).show_row(self.snapshot, key, explanation)

    def focused_pane(self) -> Widget | None:
        """The pane with the focus, for the help screen."""
        return self.focused

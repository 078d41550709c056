"""PyScanApp: starts and ends sessions, and holds what outlives a scan: plan, themes, rights."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from engine.sanitize import clean
from engine.spec.command_line import BuiltSpec
from engine.spec.error import SpecError
from tui.actions import SEVERAL
from tui.chosen_theme import ChosenTheme
from tui.config import Config
from tui.door import EngineDoor
from tui.failed_work import ReportsFailedWork
from tui.interrupted import InterruptedResults
from tui.layout_file import LayoutFile
from tui.line_input import LineInput
from tui.mended_lists import mend_lists
from tui.plan import Plan
from tui.profiles import ProfileShelf
from tui.recent import RecentTargets
from tui.scan_tabs import LOOK_EVERY, ScanTabs
from tui.screens.main import MainScreen
from tui.screens.palette import MOST_TYPED, Palette
from tui.screens.panes import PanePlan
from tui.screens.target_picker import TargetPicker
from tui.suspending import hold, let_go
from tui.target_text import problem_lines
from tui.terminal import TerminalDriver
from tui.theme_watch import ThemeWatch
from tui.themed_app import ThemedApp
from tui.user_folder import UserFolder, user_folder

if TYPE_CHECKING:
    from engine.session import ScanSession

USAGE_ERROR = 2


class PyScanApp(ReportsFailedWork, ThemedApp):
    """The program.

    Args:
        plan: the command line's options.
        door: the engine.
        recent: recent targets.
        config: the user's settings.
        folder: where the user's themes and profiles are.
        themes: what there is; ours when left out.
        theme: name of the theme to begin with; the configuration's when empty.
        chosen_theme: where a theme chosen in the program is kept; nowhere when left out.
        verbosity: level of the log to begin with, 1 to 3; the configuration's when 0.
        layout: where layouts of the panes are kept; nowhere when left out.
        interrupted: where results are kept when the program is made to end; nowhere when left out.

    Attributes:
        keymap: the actions with their keys.
        raw_rights: raw sockets are ours to use; taken to be so until the engine has been asked.
        cut_short: where the results of a scan are that was cut short last time; or empty.
        complaint: one line to print after the program, when options made no sense.
        when_loaded: is called as soon as the engine has been imported, too.
    """

    TITLE = "PyScan"
    CSS_PATH = "pyscan.tcss"
    COMMAND_PALETTE_BINDING = "f2"
    DEFAULT_MODE = "scan-1"
    BINDINGS: ClassVar[list[BindingType]] = [
        # In dialogs, too; the registry's action of the same name is the main screen's.
        Binding("ctrl+z", "suspend_scans", show=False, priority=True, id="suspend"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    def __init__(
        self,
        plan: Plan | None = None,
        *,
        door: EngineDoor | None = None,
        recent: RecentTargets | None = None,
        config: Config | None = None,
        folder: UserFolder | None = None,
        themes: ThemeWatch | None = None,
        theme: str = "",
        chosen_theme: ChosenTheme | None = None,
        verbosity: int = 0,
        layout: LayoutFile | None = None,
        interrupted: InterruptedResults | None = None,
    ) -> None:
        super().__init__(themes or ThemeWatch(), chosen_theme)
        mend_lists()
        self.config = config or Config()
        self.folder = folder or user_folder()
        self.keymap = self.config.keymap
        self.set_keymap(self.keymap.bindings)
        if not self.config.animations:
            self.animation_level = "none"
        self.door = door or EngineDoor()
        self.recent = recent or RecentTargets()
        self.raw_rights = True
        self.complaint = ""
        self.when_loaded: Callable[[], object] = bool
        self.interrupted = interrupted
        self.cut_short = "" if interrupted is None else interrupted.line()
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self.theme = theme or self.config.theme
        self.tabs = ScanTabs(self, plan or Plan.blank())
        self.main.verbosity = verbosity or self.config.verbosity
        self.main.recall_layout(PanePlan(self.config.layout), layout)

    @property
    def main(self) -> MainScreen:
        """The screen of the scan that is shown."""
        return self.tabs.shown.screen

    @property
    def plan(self) -> Plan:
        """What the next scan in the tab that is shown will be."""
        return self.tabs.shown.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self.tabs.shown.plan = plan

    @property
    def sessions(self) -> list[ScanSession]:
        """Those of all tabs, also after their end."""
        shown = [tab.screen.session for tab in self.tabs]
        return [session for session in shown if session is not None]

    # Beginning and end

    def get_driver_class(self) -> type[Driver]:
        """What reads the keys and draws the screen."""
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def on_mount(self) -> None:
        """Say what is not real, and what there is of a scan that was cut short."""
        self._running_loop = asyncio.get_running_loop()
        if self.door.demonstration:
            self.tell(self.door.demonstration)
        for warning in self.config.warnings:
            self.tell(warning, "warning")
        if self.cut_short:
            self.tell(self.cut_short, "warning")
        self.begin_to_mind_themes()
        self.begin_to_show_notices_once()
        self.app_resume_signal.subscribe(self, self._paint_anew)
        self.set_interval(LOOK_EVERY, self.tabs.look)

    def _paint_anew(self, _: object) -> None:
        """The terminal was another's meanwhile, and shows nothing of ours."""
        self.refresh(layout=True)

    def leave(self, code: int) -> None:
        """End with this exit code as soon as the event loop gets to it. For signal handlers."""
        if self._running_loop is not None:
            self._running_loop.call_soon_threadsafe(partial(self.exit, return_code=code))

    @work(group="suspend", exclusive=True, exit_on_error=False)
    async def action_suspend_scans(self) -> None:
        """Hold the scans back and stop the program; they go on when ``fg`` brings it back."""
        if not hasattr(signal, "SIGTSTP"):
            self.tell("This system cannot suspend programs.", "warning")
            return
        held = await hold(self.sessions)
        self.action_suspend_process()
        let_go(held)
        if held:
            self.tell("What was scanned was held back meanwhile and goes on now.")

    def keep_results(self) -> list[str]:
        """Write what the scans have found where the next start names it; lines for the user."""
        if self.interrupted is None:
            return []
        try:
            reports = [session.report() for session in self.sessions]
            kept = self.interrupted.keep(reports, self.door)
        except OSError as error:
            return [clean(f"the results could not be kept: {error}", 500)]
        return [f"the results so far are in {path}" for path in kept]

    def on_ready(self) -> None:
        """The first picture is on the screen: now read the engine, and start or ask."""
        if self.plan.names_targets:
            self.main.table.await_scan(" ".join(self.plan.args.targets) or "the targets")
        else:
            known = self.door.demonstration or self.folder.config.exists()
            self.main.open_picker(welcome=not known and not self.recent.read())
        self.input_order.begin()
        self._read_engine()

    @work(thread=True, group="engine", exit_on_error=False)
    def _read_engine(self) -> None:
        """Import the engine and learn what is possible here."""
        rights, defaults = self.door.can_send_raw(), self.door.default_scan_types()
        before = self.plan
        plan = replace(before, defaults=defaults)
        built: BuiltSpec | SpecError | None = None
        try:
            plan = plan.checked() if rights else plan.without_raw()
            built = plan.build(self.door.look_up) if plan.names_targets else None
        except SpecError as error:
            built = error
        self.call_from_thread(self._engine_read, before, plan, rights, built)

    def _engine_read(
        self, before: Plan, plan: Plan, rights: bool, built: BuiltSpec | SpecError | None
    ) -> None:
        """Take over what the worker made of the plan ``before``, which may be another by now."""
        self.when_loaded()
        self.plan = plan if self.plan is before else replace(self.plan, defaults=plan.defaults)
        self.raw_rights = rights
        if not rights:
            self.tell(
                "No raw-socket rights: TCP ports are probed by connecting. "
                f"{self.keymap.key('rights')} tells more.",
                "warning",
            )
        if isinstance(self.screen, TargetPicker):
            self.screen.update_plan(self.plan, self.plan_remark)
        if isinstance(built, SpecError):
            self.complaint = built.line
            self.exit(return_code=USAGE_ERROR)
        elif built is not None and built.spec.targets:
            self.start_scan(built)
        elif built is not None:
            refusal = "\n".join(problem_lines(built)[:3]) or "There is no address in it."
            self.main.table.await_scan("")
            self.main.open_picker(typed=" ".join(self.plan.args.targets), refusal=refusal)

    @property
    def plan_remark(self) -> str:
        """What the target picker says about how targets will be scanned."""
        try:
            line = f"Then: {self.plan.title}"
        except SpecError as error:
            line = error.line
        if self.door.demonstration:
            line += f"\n{self.door.demonstration}"
        if not self.raw_rights:
            line += "\nNo raw-socket rights here: "
            line += f"{self.keymap.key('rights')} on the main screen tells how to get them."
        if self.cut_short:
            line += f"\n{self.cut_short}"
        return line

    def keep_plan(self, plan: Plan) -> str:
        """Scan by this plan from the next scan on; what the target picker says about it."""
        self.plan = plan
        return self.plan_remark

    def start_scan(self, built: BuiltSpec) -> None:
        """End the session of the tab that is shown, and begin another in its place."""
        self.tell_problems(built)
        self.tabs.start(self.tabs.shown, built)

    def tell_problems(self, built: BuiltSpec) -> None:
        """Say which targets cannot be scanned, and what else is to note."""
        for line in problem_lines(built)[:3]:
            self.tell(line, "warning")
        for note in built.notes[:3]:
            self.tell(note)

    def profile_shelf(self) -> ProfileShelf:
        """Ours and the user's profiles, as they are on the disk now."""
        return ProfileShelf(self.folder.expand(self.config.profiles), self.folder)

    def close_sessions(self) -> None:
        """End every session's thread. Safe to call again and from any thread."""
        self.tabs.close_all()

    async def hand_on(self, event: events.Event) -> None:
        """Keys that were typed ahead of the program's end find no screen, and are nobody's; the
        palette takes short lines only."""
        if not self._screen_stack:
            return
        if isinstance(event, events.Paste) and self._too_much(event.text):
            self.on_line_input_too_long(LineInput.TooLong(MOST_TYPED))
            return
        await super().hand_on(event)

    def _too_much(self, text: str) -> bool:
        return isinstance(self.screen, Palette) and len(text) > MOST_TYPED

    def on_line_input_too_long(self, event: LineInput.TooLong) -> None:
        """Say why nothing was pasted, where the screen has no place of its own for that."""
        self.tell(f"Nothing was pasted: it is more than {event.limit:,} characters.", "warning")

    def on_unmount(self) -> None:
        """Leave no thread behind."""
        self.close_sessions()

    # For everyone

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Commands of the palette: what makes sense now."""
        if screen is not self.main:
            return
        for action in self.keymap.actions:
            fits = action.name not in SEVERAL or len(self.tabs) > 1
            if action.palette and fits and action.needs.met(self.main.phase):
                yield SystemCommand(
                    f"{action.group.name.lower()}: {action.title}",
                    action.help,
                    lambda name=action.name: self.main.action_act(name),
                )

    def action_command_palette(self) -> None:
        """Search commands: they are the main screen's, so only there."""
        if self.screen is self.main:
            self.push_screen(Palette(id="--command-palette"))

    async def action_quit(self) -> None:
        """Ctrl+Q: as the main screen's quit, from anywhere."""
        if self.screen is self.main:
            self.main.do_quit()
        else:
            self.exit()

"""Commands that begin scans: in this tab, in a new one, or when those that run have ended."""

from __future__ import annotations

from enum import Enum

from engine.spec.command_line import BuiltSpec
from tui.scan_tab import ScanTab
from tui.screens.confirm import Confirm
from tui.screens.dialog import given
from tui.screens.target_picker import TargetPicker
from tui.screens.workbench import Workbench


class Start(Enum):
    """Where a scan begins."""

    HERE = "in place of it"
    NEW_TAB = "now in a new tab"
    QUEUED = "queued: when this scan ends"


class StartCommands(Workbench):
    """Choose targets, and where their scan begins."""

    def do_targets(self) -> None:
        """Open the target picker; while a scan runs, the picker asks where the next one begins."""
        self.open_picker()

    def do_new_tab(self) -> None:
        """Open the target picker for a scan in a new tab."""
        if self.app.tabs.full:
            self._tell_full()
        else:
            self.open_picker(Start.NEW_TAB)

    def open_picker(
        self,
        wanted: Start | None = None,
        *,
        welcome: bool = False,
        typed: str = "",
        refusal: str = "",
    ) -> None:
        """Ask for targets and scan them; ``wanted`` is where, unless the user says otherwise.
        ``welcome`` is for the first time. ``typed`` stands in the line at first, with the reason
        why it was refused."""
        tabs = self.app.tabs
        starts = self.possible_starts()
        alone = tabs.busy == [tabs.shown]
        words = [_words(start, alone) for start in starts]
        picker = TargetPicker(
            self.app.door,
            self.app.recent,
            self.app.plan,
            remark=self.app.plan_remark,
            keep=self.app.keep_plan,
            welcome=welcome,
            typed=typed,
            refusal=refusal,
            starts=words if len(starts) > 1 else (),
            start=starts.index(wanted) if wanted in starts else 0,
        )

        def begin(built: BuiltSpec) -> None:
            self._begin(built, starts[picker.start])

        self.app.push_screen(picker, given(begin))

    def possible_starts(self) -> tuple[Start, ...]:
        """Where the next scan could begin, the most likely first."""
        tabs = self.app.tabs
        order = (Start.HERE, Start.NEW_TAB, Start.QUEUED)
        if tabs.shown.busy:
            order = (Start.NEW_TAB, Start.QUEUED, Start.HERE)
        missing = set()
        if tabs.full:
            missing |= {Start.NEW_TAB, Start.QUEUED}
        if tabs.shown.empty:
            missing.add(Start.NEW_TAB)
        if not tabs.busy:
            missing.add(Start.QUEUED)
        return tuple(start for start in order if start not in missing)

    def _begin(self, built: BuiltSpec, start: Start) -> None:
        tabs = self.app.tabs
        if start is Start.HERE:
            self._begin_here(built, tabs.shown)
        elif tabs.full:
            self._tell_full()
        elif start is Start.NEW_TAB:
            tabs.show(tabs.new())
            self.app.start_scan(built)
        else:
            self.app.tell_problems(built)
            tab = tabs.new()
            tabs.queue(tab, built)
            self.tell(f"{tab.title} is queued: it begins when no other scan runs.")

    def _begin_here(self, built: BuiltSpec, tab: ScanTab) -> None:
        """Begin in place of what the tab has; of a scan that runs only after a question."""
        if not tab.busy:
            self.app.start_scan(built)
            return
        question = (
            "A scan is running. Stop it and start another? "
            f"Its results go away ({self.key('export')} exports)."
        )
        self.app.push_screen(
            Confirm(question, yes="Start the other", no="Go on scanning"),
            lambda yes: self.app.start_scan(built) if yes else None,
        )

    def _tell_full(self) -> None:
        count, close = len(self.app.tabs), self.key("close_tab")
        self.tell(f"There are {count} tabs, and no more can be: {close} closes one.", "warning")


def _words(start: Start, alone: bool) -> str:
    """What the picker calls it; ``alone``: the scan that is shown is the only one that runs."""
    return start.value if start is not Start.QUEUED or alone else "queued: when no scan runs"

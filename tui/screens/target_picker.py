"""TargetPicker: what to scan, typed or chosen from this machine's networks and recent targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.widgets import Input, OptionList, Static

from engine.spec.command_line import BuiltSpec
from engine.spec.error import SpecError
from tui.door import EngineDoor
from tui.line_input import LineInput
from tui.plan import Finding, Plan
from tui.recent import RecentTargets
from tui.screens.dialog import Dialog
from tui.screens.target_verdict import TargetVerdict
from tui.target_text import names_a_file, problem_lines
from tui.widgets.choice_line import ChoiceLine
from tui.widgets.target_suggestions import LOCALHOST, TargetSuggestions

MAX_TYPED = 20_000
WELCOME = """\
Welcome to PyScan. Press Enter to see what is open on this machine, now.
Scan others only if you may; pyscan-tui --demo scans a made-up network."""
WAYS: tuple[tuple[Finding, str], ...] = (
    (Finding.PING, "ping first"),
    (Finding.EVERY, "scan every one"),
    (Finding.ONLY, "only find them"),
    (Finding.LIST, "only list"),
)
"""How hosts are found, in words."""


class TargetPicker(Dialog[BuiltSpec]):
    """Gives back the scan of what was picked, names looked up.

    Args:
        door: the engine, for this machine's networks.
        recent: recent targets.
        plan: how the targets will be scanned.
        remark: a line or two about that.
        adding: the targets are added to a running scan.
        keep: is given the plan when the user changes how hosts are found; its answer is the new
            remark.
        welcome: PyScan was never used before: say how to begin.
        typed: stands in the line at first.
        refusal: why that could not be scanned.
        starts: where the scan could begin, in words; the user is asked when there are any.
        start: the place among them that is chosen.

    Attributes:
        start: the place among ``starts`` that the user chose.
    """

    def __init__(
        self,
        door: EngineDoor,
        recent: RecentTargets,
        plan: Plan,
        *,
        remark: str = "",
        adding: bool = False,
        keep: Callable[[Plan], str] = lambda _: "",
        welcome: bool = False,
        typed: str = "",
        refusal: str = "",
        starts: Sequence[str] = (),
        start: int = 0,
    ) -> None:
        super().__init__()
        self.heading = "Add targets to this scan" if adding else "What to scan"
        lines = "" if adding else "   Tab to the lines below, ← → change"
        self.keys = f"Enter {'add' if adding else 'start'}   ↓ list{lines}   Esc close"
        self._adding = adding
        self._keep = keep
        self._welcome = welcome
        self._typed, self._refusal = typed[:MAX_TYPED], refusal
        self._starts = starts
        self.start = start
        self._door = door
        self._recent = recent
        self._plan = plan
        self._remark = remark
        self._busy = False
        self._found: tuple[str, BuiltSpec | SpecError] | None = None

    def compose_parts(self) -> ComposeResult:
        """The welcome, input, verdict, suggestions, plan."""
        if self._welcome:
            yield Static(Text(WELCOME), id="welcome", markup=False)
        yield LineInput(
            self._typed,
            placeholder="localhost  or  10.0.0.0/24 10.0.1.1-20 host.name 2001:db8::/120 @file",
            max_length=MAX_TYPED,
            id="targets",
        )
        does = "adds" if self._adding else "scans"
        empty = f"Enter {does} localhost. Nothing else is scanned unless named."
        yield TargetVerdict(empty, id="verdict")
        yield TargetSuggestions(self._door, self._recent, id="suggestions")
        if not self._adding:
            ways = [way for way, _ in WAYS]
            words = [words for _, words in WAYS]
            yield ChoiceLine("Hosts", words, ways.index(self._plan.finding), id="finding")
            if not self._door.demonstration:
                names = ("look up", "do not")
                yield ChoiceLine("Names", names, 1 - self._plan.looks_up_names, id="names")
        if self._starts:
            yield ChoiceLine("Start", self._starts, self.start, id="start")
        yield Static(Text(self._remark), id="remark", markup=False)

    def on_choice_line_changed(self, event: ChoiceLine.Changed) -> None:
        """Find hosts another way, or look names up or not; the plan keeps it."""
        if event.line.id == "start":
            self.start = event.line.chosen
            return
        if event.line.id == "finding":
            plan = self._plan.with_finding(WAYS[event.line.chosen][0])
        else:
            plan = self._plan.with_names(event.line.chosen == 0)
        self.update_plan(plan, self._keep(plan))

    def update_plan(self, plan: Plan, remark: str) -> None:
        """Scan by another plan: the engine has told what is possible here."""
        self._plan, self._remark = plan, remark
        self.query_one("#remark", Static).update(Text(remark))

    def on_mount(self) -> None:
        """Let the user type at once; suggestions follow."""
        self.query_one(Input).focus()

    @property
    def _verdict(self) -> TargetVerdict:
        return self.query_one(TargetVerdict)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is typed means."""
        if self._refusal and event.value == self._typed:
            self._verdict.refuse(self._refusal)
            return
        self._refusal = ""
        if not self._busy:
            self._verdict.judge(event.value)

    def on_line_input_too_long(self, event: LineInput.TooLong) -> None:
        """Say why nothing was pasted."""
        event.stop()
        self._verdict.refuse(
            f"That is more than {event.limit:,} characters: put it into a file and type @file."
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look names up, then give the addresses back."""
        self._submit()

    def _submit(self) -> None:
        if not self._busy:
            self._busy = True
            self._verdict.hush()
            self._verdict.say("Looking up …")
            self._resolve(self.query_one(Input).value.strip() or LOCALHOST)

    @work(thread=True, exclusive=True, group="targets", exit_on_error=False)
    def _resolve(self, text: str) -> None:
        found: BuiltSpec | SpecError
        try:
            plan = replace(self._plan, defaults=self._door.default_scan_types())
            found = plan.with_targets(text).build(self._door.look_up)
        except SpecError as error:
            found = error
        self.app.call_from_thread(self._finish, text, found)

    def _finish(self, text: str, found: BuiltSpec | SpecError) -> None:
        if not self.is_mounted:
            return
        if not self.is_active:
            self._found = (text, found)
            return
        self._busy = False
        verdict = self._verdict
        if isinstance(found, SpecError) and names_a_file(text):
            verdict.refuse(found.line)
        elif isinstance(found, SpecError):
            verdict.complain(text, found)
        elif not found.spec.targets:
            verdict.refuse("\n".join(problem_lines(found)[:3]) or "There is no address in it.")
        else:
            self._recent.add(text)
            self.dismiss(found)

    def on_screen_resume(self) -> None:
        """Nothing covers the picker any longer: take what was found in the meantime."""
        found, self._found = self._found, None
        if found is not None:
            self._finish(*found)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Put the line into the input, where its size shows before anything is sent."""
        text = self.query_one(TargetSuggestions).text_at(event.option_index)
        self.query_one(LineInput).take(text)

    def on_key(self, event: events.Key) -> None:
        """Move between the input and the list with the arrows; Enter starts from the lines, too."""
        suggestions = self.query_one(TargetSuggestions)
        if event.key == "down" and isinstance(self.focused, Input) and suggestions.option_count:
            event.stop()
            suggestions.focus()
        elif event.key == "enter" and isinstance(self.focused, ChoiceLine):
            event.stop()
            self._submit()
        elif event.key == "up" and self.focused is suggestions and suggestions.at_top:
            event.stop()
            event.prevent_default()
            self.query_one(Input).focus()

"""TargetPicker: what to scan, typed or chosen from this machine's networks and recent targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.sanitize import clean
from engine.spec.command_line import BuiltSpec
from engine.spec.error import SpecError
from engine.spec.targets import TargetExpressions, parse_target_file, parse_targets
from tui.door import EngineDoor
from tui.line_input import LineInput
from tui.plan import FILE_MARK, Finding, Plan, expand
from tui.recent import RecentTargets
from tui.screens.dialog import Dialog, Verdict
from tui.widgets.choice_line import ChoiceLine

MAX_TYPED = 20_000
FILE_PAUSE = 0.25
"""Seconds without a key before a file that is being named is read."""
LOCALHOST = "localhost"
WELCOME = """\
Welcome to PyScan. Press Enter to see what is open on this machine, now.
Name others only if you may scan them; pyscan-tui --demo needs none."""
WAYS: tuple[tuple[Finding, str], ...] = (
    (Finding.PING, "ping first"),
    (Finding.EVERY, "scan every one"),
    (Finding.ONLY, "only find them"),
    (Finding.LIST, "only list"),
)
"""How hosts are found, in words."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line of the list: ``text`` goes into the input."""

    text: str
    about: str
    heading: bool = False


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
        self._suggestions: list[Suggestion] = []
        self._pause: Timer | None = None
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
        yield Verdict(id="verdict")
        yield OptionList(id="suggestions")
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
        """Show what is known at once; networks follow when the engine has been read."""
        self._say_empty()
        self.query_one(Input).focus()
        self._find_suggestions()

    @work(thread=True, exclusive=True, group="suggestions", exit_on_error=False)
    def _find_suggestions(self) -> None:
        found = [Suggestion("", "This machine", heading=True), *self._networks()]
        recent = self._recent.read()
        if recent:
            found.append(Suggestion("", self._recent.heading, heading=True))
            found += [Suggestion(text, "") for text in recent]
        self.app.call_from_thread(self._show_suggestions, found)

    def _networks(self) -> Iterable[Suggestion]:
        """localhost and every network that is up; what cannot be listed is left out."""
        yield Suggestion(LOCALHOST, "this machine, from the inside")
        try:
            networks = self._door.local_networks()
        except OSError as error:
            yield Suggestion("", f"networks cannot be listed: {clean(str(error), 60)}", True)
            return
        for one in networks:
            if one.is_loopback or not one.is_up:
                continue
            gateway = f", gateway {one.gateway}" if one.gateway else ""
            about = f"{one.interface}, own address {one.address}{gateway}"
            yield Suggestion(one.network or one.address, clean(about, 120))

    def _show_suggestions(self, found: list[Suggestion]) -> None:
        if not self.is_mounted:
            return
        self._suggestions = found
        self.query_one("#suggestions", OptionList).add_options(
            Option(_line(one), disabled=one.heading) for one in found
        )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check as it is typed; files after a pause and in a thread."""
        if self._refusal and event.value == self._typed:
            self.query_one(Verdict).refuse(self._refusal)
            return
        self._refusal = ""
        if self._pause is not None:
            self._pause.stop()
        if self._busy:
            return
        if names_a_file(event.value):
            self.query_one(Verdict).say("Targets from a file …")
            self._pause = self.set_timer(FILE_PAUSE, lambda: self._check_file(event.value))
        else:
            self._check(event.value)

    def on_line_input_too_long(self, event: LineInput.TooLong) -> None:
        """Say why nothing was pasted."""
        event.stop()
        self.query_one(Verdict).refuse(
            f"That is more than {event.limit:,} characters: put it into a file and type @file."
        )

    def _say_empty(self) -> None:
        does = "adds" if self._adding else "scans"
        text = f"Enter {does} localhost. Nothing else is scanned unless named."
        self.query_one(Verdict).say(text)

    def _check(self, text: str) -> None:
        if not text.strip():
            self._say_empty()
            return
        try:
            expressions = read_targets(text)
        except SpecError as error:
            self.query_one(Verdict).complain(text, error)
        else:
            self.query_one(Verdict).accept(address_count(expressions))

    @work(thread=True, exclusive=True, group="targets", exit_on_error=False)
    def _check_file(self, text: str) -> None:
        found: TargetExpressions | SpecError
        try:
            found = read_targets(text)
        except SpecError as error:
            found = error
        self.app.call_from_thread(self._show_file, text, found)

    def _show_file(self, text: str, found: TargetExpressions | SpecError) -> None:
        if not self.is_mounted or self.query_one(Input).value != text or self._busy:
            return
        if isinstance(found, SpecError):
            self.query_one(Verdict).refuse(found.line)
        else:
            self.query_one(Verdict).accept(f"{address_count(found)} in the file")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look names up, then give the addresses back."""
        self._submit()

    def _submit(self) -> None:
        if not self._busy:
            self._busy = True
            self.query_one(Verdict).say("Looking up …")
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
        verdict = self.query_one(Verdict)
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
        line = self.query_one(Input)
        line.value = self._suggestions[event.option_index].text
        line.cursor_position = len(line.value)
        line.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A list with the focus always shows where."""
        suggestions = self.query_one("#suggestions", OptionList)
        if event.widget is suggestions and suggestions.highlighted is None:
            suggestions.action_first()

    def on_key(self, event: events.Key) -> None:
        """Move between the input and the list with the arrows; Enter starts from the lines, too."""
        suggestions = self.query_one("#suggestions", OptionList)
        if event.key == "down" and isinstance(self.focused, Input) and self._suggestions:
            event.stop()
            suggestions.focus()
        elif event.key == "enter" and isinstance(self.focused, ChoiceLine):
            event.stop()
            self._submit()
        elif (
            event.key == "up"
            and self.focused is suggestions
            and suggestions.highlighted in (None, 1)
        ):
            event.stop()
            event.prevent_default()
            self.query_one(Input).focus()


def _line(one: Suggestion) -> Text:
    if one.heading:
        return Text(one.about, style="bold", no_wrap=True, overflow="ellipsis")
    line = Text(f"  {clean(one.text, 200):<18}", no_wrap=True, overflow="ellipsis")
    if one.about:
        line.append("  " + one.about, style="dim")
    return line


def names_a_file(text: str) -> bool:
    """True for ``@path``."""
    return text.lstrip().startswith(FILE_MARK)


def read_targets(text: str) -> TargetExpressions:
    """The expressions typed, or those in the file behind ``@``. Raises SpecError."""
    if names_a_file(text):
        return parse_target_file(expand(text.strip().removeprefix(FILE_MARK).strip()))
    return parse_targets(text)


def problem_lines(built: BuiltSpec) -> list[str]:
    """One harmless line per target that could not be used."""
    return [clean(f"{expression} {why}", 200) for expression, why in built.target_problems]


def address_count(expressions: TargetExpressions) -> str:
    """For example ``256 addresses`` or ``4 addresses and 1 name to look up``."""
    names = len(expressions.host_names)
    literal = expressions.literals.count
    parts = []
    if literal:
        parts.append("1 address" if literal == 1 else f"{literal:,} addresses")
    if names:
        parts.append(f"{names:,} name{'' if names == 1 else 's'} to look up")
    return " and ".join(parts) or "no address"

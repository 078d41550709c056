"""ProfileEditor: a form and the command line that means the same; a change of one changes the
other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from tui import format as fmt
from tui.line_input import LineInput
from tui.plan import Finding, Plan, scan_type_title
from tui.profile_plan import Form, changed, command_plan, form_of, meaning, type_choices
from tui.profiles import MAX_ABOUT, MAX_COMMAND, MAX_NAME, Profile, ProfileError, check_texts
from tui.screens.dialog import Dialog, Verdict

FINDING_TITLES = {
    Finding.PING: "hosts that answer a ping",
    Finding.EVERY: "every target, unasked (-Pn)",
    Finding.ONLY: "only find hosts, no ports (-sn)",
    Finding.LIST: "only list the targets (-sL)",
}
_TEXTS = {"ports": 1000, "max_rate": 20, "max_retries": 5}
"""Fields of the form that are typed, and how much."""
_MEANING_WIDTH = 72
"""Cells for what a profile means, on a screen of 80."""


class ProfileEditor(Dialog[Profile]):
    """Gives back ``profile`` as the user wants it."""

    keys = "Tab, Shift+Tab move   Enter save (in a line), choose (in a list)   Esc close"

    def __init__(self, profile: Profile, heading: str) -> None:
        super().__init__()
        self.heading = heading
        self._profile = profile
        self._plan = command_plan(profile.command)

    def compose_parts(self) -> ComposeResult:
        """Name, form, command line, what is wrong with it."""
        form = form_of(self._plan)
        yield _row("Name", _line("name", self._profile.name, MAX_NAME))
        yield _row("For", _line("purpose", self._profile.about, MAX_ABOUT))
        yield _row("Scan type", _select("types", _type_options(form.types), form.types))
        yield _row("Ports", _line("ports", form.ports, _TEXTS["ports"], "default"))
        yield _row("Timing", _select("timing", _TIMINGS, form.timing))
        yield _row("Hosts", _select("finding", _FINDINGS, form.finding))
        yield _row("Names", _select("names", _NAMES, form.names))
        yield _row("Probes/s at most", _line("max_rate", form.max_rate, 20, "no limit of its own"))
        yield _row("Re-sends at most", _line("max_retries", form.max_retries, 5, "the template's"))
        yield _row("Command", _line("command", self._plan.command, MAX_COMMAND))
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """Begin where something is missing."""
        self.query_one("#command" if self._profile.name else "#name").focus()
        self._judge()

    # In step

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "command":
            self._take(lambda: command_plan(event.value), but="command")
        elif event.input.id in _TEXTS:
            self._change(event.input.id, event.value)
        else:
            self._judge()

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        if event.select.id is not None and event.value is not Select.NULL:
            self._change(event.select.id, event.value)

    def _change(self, field: str, value: Any) -> None:
        """One field of the form has another value."""
        change: dict[str, Any] = {field: value}
        form = replace(form_of(self._plan), **change)
        self._take(lambda: changed(self._plan, form), but=field)

    def _take(self, make: Callable[[], Plan], but: str) -> None:
        """Take over the plan that ``make`` gives and show it everywhere ``but`` where it comes
        from; a plan that makes no sense changes nothing."""
        try:
            self._plan = make()
        except ProfileError as error:
            self.query_one(Verdict).refuse(str(error))
            return
        self._show(form_of(self._plan), but)
        self._judge()

    def _show(self, form: Form, but: str) -> None:
        with self.prevent(Input.Changed, Select.Changed):
            if but != "command":
                self.query_one("#command", Input).value = self._plan.command
            for field in _TEXTS:
                if field != but:
                    self.query_one(f"#{field}", Input).value = getattr(form, field)
            if but != "types":
                self.query_one("#types", Select).set_options(_type_options(form.types))
            for field in ("types", "timing", "finding", "names"):
                self.query_one(f"#{field}", Select).value = getattr(form, field)

    # The end

    def _made(self) -> Profile:
        name, about = (self.query_one(f"#{id}", Input).value.strip() for id in ("name", "purpose"))
        return replace(self._profile, name=name, about=about, command=self._plan.command)

    def _judge(self) -> bool:
        """Say whether the profile can be saved as it is."""
        verdict = self.query_one(Verdict)
        try:
            check_texts(self._made())
            command_plan(self.query_one("#command", Input).value)
            typed: dict[str, Any] = {
                field: self.query_one(f"#{field}", Input).value for field in _TEXTS
            }
            changed(self._plan, replace(form_of(self._plan), **typed))
        except ProfileError as error:
            verdict.refuse(str(error))
            return False
        verdict.accept("\n  ".join(fmt.flow(meaning(self._plan), " · ", _MEANING_WIDTH)))
        return True

    @on(Input.Submitted)
    def _save(self, event: Input.Submitted) -> None:
        event.stop()
        if self._judge():
            self.dismiss(self._made())

    @on(LineInput.TooLong)
    def _refuse_paste(self, event: LineInput.TooLong) -> None:
        event.stop()
        self.query_one(Verdict).refuse(f"That is more than {event.limit:,} characters.")


_TIMINGS = [(one.label, one.number) for one in TEMPLATES]
_FINDINGS = [(title, one) for one, title in FINDING_TITLES.items()]
_NAMES = [("looked up in the DNS", True), ("not looked up (-n)", False)]


def _type_options(now: tuple[ScanType, ...]) -> list[tuple[str, tuple[ScanType, ...]]]:
    return [
        (scan_type_title(types) or "as the rights allow: SYN or connect", types)
        for types in type_choices(now)
    ]


def _row(label: str, widget: Widget) -> Horizontal:
    return Horizontal(Static(label, classes="label", markup=False), widget, classes="row")


def _line(id: str, value: str, most: int, placeholder: str = "") -> LineInput:
    return LineInput(value, placeholder=placeholder, max_length=most, id=id, compact=True)


def _select(id: str, options: list[tuple[str, Any]], value: Any) -> Select[Any]:
    return Select(options, value=value, allow_blank=False, id=id, compact=True)

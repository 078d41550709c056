"""ExportDialog: write the results to a file in one of the engine's formats."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from engine.results.report import ScanReport
from engine.sanitize import clean
from engine.spec.port_state import PortState
from tui.door import EngineDoor
from tui.export_parts import PartChoice
from tui.line_input import LineInput
from tui.screens.dialog import Dialog, Verdict
from tui.screens.file_choice import MAX_PATH, choose_file
from tui.widgets.choice_line import ChoiceLine

if TYPE_CHECKING:
    from engine.session import ExportFormat


class FormatList(OptionList):
    """The formats; sideways keys choose which rows to write."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "screen.step_part(-1)", "Rows before", show=False),
        Binding("right", "screen.step_part(1)", "Next rows", show=False),
    ]


class ExportDialog(Dialog[Path]):
    """Writes ``report`` or one of the ``parts`` of it; gives back the path it was written to."""

    heading = "Export the results"

    def __init__(
        self, door: EngineDoor, report: ScanReport, parts: Sequence[PartChoice] = ()
    ) -> None:
        super().__init__()
        self._what = "rows" if report.spec.scan_ports else "hosts"
        which = f"← → which {self._what}   " if parts else ""
        self.keys = f"Enter write   ↑ ↓ format   {which}Tab file name   Esc close"
        self._door = door
        self._report = report
        self._parts: tuple[PartChoice | None, ...] = (None, *parts)
        self._part: PartChoice | None = None
        self._formats: tuple[ExportFormat, ...] = tuple(door.export_formats().values())
        self._format = self._formats[0]
        self._busy = False

    def compose_parts(self) -> ComposeResult:
        """Which rows, formats, file name, verdict."""
        if len(self._parts) > 1:
            labels = [one.label if one else _everything(self._report) for one in self._parts]
            yield ChoiceLine(self._what.capitalize(), labels, 0, id="part")
        yield FormatList(*(Option(_line(one)) for one in self._formats), id="formats")
        name = default_name(self._report) + self._ending
        yield LineInput(name, max_length=MAX_PATH, id="path")
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """Start with the list of formats."""
        formats = self.query_one("#formats", OptionList)
        formats.highlighted = 0
        formats.focus()
        self._say_where()

    @property
    def _ending(self) -> str:
        """How the file's name ends; that of a part says so."""
        return ("-part" if self._part else "") + self._format.suffix

    def _say_where(self) -> None:
        what = f"Only {clean(self._part.words, 300)}.\n" if self._part else ""
        with contextlib.suppress(OSError):
            self.query_one(Verdict).say(f"{what}In the folder {clean(str(Path.cwd()), 300)}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Write in the highlighted format."""
        self._choose(self._part, self._formats[event.option_index])

    def on_choice_line_changed(self, event: ChoiceLine.Changed) -> None:
        """Write other rows."""
        event.stop()
        self._choose(self._parts[event.line.chosen], self._format)

    def action_step_part(self, step: int) -> None:
        """Write the rows beside."""
        for line in self.query(ChoiceLine):
            line.action_step(step)

    def _choose(self, part: PartChoice | None, chosen: ExportFormat) -> None:
        """Let the ending of the file's name follow, unless the user wrote another one."""
        line, before = self.query_one("#path", Input), self._ending
        self._part, self._format = part, chosen
        if line.value.endswith(before):
            line.value = line.value.removesuffix(before) + self._ending
        self._say_where()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter in the list writes."""
        event.stop()
        self._write_checked()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the file name writes."""
        event.stop()
        self._write_checked()

    def _write_checked(self) -> None:
        """Write, after asking when the file is there already."""
        if self._busy:
            return
        typed = self.query_one("#path", Input).value
        choose_file(self, typed, self._start, stands=Path.is_file)

    def _start(self, path: Path) -> None:
        self._busy = True
        self.query_one(Verdict).say("Writing …")
        self._write(self._part, self._format.name, path)

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def _write(self, chosen: PartChoice | None, format_name: str, path: Path) -> None:
        problem, report = "", self._report
        if chosen is not None:
            report = replace(report, part=chosen.part(report.snapshot.view))
        try:
            self._door.export(report, format_name, path)
        except OSError as error:
            problem = clean(error.strerror or str(error), 200)
        self.app.call_from_thread(self._finish, path, problem)

    def _finish(self, path: Path, problem: str) -> None:
        if not self.is_mounted:
            return
        self._busy = False
        if problem:
            self.query_one(Verdict).refuse(f"{clean(str(path), 300)}: {problem}")
        else:
            self.dismiss(path)


def default_name(report: ScanReport) -> str:
    """``pyscan-<target>-<date>-<time>`` with nothing in it that a file system minds."""
    first = str(report.spec.targets.text or report.spec.targets).split(" ")[0][:40]
    target = re.sub(r"[^A-Za-z0-9.-]+", "_", first).strip("._-") or "scan"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(report.written_at))
    return f"pyscan-{target}-{stamp}"


def _everything(report: ScanReport) -> str:
    """How the whole is called: without ports it is all hosts that are up, or all of a mere list."""
    if not report.spec.scan_ports:
        up = report.snapshot.hosts.up
        return f"all {up:,} up" if up else "all"
    totals = report.snapshot.view.totals
    return f"all {sum(totals.values()) - totals[PortState.PENDING]:,}"


def _line(one: ExportFormat) -> Text:
    return Text(f"{one.name:<6} {one.title}", no_wrap=True, overflow="ellipsis")

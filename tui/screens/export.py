"""ExportDialog: write the results to a file in one of the engine's formats."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from engine.results.report import ScanReport
from engine.sanitize import clean
from tui.door import EngineDoor
from tui.line_input import LineInput
from tui.screens.dialog import Dialog, Verdict
from tui.screens.file_choice import choose_file

if TYPE_CHECKING:
    from engine.session import ExportFormat

MAX_PATH = 4096


class ExportDialog(Dialog[Path]):
    """Writes ``report``; gives back the path it was written to."""

    heading = "Export the results"
    keys = "Enter write   ↑ ↓ format   Tab to and from the file name   Esc close"

    def __init__(self, door: EngineDoor, report: ScanReport) -> None:
        super().__init__()
        self._door = door
        self._report = report
        self._formats: tuple[ExportFormat, ...] = tuple(door.export_formats().values())
        self._format = self._formats[0]
        self._busy = False

    def compose_parts(self) -> ComposeResult:
        """Formats, file name, verdict."""
        yield OptionList(*(Option(_line(one)) for one in self._formats), id="formats")
        name = default_name(self._report) + self._format.suffix
        yield LineInput(name, max_length=MAX_PATH, id="path")
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """Start with the list of formats."""
        formats = self.query_one("#formats", OptionList)
        formats.highlighted = 0
        formats.focus()
        self._say_where()

    def _say_where(self) -> None:
        with contextlib.suppress(OSError):
            self.query_one(Verdict).say(f"In the folder {clean(str(Path.cwd()), 300)}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Let the file name's ending follow the format, unless the user wrote another one."""
        line = self.query_one("#path", Input)
        old, self._format = self._format, self._formats[event.option_index]
        if line.value.endswith(old.suffix):
            line.value = line.value.removesuffix(old.suffix) + self._format.suffix
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
        self._write(self._format.name, path)

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def _write(self, format_name: str, path: Path) -> None:
        problem = ""
        try:
            self._door.export(self._report, format_name, path)
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


def _line(one: ExportFormat) -> Text:
    return Text(f"{one.name:<6} {one.title}", no_wrap=True, overflow="ellipsis")

"""TargetVerdict: what the targets mean that are being typed, or where they are wrong."""

from __future__ import annotations

from textual import work
from textual.timer import Timer

from engine.spec.error import SpecError
from engine.spec.targets import TargetExpressions
from tui.failed_work import ReportsFailedWork
from tui.screens.dialog import Verdict
from tui.target_text import address_count, names_a_file, read_targets

FILE_PAUSE = 0.25
"""Seconds without a key before a file that is being named is read."""


class TargetVerdict(ReportsFailedWork, Verdict):
    """Judges target text at once; a file it names after a pause, and in a thread.

    Args:
        empty: what is said of no text.
    """

    def __init__(self, empty: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._awaited: str | None = None
        self._pause: Timer | None = None

    def on_mount(self) -> None:
        """Begin with no text."""
        self.judge("")

    def judge(self, text: str) -> None:
        """Say what ``text`` means."""
        self.hush()
        if names_a_file(text):
            self.say("Targets from a file …")
            self._awaited = text
            self._pause = self.set_timer(FILE_PAUSE, lambda: self._read_file(text))
        elif text.strip():
            self._judge_expressions(text)
        else:
            self.say(self._empty)

    def hush(self) -> None:
        """What a file means that is still being read is of no interest any longer."""
        self._awaited = None
        if self._pause is not None:
            self._pause.stop()

    def _judge_expressions(self, text: str) -> None:
        try:
            expressions = read_targets(text)
        except SpecError as error:
            self.complain(text, error)
        else:
            self.accept(address_count(expressions))

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _read_file(self, text: str) -> None:
        found: TargetExpressions | SpecError
        try:
            found = read_targets(text)
        except SpecError as error:
            found = error
        self.app.call_from_thread(self._judge_file, text, found)

    def _judge_file(self, text: str, found: TargetExpressions | SpecError) -> None:
        if not self.is_mounted or text != self._awaited:
            return
        if isinstance(found, SpecError):
            self.refuse(found.line)
        else:
            self.accept(f"{address_count(found)} in the file")

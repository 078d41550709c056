"""Dialog: what all our dialogs share, and the line that says whether typed text is understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import Static

from engine.sanitize import clean
from engine.spec.error import SpecError
from tui.failed_work import ReportsFailedWork
from tui.screens.closes_once import ClosesOnce
from tui.widgets.key_hints import KeyHints

Result = TypeVar("Result")

_CARET_WIDTH = 60


class Dialog(ReportsFailedWork, ClosesOnce[Result]):
    """A box over the main screen; Escape gives None.

    Attributes:
        heading: the box's title, a literal of ours.
        keys: what the keys do, shown at the bottom.
    """

    heading: str = ""
    keys: str = "Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Close", show=False),
        Binding("ctrl+c", "give_up", "Close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The box with the parts of the dialog in it."""
        with Vertical(classes="dialog") as box:
            box.border_title = self.heading
            with VerticalScroll(classes="parts", can_focus=False):
                yield from self.compose_parts()
            yield KeyHints(self.keys, classes="keys")

    def compose_parts(self) -> ComposeResult:
        """The widgets inside the box."""
        raise NotImplementedError

    def on_resize(self, event: Resize) -> None:
        """Let the parts scroll where they do not fit; the keys stay in sight."""
        self.call_after_refresh(self._fit)

    def on_screen_resume(self) -> None:
        """Nothing covers the dialog any longer; the screen may have another size now."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if not self.query(KeyHints):
            return  # closed in the meantime
        keys, box = self.query_one(KeyHints), self.query_one(".dialog")
        taken = keys.region.height + keys.styles.margin.height + box.gutter.height
        self.query_one(".parts").styles.max_height = max(1, self.size.height - taken)

    def action_give_up(self) -> None:
        """Close without a result."""
        self.dismiss(None)


def given(use: Callable[[Result], None]) -> Callable[[Result | None], None]:
    """A dialog's callback that does nothing when the dialog was left without a result."""

    def callback(result: Result | None) -> None:
        if result is not None:
            use(result)

    return callback


class Verdict(Static):
    """Up to three lines under an input: what the text means, or where it is wrong and why."""

    DEFAULT_CSS = """
    Verdict { height: auto; min-height: 3; max-height: 6; padding: 0 2; }
    Verdict.-bad { color: $text-error; }
    Verdict.-good { color: $text-success; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)

    def say(self, text: str) -> None:
        """A remark that is neither good nor bad."""
        self._set(Text(text), "")

    def accept(self, text: str) -> None:
        """What the text means."""
        self._set(Text("✓ " + text), "-good")

    def refuse(self, text: str) -> None:
        """A plain reason."""
        self._set(Text("✗ " + text), "-bad")

    def complain(self, typed: str, error: SpecError) -> None:
        """The wrong piece marked with carets, and the error's line."""
        lines = [*caret_lines(typed, error), "✗ " + error.line]
        self._set(Text("\n".join(lines)), "-bad")

    def _set(self, text: Text, kind: str) -> None:
        self.set_class(kind == "-bad", "-bad")
        self.set_class(kind == "-good", "-good")
        self.update(text)


def caret_lines(typed: str, error: SpecError, width: int = _CARET_WIDTH) -> list[str]:
    """The part of ``typed`` around the error and a line of carets under the wrong piece.

    Empty when the error has no position in the text.
    """
    position = error.position
    if position is None or not 0 <= position <= len(typed) or not typed.strip():
        return []
    start = max(0, position - width // 2)
    before = clean(typed[start:position], width) if position > start else ""
    length = max(1, min(len(error.piece), width - cell_len(before)))
    piece = clean(typed[position : position + length], width) if position < len(typed) else " "
    after = clean(typed[position + length : start + width], width)
    lead = "…" if start else ""
    return [
        f"{lead}{before}{piece}{after}",
        " " * cell_len(lead + before) + "^" * max(1, cell_len(piece)),
    ]

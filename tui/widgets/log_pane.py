"""LogPane: what the engine told, newest at the bottom."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.strip import Strip

from engine.results.log import LogLine
from tui import format as fmt
from tui.widgets.line_view import BLANK, Line, LineView

NOTHING = "Nothing yet."
STAMP = 10
"""Cells of a line's time."""
_DIM = Style(dim=True)
STYLES = (Style(bold=True), Style.null(), Style.null(), _DIM)
"""How lines of each level look; their words say what they are."""


class _Piece(NamedTuple):
    """One line on the screen: part of a log line."""

    serial: int
    stamp: str
    level: int
    text: str


class LogPane(LineView, can_focus=True):
    """A virtual list of log lines that follows the newest unless the user scrolled up.

    Long lines go on in the next line. While the newest lines are out of sight, the last line of the
    pane says how many there are.

    Args:
        nothing: what stands there while there is nothing to tell.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-pane--more"}
    DEFAULT_CSS = """
    LogPane > .log-pane--more { background: $panel; color: $foreground; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "Up", show=False),
        Binding("down,j", "scroll_by(1)", "Down", show=False),
        Binding("end", "follow", "Newest", show=False),
    ]

    def __init__(
        self, *, nothing: str = NOTHING, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.nothing = nothing
        self._lines: Sequence[LogLine] = ()
        self._pieces: list[_Piece] = []
        self._level = -1
        self._following = True

    @property
    def following(self) -> bool:
        """True while new lines scroll into sight by themselves."""
        return self._following

    def show_log(self, lines: Sequence[LogLine], level: int) -> None:
        """Show ``lines``: all there are at or under ``level``, oldest first."""
        known = self._pieces[-1].serial if self._pieces else -1
        if level != self._level or (lines and lines[-1].serial < known) or not lines:
            self._pieces, known = [], -1
        elif self._pieces and self._pieces[0].serial < lines[0].serial:
            del self._pieces[: bisect_left(self._pieces, (lines[0].serial,))]
        self._lines, self._level = lines, level
        fresh = []
        for line in reversed(lines):
            if line.serial <= known:
                break
            fresh.append(line)
        for line in reversed(fresh):
            self._pieces.extend(self._wrap(line))
        self._settle()

    def clear(self) -> None:
        """Forget the lines: another scan begins."""
        self._following = True
        self.show_log((), -1)

    def _wrap(self, line: LogLine) -> list[_Piece]:
        room = max(10, self.line_width - STAMP)
        texts = [line.text] if len(line.text) <= room else fmt.wrap(line.text, room)
        stamps = [fmt.fit(f"{fmt.moment(line.time)} ", STAMP, right=True)]
        stamps += [" " * STAMP] * (len(texts) - 1)
        return [
            _Piece(line.serial, stamp, line.level, text)
            for stamp, text in zip(stamps, texts, strict=True)
        ]

    def _settle(self) -> None:
        """Keep the newest line in sight, or the place the user scrolled to."""
        if self._following and self.is_attached:
            self.scroll_to_line(len(self._pieces))
        self.repaint()

    # Drawing

    def on_resize(self, event: Resize) -> None:
        """Break the lines anew for the new width."""
        lines, self._pieces = self._lines, []
        self.show_log(lines, self._level)

    def line_count(self) -> int:
        """The lines on the screen and above and below it."""
        return len(self._pieces)

    def line_at(self, y: int) -> Line:
        """What line ``y`` shows."""
        at = self.scroll_offset.y + y
        below = len(self._pieces) - at - 1
        if y == self.size.height - 1 and below > 0:
            return ("more", below + 1)
        if y == 0 and not self._pieces:
            return ("nothing",)
        return ("log", *self._pieces[at]) if at < len(self._pieces) else BLANK

    def draw(self, line: Line) -> Strip:
        """A log line, the line that counts those out of sight, or why there is none."""
        base = self.rich_style
        match line:
            case ("log", _, str(stamp), int(level), str(text)):
                style = STYLES[min(max(level, 0), len(STYLES) - 1)]
                room = max(0, self.line_width - STAMP)
                return Strip(
                    [
                        Segment(stamp, base + _DIM),
                        Segment(fmt.cut(text, room), base + style),
                    ]
                )
            case ("nothing",):
                return Strip([Segment(fmt.cut(self.nothing, self.line_width), base + _DIM)])
            case ("more", int(count)):
                text = f" ▼ {fmt.plural(count, 'more line')} (End shows the newest)"
                style = self.get_component_rich_style("log-pane--more")
                return Strip([Segment(fmt.fit(text, self.line_width), style)])
        return Strip.blank(self.line_width, base)

    # Moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the newest line again once it is in sight."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value:
            self._following = False
        if new_value >= self.max_scroll_y:
            self._following = True

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by ``lines``."""
        self.scroll_relative(y=lines, animate=False)

    def action_follow(self) -> None:
        """Go to the newest line and stay there."""
        self._following = True
        self._settle()

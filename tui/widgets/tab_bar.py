"""TabBar: one line with a tab for each scan; it can only be seen when there are several."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from tui import format as fmt
from tui.scan_tab import TabLook
from tui.widgets.state_styles import colour
from tui.widgets.status_line import PHASES, PhaseLook

WAITS = PhaseLook("◌", ("text-muted", "foreground"))
"""How a tab is shown whose scan was not begun."""
WORDINGS = (
    *((room, True) for room in (40, 24, 16, 10)),
    *((room, False) for room in (16, 10, 6, 0)),
)
"""Cells for the targets of each tab, and whether the state is told in a word, too; the first that
fits is used."""


def state_text(look: TabLook, *, worded: bool = True) -> str:
    """``● running 45 %``; without its word ``● 45 %``."""
    glyph = (PHASES[look.phase] if look.phase else WAITS).glyph
    share = "" if look.share is None else fmt.percent(look.share)
    return " ".join(filter(None, (glyph, look.word if worded else "", share)))


def tab_text(number: int, look: TabLook, shown: bool, room: int, worded: bool) -> str:
    """A tab: its number, its targets in ``room`` cells, its state."""
    title = fmt.cut(look.title, room) if room else ""
    pieces = (f"{number}", title, state_text(look, worded=worded))
    return f"{'▸' if shown else ' '}{' '.join(filter(None, pieces))} "


def fitting_tabs(looks: Sequence[TabLook], shown: int, width: int) -> list[tuple[int, str]]:
    """The place and text of each tab that there is room for; the one shown is among them."""
    for room, worded in WORDINGS:
        texts = [tab_text(at + 1, look, at == shown, room, worded) for at, look in enumerate(looks)]
        if sum(map(cell_len, texts)) <= width:
            return list(enumerate(texts))
    first = last = shown
    used = cell_len(texts[shown]) + 2
    for at in sorted(range(len(texts)), key=lambda at: abs(at - shown)):
        if at in (first - 1, last + 1) and used + cell_len(texts[at]) <= width:
            used += cell_len(texts[at])
            first, last = min(first, at), max(last, at)
    return [(at, texts[at]) for at in range(first, last + 1)]


class TabBar(Widget):
    """Number, targets, state and share done of each scan; a click on one asks for it (``Chosen``).

    Args:
        hint: keys, shown at the end where there is room.
    """

    COMPONENT_CLASSES = {"tab-bar--shown", "tab-bar--hint"}
    DEFAULT_CSS = """
    TabBar { height: 1; display: none; background: $surface; color: $foreground; }
    TabBar.several { display: block; }
    TabBar > .tab-bar--shown {
        background: $primary 30%;
        color: $foreground;
        text-style: bold underline;
    }
    TabBar > .tab-bar--hint { color: $foreground 70%; }
    """

    class Chosen(Message):
        """The user clicked on the tab at place ``at`` (from 0)."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def __init__(self, hint: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hint = hint
        self._looks: tuple[TabLook, ...] = ()
        self._shown = 0
        self._places: list[tuple[int, int, int]] = []

    def show(self, looks: Sequence[TabLook], shown: int) -> None:
        """Show these tabs, the one at place ``shown`` as the one the screen belongs to."""
        if (tuple(looks), shown) != (self._looks, self._shown):
            self._looks, self._shown = tuple(looks), shown
            self.set_class(len(looks) > 1, "several")
            self.refresh()

    def render(self) -> Text:
        """The line."""
        width, line = self.size.width, Text(no_wrap=True, end="", overflow="crop")
        style = self.get_component_rich_style("tab-bar--shown")
        tabs = fitting_tabs(self._looks, self._shown, width)
        self._places = []
        if tabs and tabs[0][0] > 0:
            line.append(fmt.ELLIPSIS)
        for at, text in tabs:
            start = line.cell_len
            self._append(line, self._looks[at], text, style if at == self._shown else Style())
            self._places.append((start, line.cell_len, at))
        if tabs and tabs[-1][0] < len(self._looks) - 1:
            line.append(fmt.ELLIPSIS)
        room = width - line.cell_len - cell_len(self._hint) - 2
        if self._hint and room >= 0:
            hint = self.get_component_rich_style("tab-bar--hint", partial=True)
            line.append(" " * (room + 1)).append(self._hint, hint)
        return line

    def _append(self, line: Text, look: TabLook, text: str, style: Style) -> None:
        """The tab's text, its glyph in the colour of its state."""
        glyph = PHASES[look.phase] if look.phase else WAITS
        at = text.rfind(glyph.glyph)
        line.append(text[:at], style)
        line.append(text[at], style + colour(self.app, *glyph.tokens))
        line.append(text[at + 1 :], style)

    def on_click(self, event: events.Click) -> None:
        """Ask for the tab that was clicked."""
        for start, end, at in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(at))

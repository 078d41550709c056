"""TabList: every scan of the program and those that wait, to go to, start, move or close."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui import format as fmt
from tui.scan_tab import ScanTab
from tui.screens.dialog import Dialog
from tui.widgets.tab_bar import state_text

if TYPE_CHECKING:
    from tui.scan_tabs import ScanTabs

LOOK_EVERY = 0.5
"""Seconds between two looks at the scans."""
STATE_CELLS = 18
RULE = "A scan that is queued begins when no other scan runs, in this order."


class Verb(Enum):
    """What the user wants of a tab."""

    GO = "go"
    START = "start"
    CLOSE = "close"


class TabWish(Struct, frozen=True):
    """The user's choice."""

    verb: Verb
    tab: ScanTab


class TabList(Dialog[TabWish]):
    """Lists ``tabs`` as they are; moving in the queue happens at once."""

    heading = "Scans"
    keys = "Enter go there   s start now   x close or remove   - + move in the queue"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "wish('START')", "Start now", show=False),
        Binding("x,delete", "wish('CLOSE')", "Close", show=False),
        Binding("minus", "move(-1)", "Earlier", show=False),
        Binding("plus", "move(1)", "Later", show=False),
        Binding("k", "step(-1)", "Up", show=False),
        Binding("j", "step(1)", "Down", show=False),
    ]

    def __init__(self, tabs: ScanTabs) -> None:
        super().__init__()
        self._tabs = tabs
        self._listed: list[ScanTab] = []
        self._lines: list[str] = []

    def compose_parts(self) -> ComposeResult:
        """The list, and how the queue works."""
        yield OptionList(id="choices")
        yield Static(RULE, id="about", markup=False)

    def on_mount(self) -> None:
        """Highlight the tab that is shown."""
        self._renew(self._tabs.shown)
        self.query_one(OptionList).focus()
        self.set_interval(LOOK_EVERY, self._renew)

    def _renew(self, highlight: ScanTab | None = None) -> None:
        """List the tabs as they are now; the highlight stays on its tab."""
        tabs, wanted = list(self._tabs), highlight or self._highlighted
        lines = [self._line(at, tab) for at, tab in enumerate(tabs)]
        if lines == self._lines and highlight is None:
            return
        self._listed, self._lines = tabs, lines
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options(Option(Text(line, no_wrap=True, overflow="ellipsis")) for line in lines)
        choices.highlighted = tabs.index(wanted) if wanted in tabs else 0

    def _line(self, at: int, tab: ScanTab) -> str:
        look = tab.look()
        here = "▸" if tab is self._tabs.shown else " "
        waiting = self._tabs.waiting
        turn = f" {waiting.index(tab) + 1}" if tab in waiting else ""
        return f"{here}{at + 1} {fmt.fit(state_text(look) + turn, STATE_CELLS)} {look.title}"

    @property
    def _highlighted(self) -> ScanTab | None:
        at = self.query_one(OptionList).highlighted
        return self._listed[at] if at is not None and at < len(self._listed) else None

    # Commands

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the tab under the highlight."""
        self.dismiss(TabWish(Verb.GO, self._listed[event.option_index]))

    def action_wish(self, verb: str) -> None:
        """Start or close the tab under the highlight."""
        tab = self._highlighted
        if tab is not None and (verb != Verb.START.name or tab.queued is not None):
            self.dismiss(TabWish(Verb[verb], tab))

    def action_move(self, step: int) -> None:
        """Let the scan under the highlight begin earlier or later."""
        tab = self._highlighted
        if tab is not None:
            self._tabs.move(tab, step)
            self._renew(tab)

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        choices = self.query_one(OptionList)
        if step > 0:
            choices.action_cursor_down()
        else:
            choices.action_cursor_up()

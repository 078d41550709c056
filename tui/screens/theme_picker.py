"""ThemePicker: choose colours by looking at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.theme import Theme
from textual.widgets import OptionList, Static

from engine.spec.port_state import PortState
from tui.screens.choose import Choice, Choose
from tui.widgets.state_styles import state_styles

if TYPE_CHECKING:
    from tui.app import PyScanApp

_SAMPLE = (
    PortState.OPEN,
    PortState.CLOSED,
    PortState.FILTERED,
    PortState.UNFILTERED,
    PortState.OPEN_FILTERED,
    PortState.CLOSED_FILTERED,
)


class ThemePicker(Choose):
    """Themes in a list; the one under the highlight is shown at once, and again whenever its file
    is saved."""

    app: PyScanApp

    def __init__(self, choices: Sequence[Choice], current: str) -> None:
        super().__init__("Colours", choices, current, preview=self._show)

    def compose_parts(self) -> ComposeResult:
        """The list, what the theme is for, the states in its colours."""
        yield from super().compose_parts()
        yield Static(Text(), id="sample", markup=False)

    def on_mount(self) -> None:
        """Look at the user's files from now on."""
        super().on_mount()
        self.app.theme_changed_signal.subscribe(self, self._show_sample)
        self._show_sample(self.app.current_theme)
        self.app.mind_themes()

    def on_unmount(self) -> None:
        """Look no longer, unless the theme chosen is the user's."""
        self.app.mind_themes()

    def _show(self, name: str) -> None:
        self.app.theme = name

    def _show_sample(self, theme: Theme) -> None:
        styles = state_styles(self.app)
        line = Text(no_wrap=True, overflow="ellipsis")
        for number, state in enumerate(_SAMPLE):
            if number:
                line.append("\n" if number == len(_SAMPLE) // 2 else "  ")
            line.append(f"{state.glyph} {state.label}", styles.get(state, Style.null()))
        self.query_one("#sample", Static).update(line)

    def update_choices(self, choices: Sequence[Choice]) -> None:
        """Other themes are there now; the highlight stays on its theme where it can."""
        shown = self.query_one("#choices", OptionList)
        names = [choice.name for choice in self._choices]
        at = names[shown.highlighted] if shown.highlighted is not None else ""
        self._choices = tuple(choices)
        with self.prevent(OptionList.OptionHighlighted):
            shown.clear_options()
            shown.add_options(self.options())
        names = [choice.name for choice in self._choices]
        shown.highlighted = names.index(at) if at in names else 0

"""HelpScreen: every key, generated from the registry, the focused pane's own keys first; then what
signs and words on the screen mean."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tui.actions import ACTIONS, Action, Group, key_text
from tui.glossary import SECTIONS as GLOSSARY
from tui.screens.dialog import Dialog

Section = tuple[str, list[tuple[str, str]]]
"""A heading and its (keys, text) lines."""
KEYS_WIDTH, WORDS_WIDTH = 14, 17
"""Cells for keys, and for signs and words."""


class HelpScreen(Dialog[None]):
    """Keys of ``pane``, then all others by group, then the glossary."""

    heading = "Keys, signs and words"
    keys = "↑ ↓ PgUp PgDn scroll   w signs and words   Esc close"
    BINDINGS = [
        Binding("q,question_mark,f1,enter", "give_up", "Close", show=False),
        Binding("w", "glossary", "Signs and words", show=False),
    ]

    def __init__(self, pane: Widget | None, actions: Iterable[Action] = ACTIONS) -> None:
        super().__init__()
        self._actions = actions
        self._pane = pane

    def compose_parts(self) -> ComposeResult:
        """One table per section."""
        with VerticalScroll(classes="lines"):
            for heading, lines in sections(self._pane, self._actions):
                yield Static(Text(heading), classes="header", markup=False)
                yield Static(_table(lines, KEYS_WIDTH), markup=False)
            for heading, entries in GLOSSARY:
                yield Static(Text(heading), classes="header glossary", markup=False)
                yield Static(_table(entries, WORDS_WIDTH), markup=False)

    def action_glossary(self) -> None:
        """Go to what signs and words mean."""
        self.query(".glossary").first().scroll_visible(top=True, animate=False)


def sections(pane: Widget | None, actions: Iterable[Action] = ACTIONS) -> list[Section]:
    """What the help screen says."""
    own = _pane_keys(pane) if pane is not None else []
    found: list[Section] = [(f"In the {_pane_name(pane)}", own)] if own and pane else []
    for group in Group:
        keys: dict[str, list[str]] = {}
        for action in actions:
            if action.group is group:
                keys.setdefault(action.help, []).extend(map(key_text, action.keys))
        found.append((group.value, [(" ".join(names), text) for text, names in keys.items()]))
    return found


def _pane_name(pane: Widget) -> str:
    title = str(pane.border_title or "").partition(",")[0]
    return title.lower() or (pane.id or type(pane).__name__).replace("-", " ")


def _pane_keys(pane: Widget) -> list[tuple[str, str]]:
    """The bindings of a pane, one line per description."""
    keys: dict[str, list[str]] = {}
    for binding in Binding.make_bindings(_pane_bindings(type(pane))):
        keys.setdefault(binding.description or binding.action, []).append(
            key_text(binding.key_display or binding.key)
        )
    return [(" ".join(dict.fromkeys(names)), text) for text, names in keys.items()]


def _pane_bindings(kind: type[Widget]) -> list[BindingType]:
    """What our own classes bind; what they inherit from Textual is scrolling."""
    ours = [one for one in kind.__mro__ if one.__module__.startswith("tui.")]
    return [binding for one in ours for binding in vars(one).get("BINDINGS", [])]


def _table(lines: Iterable[tuple[str, str]], width: int) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=width, no_wrap=False)
    table.add_column(ratio=1)
    for keys, text in lines:
        table.add_row(Text(keys, style="bold"), Text(text))
    return table

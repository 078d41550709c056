"""Keymap: the registry of actions with the user's own keys.

Key bindings, key bar, help screen and command palette take their keys from here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace
from textual.binding import Binding
from textual.keys import Keys, _character_to_key
from textual.widget import Widget

from engine.sanitize import clean
from themes.toml_file import shown
from tui.actions import ACTIONS, Action, key_text

MAX_KEYS = 8
"""Keys one action may have."""

RESERVED = {
    "tab": "goes to the next pane",
    "shift+tab": "goes to the pane before",
    "f2": "opens the command palette",
    "ctrl+q": "leaves PyScan from anywhere",
}
"""Keys that no action can have, and what they do."""

SWALLOWED = {
    "ctrl+a": "is GNU screen's own key",
    "ctrl+b": "is tmux's own key",
    "ctrl+h": "is Backspace to many terminals",
    "ctrl+i": "is Tab to most terminals",
    "ctrl+j": "is Enter to some terminals",
    "ctrl+m": "is Enter to most terminals",
    "ctrl+s": "stops the output of some terminals",
    "ctrl+tab": "changes the tab of many terminals",
    "ctrl+pageup": "changes the tab of many terminals",
    "ctrl+pagedown": "changes the tab of many terminals",
    "shift+pageup": "scrolls many terminals",
    "shift+pagedown": "scrolls many terminals",
    "shift+insert": "pastes in many terminals",
    "f10": "opens the menu of some terminals",
    "f11": "makes many terminals fill the screen",
}
"""Keys that may never reach a program."""
_SWALLOWED_GROUPS = {
    "ctrl+shift+": "belongs to the terminal's own commands",
    "alt+": "opens the menus of some terminals",
    "super+": "belongs to the desktop",
}

_CHARACTERS = {_character_to_key(chr(c)): chr(c) for c in range(33, 127) if not chr(c).isalnum()}
"""Punctuation by the names Textual gives it; the registry writes the characters themselves."""
_NAMED = frozenset(one.value for one in Keys) | {"space"}


class Keymap(Struct, frozen=True, dict=True):
    """Every action with the keys it has now.

    Attributes:
        actions: the registry in its order.
    """

    actions: tuple[Action, ...] = ACTIONS

    @cached_property
    def by_name(self) -> Mapping[str, Action]:
        """The actions by name."""
        return {action.name: action for action in self.actions}

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The first key of each action, as it is written for people."""
        return {action.name: key_text(action.keys[0]) for action in self.actions}

    def key(self, name: str) -> str:
        """The first key of one action."""
        return self.keys[name]

    @property
    def bindings(self) -> dict[str, str]:
        """What the user changed, as Textual's keymap: binding ids and keys joined by commas."""
        before = {action.name: action.keys for action in ACTIONS}
        return {
            action.name: ",".join(_spelt(key) for key in action.keys)
            for action in self.actions
            if action.keys != before.get(action.name)
        }


class KeymapReading(Struct):
    """What came of a ``[keys]`` table.

    Attributes:
        keymap: the keys wanted, or those of PyScan where there are problems.
        problems: what makes the table unusable, one line each.
        warnings: what may not work everywhere, one line each.
    """

    keymap: Keymap = field(default_factory=Keymap)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_keymap(table: Mapping[str, object]) -> KeymapReading:
    """The registry with the keys of ``table``: action names and a key or a list of keys each."""
    reading = KeymapReading()
    names = [action.name for action in ACTIONS]
    wanted: dict[str, tuple[str, ...]] = {}
    for name, value in table.items():
        if name not in names:
            near = difflib.get_close_matches(name[:60], names, n=1)
            hint = f"did you mean {near[0]}?" if near else "--config template lists all actions"
            reading.problems.append(f"[keys] {clean(name, 40)} is not an action; {hint}")
            continue
        keys = list(_keys(name, value, reading))
        if keys:
            wanted[name] = tuple(dict.fromkeys(keys))
    actions = tuple(
        replace(action, keys=wanted[action.name]) if action.name in wanted else action
        for action in ACTIONS
    )
    reading.problems += _conflicts(actions)
    if not reading.problems:
        reading.keymap = Keymap(actions)
    return reading


def _keys(name: str, value: object, reading: KeymapReading) -> Iterator[str]:
    """The usable keys of one action; the others are reported."""
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= MAX_KEYS:
        reading.problems.append(f"[keys] {name}: give one key, or a list of 1 to {MAX_KEYS}")
        return
    panes = pane_keys()
    for one in given:
        key = key_named(one) if isinstance(one, str) else None
        where = f"[keys] {name} = {shown(one)}"
        if key is None:
            near = difflib.get_close_matches(shown(one).lower(), [*_NAMED, *_CHARACTERS], n=1)
            hint = f"did you mean {near[0]}?" if near else 'write for example "x", "f5" or "ctrl+e"'
            reading.problems.append(f"{where} is not a key; {hint}")
        elif key in RESERVED:
            reading.problems.append(f"{where}: that key {RESERVED[key]}; choose another")
        elif key in panes:
            reading.problems.append(f"{where}: that key {panes[key]}; choose another")
        else:
            why = _swallowed(key)
            if why:
                reading.warnings.append(f"{where} may never reach PyScan: it {why}")
            yield key


def key_named(text: str) -> str | None:
    """The registry's spelling of a key: ``?`` for ``question_mark``, ``P`` for ``shift+p``.

    None when there is no such key.
    """
    if len(text) == 1:
        return text if text.isprintable() and text != " " else {" ": "space"}.get(text)
    name = text.strip().lower()
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    if name in _NAMED:
        return name
    *modifiers, last = name.split("+")
    if len(last) == 1 and last.isascii() and last.isalnum():
        if modifiers == ["shift"] and last.isalpha():
            return last.upper()
        if modifiers in (["ctrl"], ["alt"], ["ctrl", "shift"], ["super"]):
            return name
    return None


def _spelt(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key


def _swallowed(key: str) -> str:
    """Who may keep a key for itself; empty when nobody does."""
    if key in SWALLOWED:
        return SWALLOWED[key]
    return next((why for start, why in _SWALLOWED_GROUPS.items() if key.startswith(start)), "")


def _conflicts(actions: Iterable[Action]) -> Iterator[str]:
    """One line for each key that two actions want."""
    owner: dict[str, str] = {}
    for action in actions:
        for key in action.keys:
            if key in owner:
                yield (
                    f"[keys] {key_text(key)} means both {owner[key]} and {action.name}: "
                    "give one of them another key"
                )
            else:
                owner[key] = action.name


def pane_keys() -> dict[str, str]:
    """Keys of the main screen's panes, which an action's key would never get past."""
    from tui.widgets.detail_pane import DetailPane
    from tui.widgets.hosts_pane import HostsPane
    from tui.widgets.log_pane import LogPane
    from tui.widgets.results_table import ResultsTable

    found: dict[str, str] = {}
    panes: dict[str, type[Widget]] = {
        "results": ResultsTable,
        "hosts": HostsPane,
        "detail": DetailPane,
        "log": LogPane,
    }
    for pane, kind in panes.items():
        for ancestor in kind.__mro__:
            for binding in Binding.make_bindings(vars(ancestor).get("BINDINGS", [])):
                key = key_named(binding.key) or binding.key
                what = (binding.description or binding.action).lower()
                found.setdefault(key, f'is for "{what}" in the {pane} pane')
    return found

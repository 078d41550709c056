"""The one registry of what a user can do: its name, words, keys, and when it makes sense.

Key bindings, the key bar, the help screen and the command palette all derive from ACTIONS, with the
user's own keys in place of ours (tui.keymap). An action called ``name`` is carried out by the main
screen's method ``do_name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum

from msgspec import Struct
from textual.binding import Binding

from engine.results.snapshot import Phase


class Group(StrEnum):
    """Headings of the help screen, in its order."""

    SCAN = "Scan"
    STEER = "Steer the scan while it runs"
    TABS = "Several scans"
    RESULTS = "Results"
    VIEW = "View"
    PROGRAM = "Program"


class Needs(Enum):
    """The state an action needs, with the words for when it is missing."""

    NOTHING = ""
    SCAN = "There is no scan yet: press {targets} to choose targets"
    UNFINISHED = (
        "The scan is over: press {rescan_all} to scan everything again, "
        "or {targets} for new targets"
    )

    def met(self, phase: Phase | None) -> bool:
        """True when the action makes sense in ``phase`` (None: there is no scan)."""
        if self is Needs.NOTHING:
            return True
        return phase is not None and (self is Needs.SCAN or not phase.over)

    def complaint(self, phase: Phase | None, keys: Mapping[str, str]) -> str:
        """What to tell a user who asked for it all the same; ``keys`` are the keys of actions."""
        return (Needs.SCAN if phase is None else self).value.format_map(keys)


class Action(Struct, frozen=True):
    """One thing a user can do.

    Attributes:
        name: identifier; also the name users remap keys by.
        title: two or three words, for the key bar and the command palette.
        help: one sentence.
        keys: default keys as they are typed; special keys by Textual's name.
        importance: place in the key bar, most important first; 0 keeps it out.
        palette: offered in the command palette.
    """

    name: str
    title: str
    help: str
    keys: tuple[str, ...]
    group: Group
    needs: Needs = Needs.NOTHING
    importance: int = 0
    palette: bool = True


_S, _R, _V, _P, _L = Group.SCAN, Group.RESULTS, Group.VIEW, Group.PROGRAM, Group.STEER
_T = Group.TABS
_SCAN, _LIVE = Needs.SCAN, Needs.UNFINISHED

ACTIONS: tuple[Action, ...] = (
    Action("targets", "targets", "Choose what to scan and start.", ("t",), _S, importance=3),
    Action("ports", "ports", "Choose ports; while a scan runs, add ports to it.", ("p",), _S,
           importance=4),
    Action("scan_type", "type", "Choose how ports are probed: now, or from the next probe on.",
           ("s",), _S, importance=5),
    Action("profiles", "profiles", "Ways to scan with a name: use, change and make them.", ("S",),
           _S),
    Action("timing", "timing", "Choose a timing template from a list with its figures.", ("T",), _S,
           importance=6),
    *(
        Action(f"timing_{n}", f"timing T{n}", "Use template T0 to T5 at once.", (str(n),), _S,
               palette=False)
        for n in range(6)
    ),
    Action("pause", "pause", "Hold all probes back, or let them go on.", ("P",), _L, _LIVE, 7),
    Action("cancel", "cancel", "Stop the scan and keep what is known (asks first).", ("c",), _L,
           _LIVE, 14),
    Action("add_targets", "add targets", "Add addresses to this scan.", ("+",), _L, _SCAN),
    Action("skip_host", "skip host", "Give up the host under the cursor.", ("n",), _L, _LIVE),
    Action("ping_again", "ask again",
           "Ask the host under the cursor again whether it is up; on the line for all: every one.",
           ("a",), _L, _SCAN),
    Action("assume_up", "scan anyway", "Scan a host's ports although it did not answer.", ("u",),
           _L, _SCAN),
    Action("rescan", "rescan", "Probe the marked ports again, or the one under the cursor.", ("r",),
           _L, _SCAN, 9),
    Action("rescan_host", "rescan host", "Probe every port of the host under the cursor again.",
           ("R",), _L, _SCAN),
    Action("probe_again", "probe again",
           "Choose ports to probe again (rows, host, undecided, filtered, all), and the scan type.",
           ("x",), _L, _SCAN),
    Action("rescan_all", "rescan all", "Probe everything again.", ("A",), _L, _SCAN),
    Action("new_tab", "new scan", "Scan other targets in a new tab, beside this scan.", ("N",), _T),
    Action("next_tab", "next", "Show the scan in the next tab.", (")",), _T),
    Action("previous_tab", "previous", "Show the scan in the tab before.", ("(",), _T),
    Action("tabs", "list and queue",
           "List all scans and those that wait: go to one, start it now, move it, remove it.",
           ("Q",), _T),
    Action("close_tab", "close", "Close this tab (asks while its scan runs).", ("X",), _T),
    Action("open_only", "hidden", "Show or hide closed and filtered ports.", ("o",), _R,
           importance=8),
    Action("doubted", "doubted ports",
           "List the ports of hosts that call every one open (SYN proxies, tarpits), or fold them.",
           ("z",), _R, _SCAN),
    Action("group", "group",
           "Part the results by host, by service, or not at all; a heading stands for its rows.",
           ("G",), _R),
    Action("filter", "filter",
           "Show only what matches, e.g. port:80-90 state:open http /^10/; → completes a word.",
           ("/",), _R, importance=10),
    Action("saved_filter", "saved filters", "Choose a filter that was saved, or remove one.",
           ("F",), _R),
    Action("save_filter", "save filter", "Give the filter in use a name and keep it.", ("W",), _R),
    Action("jump", "go to port",
           "Go to a port; the same port again: to the next host that has it.", ("g",), _R, _SCAN),
    Action("follow", "follow",
           "Keep the cursor on the newest result, until it is moved by hand.", (".",), _R, _SCAN),
    Action("copy_rows", "copy rows",
           "Copy the marked rows, or the one under the cursor, to the terminal's clipboard.",
           ("y",), _R, _SCAN),
    Action("clear", "clear filter", "Clear the filter, then the marks, then the choice of a host.",
           ("escape",), _R, palette=False),
    Action("sort_next", "sort by next column", "Sort by the column to the right.", (">",), _R),
    Action("sort_previous", "sort by previous column", "Sort by the column to the left.", ("<",),
           _R),
    Action("sort_reverse", "reverse order", "Turn the order round.", (",",), _R),
    Action("capture", "capture", "Write packets to a capture file from now on, or stop.", ("C",),
           _L, _SCAN),
    Action("export", "export", "Write the results to a file.", ("e",), _R, _SCAN, 11),
    Action("log", "log", "Show or hide the log.", ("l",), _V, importance=12),
    Action("louder", "more log", "Show more in the log (levels 0 to 3), also of what has passed.",
           ("v",), _V),
    Action("quieter", "less log", "Show less in the log.", ("V",), _V),
    Action("hosts", "hosts", "Show or hide the list of hosts.", ("h",), _V),
    Action("hosts_wide", "wide hosts",
           "Give the list of hosts the whole width: state, reason, latency, name, network card.",
           ("w",), _V),
    Action("find_host", "find host", "List only hosts that match, e.g. up 10.0.1 or echo-reply.",
           ("f",), _V),
    Action("show_down", "hosts down", "List hosts that are down, too, or fold them away.", ("D",),
           _V),
    Action("detail", "detail", "Show or hide what is known about the port under the cursor.",
           ("d",), _V, importance=13),
    Action("progress", "progress", "Show or hide the progress of the scan.", ("b",), _V),
    Action("results", "results", "Show or hide the results.", ("O",), _V),
    Action("heat_map", "map of ports",
           "Show all 65,536 ports as a map that fills live, and go to those found.", ("H",), _V,
           _SCAN),
    Action("maximise", "maximise pane",
           "Give the focused pane the whole screen, or all panes their places.", ("M",), _V),
    Action("wider", "wider pane", "Make the focused pane wider.", ("]",), _V),
    Action("narrower", "narrower pane", "Make the focused pane narrower.", ("[",), _V),
    Action("taller", "taller pane", "Make the focused pane taller.", ("}",), _V),
    Action("lower", "lower pane", "Make the focused pane lower.", ("{",), _V),
    Action("standard_layout", "standard layout",
           "Give all panes their usual places and sizes.", ("=",), _V),
    Action("theme", "theme", "Change the colours.", ("m",), _V),
    Action("rights", "rights", "Which rights PyScan has, and how to get raw sockets.", ("i",), _P),
    Action("commands", "commands", "Search all commands by name.", (":",), _P, palette=False),
    Action("help", "help", "All keys, those of the focused pane first.", ("?", "f1"), _P,
           importance=1),
    Action("suspend", "suspend",
           "Back to the shell, scans held back meanwhile; fg returns.", ("ctrl+z",), _P),
    Action("quit", "quit", "Leave PyScan (asks while a scan runs).", ("q",), _P, importance=2),
    Action("copy_or_quit", "copy", "Copy the selected text; without a selection, quit.",
           ("ctrl+c",), _P, palette=False),
)  # fmt: skip

SEVERAL = frozenset({"next_tab", "previous_tab", "close_tab"})
"""Actions that make sense when there are several scans."""

_SPELLING = {",": "comma"}


class DuplicateKeyError(ValueError):
    """Two actions want the same key or name."""


def index_actions(actions: Iterable[Action]) -> Mapping[str, Action]:
    """Actions by name. Raises DuplicateKeyError when a name or a key is used twice."""
    by_name: dict[str, Action] = {}
    by_key: dict[str, Action] = {}
    for action in actions:
        if action.name in by_name:
            raise DuplicateKeyError(f"two actions are called {action.name}")
        by_name[action.name] = action
        for key in action.keys:
            if key in by_key:
                raise DuplicateKeyError(f"{key} means {by_key[key].name} and {action.name}")
            by_key[key] = action
    return by_name


BY_NAME = index_actions(ACTIONS)


def key_bindings(actions: Iterable[Action] = ACTIONS) -> list[Binding]:
    """Bindings that run ``act(name)`` on the screen they belong to."""
    return [
        Binding(
            _SPELLING.get(key, key),
            f"act('{action.name}')",
            action.title,
            show=False,
            key_display=key_text(key),
            id=action.name,
        )
        for action in actions
        for key in action.keys
    ]


_KEY_TEXT = {
    "escape": "Esc", "enter": "Enter", "space": "Space", "tab": "Tab", "shift+tab": "Shift+Tab",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn",
    "home": "Home", "end": "End", "f1": "F1", "backspace": "Backspace", "delete": "Del",
    "comma": ",", "slash": "/", "asterisk": "*", "minus": "-", "plus": "+",
}  # fmt: skip


def key_text(key: str) -> str:
    """How a key is written for people: ``Esc``, ``Ctrl+C``, ``?``."""
    if key.startswith("ctrl+"):
        return "Ctrl+" + key.removeprefix("ctrl+").upper()
    return _KEY_TEXT.get(key, key)

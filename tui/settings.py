"""What can be set in the configuration file: one row per setting."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from engine.spec.error import SpecError
from engine.spec.ports import parse_ports
from engine.spec.scan_type import Protocol
from engine.spec.timing import parse_timing
from themes.loader import DEFAULT_THEME
from tui.plan import Finding

MAX_TEXT = 1000
"""Characters of one value."""

FINDINGS = {one.name.lower(): one for one in Finding}
VISIBILITIES: dict[str, bool | None] = {"auto": None, "shown": True, "hidden": False}


class Setting(Struct, frozen=True):
    """One setting.

    Attributes:
        section: the TOML table it stands in; empty for the top of the file.
        key: its name.
        default: its value when the file does not say.
        read: turns a value from the file into what the program uses; raises ValueError.
        about: a line for the template.
    """

    section: str
    key: str
    default: bool | int | str
    read: Callable[[object], Any]
    about: str

    @property
    def name(self) -> str:
        """How messages call it: ``[scan] timing``."""
        return f"[{self.section}] {self.key}" if self.section else self.key


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be text in quotes, for example "x"')
    if len(value) > MAX_TEXT or not value.isprintable():
        raise ValueError(f"must be one line of at most {MAX_TEXT:,} visible characters")
    return value


def _level(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 3:
        raise ValueError("must be a whole number from 0 to 3")
    return value


def _timing(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _line(value)
    try:
        return str(parse_timing(text).number)
    except SpecError as error:
        raise ValueError(error.line) from None


def _ports(value: object) -> str:
    text = _line(value)
    try:
        parse_ports(text, (Protocol.TCP, Protocol.UDP))
    except SpecError as error:
        raise ValueError(error.line) from None
    return text


def _one_of(choices: dict[str, Any]) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        text = _line(value)
        if text not in choices:
            hint = nearest(text, list(choices))
            raise ValueError(f"must be {', '.join(choices)}{hint}")
        return choices[text]

    return read


def nearest(word: str, known: Sequence[str]) -> str:
    """``; did you mean this?``, or nothing."""
    near = difflib.get_close_matches(word[:60], known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


SETTINGS: tuple[Setting, ...] = (
    Setting("", "theme", DEFAULT_THEME, _line,
            "Colours: the name of a theme. The command theme in the program shows them all."),
    Setting("", "animations", True, _flag, "Fading, smooth scrolling and blinking cursors."),
    Setting("", "verbosity", 1, _level, "Level of the log to begin with, 0 to 3."),
    Setting("", "profiles", "profiles", _line,
            "Folder of your own profiles, from this file's folder on; ~ is your home."),
    Setting("scan", "timing", "normal", _timing, "Timing template: 0 to 5 or its name."),
    Setting("scan", "ports", "default", _ports,
            "Ports as after -p, for example 22,80-90,http*, top100 or all."),
    Setting("scan", "discovery", "ping", _one_of(FINDINGS),
            "ping: ask hosts whether they are up. every: scan every target (-Pn). only: find hosts,"
            " no ports (-sn). list: send nothing (-sL)."),
    Setting("scan", "names", True, _flag, "Look up the names of hosts in the DNS; false is -n."),
    *(
        Setting("layout", pane, "auto", _one_of(VISIBILITIES),
                f"The {pane} pane: shown, hidden, or auto: where there is room.")
        for pane in ("hosts", "detail", "log")
    ),
)  # fmt: skip

SECTIONS = {
    "scan": "What a scan is where the command line says nothing.",
    "layout": "Panes when the program starts.",
    "filters": "Your filters for the results: a name and what you would type after /.",
    "keys": "Keys: an action and its key, or a list of keys.",
}
"""The tables of the file and what they are for."""

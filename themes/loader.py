"""Read themes from TOML files, ours and the user's, and never let a bad one stop the program.

A theme names colours by what they mean. Anything left out falls back to a related colour, anything
unknown is reported with the nearest known word, and a file that cannot be used is left out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from engine.sanitize import clean
from themes.toml_file import TomlFileError, read_toml, shown

DEFAULT_THEME = "pyscan-dark"
OUR_FOLDER = Path(__file__).parent
MAX_FILES = 100

UI_COLOURS = (
    "primary",
    "secondary",
    "accent",
    "warning",
    "error",
    "success",
    "foreground",
    "background",
    "surface",
    "panel",
)
"""Keys of the ``[ui]`` table. Only ``primary`` must be given."""

PORT_FALLBACKS = {
    "open": "success",
    "closed": "error",
    "filtered": "warning",
    "unfiltered": "secondary",
    "mixed": "accent",
    "pending": "foreground",
}
"""Keys of the ``[ports]`` table and the ``[ui]`` colour each falls back to."""

MAX_ABOUT = 200
"""Characters of a theme's description that are kept."""

_TOP_KEYS = ("name", "about", "dark", "ansi", "ui", "ports")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

CSS_FALLBACKS = {f"port-{state}": f"ansi_{colour}" for state, colour in (
    ("open", "green"),
    ("closed", "red"),
    ("filtered", "yellow"),
    ("unfiltered", "cyan"),
    ("mixed", "magenta"),
    ("pending", "default"),
)}  # fmt: skip
"""CSS variables of ours for a theme that has none, such as those that come with Textual."""


class LoadResult(Struct, frozen=True):
    """Usable themes, ours first, and one line per thing that is wrong with the others.

    Attributes:
        themes: what can be chosen.
        problems: one line each.
        about: descriptions of themes, by name; not every theme has one.
        users: names of the themes that come from the user's folder.
    """

    themes: tuple[Theme, ...]
    problems: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    users: frozenset[str] = frozenset()

    def named(self, name: str) -> Theme | None:
        """The theme called ``name``."""
        return next((one for one in self.themes if one.name == name), None)

    def nearest(self, name: str) -> str:
        """What to say to somebody who asked for a theme there is not."""
        names = [one.name for one in self.themes]
        near = difflib.get_close_matches(name[:60], names, n=1)
        return f"did you mean {near[0]}?" if near else f"there are {', '.join(names[:20])}"


class ThemeError(ValueError):
    """A theme file that cannot be used; the text says why, in one line."""


def load_themes(user_folder: Path | None = None, owner: int | None = None) -> LoadResult:
    """Every theme of ours and of ``user_folder`` (``*.toml``); a user's theme replaces ours.

    ``owner`` is the user whose files may be trusted: see themes.toml_file.
    """
    themes: dict[str, Theme] = {}
    about: dict[str, str] = {}
    problems: list[str] = []
    ours = sorted(
        OUR_FOLDER.glob("*.toml"), key=lambda path: (path.stem != DEFAULT_THEME, path.stem)
    )
    users: set[str] = set()
    for path in (*ours, *_user_files(user_folder, problems)):
        try:
            table = _read_table(path, None if path in ours else owner)
            theme = make_theme(path, table, problems)
        except ThemeError as error:
            problems.append(f"theme {clean(path.name, 60)}: {error}")
            continue
        themes[theme.name] = theme
        about[theme.name] = shown(table.get("about", ""), MAX_ABOUT)
        if path not in ours:
            users.add(theme.name)
    return LoadResult(tuple(themes.values()), tuple(problems), about, frozenset(users))


def _user_files(user_folder: Path | None, problems: list[str]) -> list[Path]:
    if user_folder is None:
        return []
    try:
        paths = sorted(user_folder.glob("*.toml"))
    except OSError as error:
        problems.append(f"themes folder: {error.strerror}")
        return []
    if len(paths) > MAX_FILES:
        problems.append(f"themes folder: only the first {MAX_FILES} files are read")
    return paths[:MAX_FILES]


def read_theme(path: Path, problems: list[str]) -> Theme:
    """The theme in one file. Lesser faults go to ``problems``; raises ThemeError for the rest."""
    return make_theme(path, _read_table(path, None), problems)


def make_theme(path: Path, table: Mapping[str, Any], problems: list[str]) -> Theme:
    """The theme that a file's table describes. Raises ThemeError."""
    where = f"theme {clean(path.name, 60)}"
    problems += _unknown(where, "", table, _TOP_KEYS)
    name = table.get("name", path.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ThemeError("name must be small letters, digits and dashes, at most 40")
    ui = _colours(where, table, "ui", UI_COLOURS, problems)
    if "primary" not in ui:
        raise ThemeError("[ui] primary is missing or not a colour")
    ports = _colours(where, table, "ports", tuple(PORT_FALLBACKS), problems)
    dark = _flag(where, table, "dark", True, problems)
    ansi = _flag(where, table, "ansi", False, problems)
    return Theme(
        name=name,
        primary=ui["primary"],
        secondary=ui.get("secondary"),
        accent=ui.get("accent"),
        warning=ui.get("warning"),
        error=ui.get("error"),
        success=ui.get("success"),
        foreground=ui.get("foreground"),
        background=ui.get("background"),
        surface=ui.get("surface"),
        panel=ui.get("panel"),
        dark=dark,
        ansi=ansi,
        variables=_framework_variables(dark, ansi)
        | {
            f"port-{state}": ports.get(state) or ui.get(fallback) or ui["primary"]
            for state, fallback in PORT_FALLBACKS.items()
        },
    )


def _framework_variables(dark: bool, ansi: bool) -> dict[str, str]:
    """Variables Textual's own widgets want from a theme in the terminal's colours."""
    if not ansi:
        return {}
    return BUILTIN_THEMES["ansi-dark" if dark else "ansi-light"].variables


def _read_table(path: Path, owner: int | None) -> dict[str, Any]:
    try:
        return read_toml(path, owner)
    except TomlFileError as error:
        raise ThemeError(str(error)) from None


def _colours(
    where: str, table: Mapping[str, Any], name: str, known: tuple[str, ...], problems: list[str]
) -> dict[str, str]:
    """The valid colours of one table; the others are reported."""
    given = table.get(name, {})
    if not isinstance(given, dict):
        problems.append(f"{where}: {name} must be a table: write [{name}]")
        return {}
    problems += _unknown(where, f"[{name}] ", given, known)
    colours: dict[str, str] = {}
    for key in known:
        value = given.get(key)
        if value is None:
            continue
        wrong = _not_a_colour(value)
        if wrong:
            problems.append(f"{where}: [{name}] {key} = {wrong}")
        else:
            colours[key] = value
    return colours


def _not_a_colour(value: object) -> str:
    """What is wrong with a value; empty for a colour."""
    near = None
    if isinstance(value, str):
        try:
            Color.parse(value[:100])
        except (ColorParseError, ValueError) as error:
            near = getattr(error, "suggested_color", None)
        else:
            return ""
    hint = f"; did you mean {near}?" if near else ' such as "#5aa9e6"'
    return f"{shown(value, 30)} is not a colour{hint}"


def _flag(
    where: str, table: Mapping[str, Any], key: str, default: bool, problems: list[str]
) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        problems.append(f"{where}: {key} must be true or false")
        return default
    return value


def _unknown(
    where: str, section: str, given: Mapping[str, Any], known: tuple[str, ...]
) -> Iterator[str]:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key[:60], known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; use {', '.join(known)}"
            yield f"{where}: {section}{clean(key, 30)} is not known{hint}"

"""Config: the user's configuration file, checked as a whole.

What is not known, or has a value that makes no sense, is an error that names the nearest thing
there is: a setting that is silently passed over would be worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from engine.results.filter import parse_filter
from engine.sanitize import clean
from engine.spec.error import SpecError
from themes.loader import DEFAULT_THEME
from themes.toml_file import TomlFileError, read_toml, shown
from tui.keymap import Keymap, read_keymap
from tui.plan import Finding
from tui.settings import MAX_TEXT, SECTIONS, SETTINGS, Setting, nearest
from tui.user_folder import CONFIG_NAME, UserFolder

MAX_FILTERS = 50
MAX_NAME = 40
"""Characters of a filter's name."""


class ConfigError(ValueError):
    """A configuration that cannot be used.

    Attributes:
        problems: what is wrong, one line each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


class ScanDefaults(Struct, frozen=True):
    """What a scan is where the command line says nothing.

    Attributes:
        timing: number of a template.
        ports: port text.
        discovery: how hosts are found.
        names: whether hosts' names are looked up.
    """

    timing: str = "3"
    ports: str = "default"
    discovery: Finding = Finding.PING
    names: bool = True


class Config(Struct, frozen=True):
    """Every setting, and what the file leaves open as it is without one.

    Attributes:
        theme: name of the theme to begin with.
        animations: whether things may move and blink.
        verbosity: level of the log to begin with, 0 to 3.
        profiles: folder of the user's profiles, as written.
        scan: what a scan is by default.
        layout: panes and whether they are shown; None: where there is room.
        filters: saved filters by name.
        keymap: the actions with their keys.
        given: the settings as the file has them, by section and key.
        warnings: what may not work everywhere, one line each.
    """

    theme: str = DEFAULT_THEME
    animations: bool = True
    verbosity: int = 1
    profiles: str = "profiles"
    scan: ScanDefaults = ScanDefaults()
    layout: Mapping[str, bool | None] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    keymap: Keymap = field(default_factory=Keymap)
    given: Mapping[tuple[str, str], object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def load_config(folder: UserFolder) -> Config:
    """The configuration in ``folder``; without a file, every default. Raises ConfigError."""
    if not folder.config.is_symlink() and not folder.config.exists():
        return Config()
    try:
        table = read_toml(folder.config, folder.owner)
    except TomlFileError as error:
        raise ConfigError([f"{CONFIG_NAME}: {error}"]) from None
    return read_config(table)


def read_config(table: Mapping[str, Any]) -> Config:
    """The configuration that a file's table says. Raises ConfigError with all that is wrong."""
    problems: list[str] = []
    sections = {"": table} | {name: _section(table, name, problems) for name in SECTIONS}
    for name, section in sections.items():
        if name not in ("filters", "keys"):
            problems += _unknown(name, section)
    values: dict[str, dict[str, Any]] = {name: {} for name in sections}
    given: dict[tuple[str, str], object] = {}
    for setting in SETTINGS:
        value = sections[setting.section].get(setting.key)
        if value is not None:
            given[setting.section, setting.key] = value
            _read(setting, value, values[setting.section], problems)
    keys = read_keymap(sections["keys"])
    filters = _filters(sections["filters"], problems)
    problems += keys.problems
    if problems:
        raise ConfigError([f"{CONFIG_NAME}: {line}" for line in problems])
    return Config(
        **values[""],
        scan=ScanDefaults(**values["scan"]),
        layout=MappingProxyType(values["layout"]),
        filters=MappingProxyType(filters),
        keymap=keys.keymap,
        given=MappingProxyType(given),
        warnings=tuple(f"{CONFIG_NAME}: {line}" for line in keys.warnings),
    )


def _section(table: Mapping[str, Any], name: str, problems: list[str]) -> Mapping[str, Any]:
    found = table.get(name, {})
    if isinstance(found, dict):
        return found
    problems.append(f"{name} must be a table: write [{name}]")
    return {}


def _unknown(name: str, section: Mapping[str, Any]) -> list[str]:
    known = [one.key for one in SETTINGS if one.section == name] + ([] if name else [*SECTIONS])
    lines = []
    for key in section:
        if key not in known:
            where = f"[{name}] " if name else ""
            hint = nearest(key, known) or f"; there are {', '.join(known)}"
            lines.append(f"{where}{clean(key, MAX_NAME)} is not known{hint}")
    return lines


def _read(setting: Setting, value: object, into: dict[str, Any], problems: list[str]) -> None:
    try:
        into[setting.key] = setting.read(value)
    except ValueError as error:
        problems.append(f"{setting.name} = {shown(value)}: {clean(str(error), 300)}")


def _filters(section: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    filters: dict[str, str] = {}
    if len(section) > MAX_FILTERS:
        problems.append(f"[filters] has {len(section):,} entries; {MAX_FILTERS} at most")
        return filters
    for name, text in section.items():
        where = f"[filters] {clean(name, MAX_NAME)}"
        if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
            problems.append(f"{where}: a name has 1 to {MAX_NAME} visible characters")
        elif not isinstance(text, str) or len(text) > MAX_TEXT or not text.isprintable():
            problems.append(f'{where} must be text such as "state:open port:80-90"')
        else:
            try:
                parse_filter(text)
            except SpecError as error:
                problems.append(f"{where}: {error.line}")
            else:
                filters[name] = text
    return filters

"""``pyscan-tui --config``: show, find, check or begin a configuration file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

from themes.loader import load_themes
from tui.actions import ACTIONS
from tui.config import Config, ConfigError, load_config
from tui.profiles import ProfileShelf
from tui.settings import SECTIONS, SETTINGS
from tui.user_folder import UserFolder

FAULTY = 2
"""Exit code when something is wrong with the user's files."""


def run(what: str, folder: UserFolder) -> int:
    """Carry out ``--config what``; gives the exit code."""
    return COMMANDS[what](folder)


def _path(folder: UserFolder) -> int:
    print(folder.config)
    return 0


def _template(folder: UserFolder) -> int:
    print("\n".join(template_lines()))
    return 0


def _show(folder: UserFolder) -> int:
    try:
        config = load_config(folder)
    except ConfigError as error:
        return _complain(error.problems)
    print("\n".join(config_lines(config)))
    return 0


def _check(folder: UserFolder) -> int:
    themes = load_themes(folder.themes, folder.owner)
    problems = list(themes.problems)
    try:
        config = load_config(folder)
    except ConfigError as error:
        return _complain([*error.problems, *problems])
    if themes.named(config.theme) is None:
        shown = json.dumps(config.theme)
        problems.append(f"config.toml: theme = {shown}: {themes.nearest(config.theme)}")
    problems += ProfileShelf(folder.expand(config.profiles), folder).problems
    for line in config.warnings:
        print(f"pyscan-tui: warning: {line}", file=sys.stderr)
    if problems:
        return _complain(problems)
    print(f"{folder.config}: {'no mistakes' if folder.config.exists() else 'there is none'}")
    return 0


def _complain(problems: list[str] | tuple[str, ...]) -> int:
    for line in problems:
        print(f"pyscan-tui: {line}", file=sys.stderr)
    return FAULTY


COMMANDS: dict[str, Callable[[UserFolder], int]] = {
    "show": _show,
    "path": _path,
    "template": _template,
    "check": _check,
}


def config_lines(config: Config) -> Iterator[str]:
    """The settings in force as TOML; those of no file are marked."""
    for section in ("", *SECTIONS):
        if section:
            yield from ("", f"[{section}]")
        for setting in SETTINGS:
            if setting.section == section:
                value = config.given.get((section, setting.key))
                mark = "  # default" if value is None else ""
                yield f"{setting.key} = {_toml(setting.default if value is None else value)}{mark}"
        if section == "filters":
            yield from (f"{_toml(name)} = {_toml(text)}" for name, text in config.filters.items())
        if section == "keys":
            yield from (f"{one.name} = {_toml(list(one.keys))}" for one in config.keymap.actions)


def template_lines() -> Iterator[str]:
    """A file that sets nothing: every setting with its default, behind a ``#``."""
    yield "# PyScan's configuration. Take the # away from what you want to change;"
    yield "# pyscan-tui --config check says whether it is understood."
    for section in ("", *SECTIONS):
        if section:
            yield from ("", f"# {SECTIONS[section]}", f"[{section}]")
        for setting in SETTINGS:
            if setting.section == section:
                yield from ("", f"# {setting.about}")
                yield f"#{setting.key} = {_toml(setting.default)}"
        if section == "filters":
            yield '#web = "port:80,443,8000-8999 state:open"'
        if section == "keys":
            for action in ACTIONS:
                yield from ("", f"# {action.help}", f"#{action.name} = {_toml(list(action.keys))}")


def _toml(value: object) -> str:
    """A value as TOML. Texts have no control characters, so JSON's way of quoting is TOML's."""
    return json.dumps(value, ensure_ascii=False)

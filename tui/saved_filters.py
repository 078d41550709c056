"""SavedFilters: filters with a name, those of the configuration file and those saved by a key.

The configuration file is the user's to write; what the program saves is in a file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.results.filter import parse_filter
from engine.sanitize import clean
from engine.spec.error import SpecError
from themes.toml_file import TomlFileError, read_toml
from tui.config import MAX_FILTERS, MAX_NAME
from tui.owned_file import write_owned
from tui.user_folder import UserFolder

FILE_NAME = "filters.toml"


class SavedFilterError(ValueError):
    """A filter that cannot be saved or removed; one line says why."""


class SavedFilters:
    """The filters of ``configured`` and those in the user's FILE_NAME.

    Attributes:
        own: those in FILE_NAME, by name; they can be replaced and removed.
        problem: why the file, or something in it, cannot be used; empty when all is well.
    """

    def __init__(self, folder: UserFolder, configured: Mapping[str, str]) -> None:
        self._folder = folder
        self._path = folder.path / FILE_NAME
        self._configured = configured
        self.own: dict[str, str] = {}
        self.problem = ""
        self._usable = True
        self._read()

    @property
    def all(self) -> Mapping[str, str]:
        """Every filter by name."""
        return {**self.own, **self._configured}

    def check_name(self, name: str) -> None:
        """Raise SavedFilterError when no filter can be saved under ``name``."""
        if not _sound(name):
            raise SavedFilterError(f"A name has 1 to {MAX_NAME} visible characters")
        if name in self._configured:
            raise SavedFilterError(f"{name} is in the configuration file; choose another name")
        if name not in self.own and len(self.own) >= MAX_FILTERS:
            raise SavedFilterError(f"There are {MAX_FILTERS} already: remove one first")

    def save(self, name: str, text: str) -> None:
        """Keep a filter, in place of the saved one of that name. Raises SavedFilterError."""
        self.check_name(name)
        self._write({**self.own, name: text})

    def remove(self, name: str) -> None:
        """Forget a saved filter. Raises SavedFilterError."""
        if name not in self.own:
            raise SavedFilterError(f"{name} is in the configuration file: remove it there")
        self._write({key: text for key, text in self.own.items() if key != name})

    def _read(self) -> None:
        if not self._path.is_symlink() and not self._path.exists():
            return
        try:
            table = read_toml(self._path, self._folder.owner)
        except TomlFileError as error:
            self.problem, self._usable = f"{FILE_NAME} {error}", False
            return
        for name, text in table.items():
            try:
                if not _sound(name) or not isinstance(text, str) or not text.isprintable():
                    raise ValueError("is not a name and a filter")
                parse_filter(text)
            except (SpecError, ValueError) as error:
                what = error.line if isinstance(error, SpecError) else str(error)
                self.problem = f"{FILE_NAME}: {clean(name, MAX_NAME)} {what}"
            else:
                if len(self.own) < MAX_FILTERS:
                    self.own[name] = text

    def _write(self, filters: dict[str, str]) -> None:
        if not self._usable:  # it may hold what the user would miss
            raise SavedFilterError(f"{self.problem}; nothing is saved over it")
        # Names and filters are visible characters, so JSON's way of quoting is TOML's.
        lines = (
            f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(text, ensure_ascii=False)}\n"
            for name, text in filters.items()
        )
        try:
            write_owned(self._path, "".join(lines), self._folder)
        except OSError as error:
            raise SavedFilterError(f"{FILE_NAME} cannot be written: {error.strerror}") from None
        self.own = filters


def _sound(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name == name.strip()

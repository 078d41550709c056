"""ThemeWatch: the themes there are, and whether the user's have changed on the disk."""

from __future__ import annotations

from pathlib import Path

from themes.loader import LoadResult, load_themes
from tui.user_folder import UserFolder

Stamps = frozenset[tuple[str, int, int]]


class ThemeWatch:
    """Themes of ours and of ``user``'s folder; only ours without one.

    Attributes:
        loaded: what was found when it was last read.
    """

    def __init__(self, user: UserFolder | None = None) -> None:
        self._user = user
        self._stamps = self._look()
        self.loaded = self._load()

    def changed(self) -> bool:
        """Look at the folder; True when a file has come, gone or changed, and all is read again."""
        stamps = self._look()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        self.loaded = self._load()
        return True

    def _load(self) -> LoadResult:
        if self._user is None:
            return load_themes()
        return load_themes(self._user.themes, self._user.owner)

    def _look(self) -> Stamps:
        """Name, time of the last change and size of each theme file."""
        if self._user is None:
            return frozenset()
        try:
            return frozenset(map(_stamp, self._user.themes.glob("*.toml")))
        except OSError:
            return frozenset()


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return path.name, 0, 0
    return path.name, found.st_mtime_ns, found.st_size

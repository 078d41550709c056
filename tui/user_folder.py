"""Where the user's own files are: config, themes, profiles.

Under sudo they are those of the user who called it, not root's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from msgspec import Struct

CONFIG_NAME = "config.toml"


class UserFolder(Struct, frozen=True):
    """A configuration folder.

    Attributes:
        path: the folder; it may not exist.
        home: the user's home folder.
        owner: id of the user whose files may be trusted; None where the system has no such ids.
        group: the user's group, for files that are written.
    """

    path: Path
    home: Path
    owner: int | None = None
    group: int | None = None

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.path / CONFIG_NAME

    @property
    def themes(self) -> Path:
        """The folder of the user's themes."""
        return self.path / "themes"

    @property
    def profiles(self) -> Path:
        """Where profiles are kept unless the configuration says otherwise."""
        return self.path / "profiles"

    def expand(self, text: str) -> Path:
        """A path from the configuration: ``~`` is the user's home, other paths start here."""
        if text == "~" or text.startswith("~/"):
            return self.home / text[2:]
        return self.path / text


def user_folder() -> UserFolder:
    """The folder of the user who sits at the keyboard."""
    if not hasattr(os, "geteuid"):
        return UserFolder(_own_folder(), Path.home())
    invoking = _invoking_user()
    if invoking is None:
        return UserFolder(_own_folder(), Path.home(), os.geteuid(), os.getegid())
    home, owner, group = invoking
    within = "Library/Application Support" if sys.platform == "darwin" else ".config"
    return UserFolder(home / within / "pyscan", home, owner, group)


def _own_folder() -> Path:
    from platformdirs import user_config_path

    return user_config_path("pyscan")


def _invoking_user() -> tuple[Path, int, int] | None:
    """Home and ids of the user who called sudo; None when nobody did."""
    name = os.environ.get("SUDO_USER", "")
    if os.geteuid() != 0 or not name:
        return None
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError):  # no such user, or no name a user can have
        return None
    return (Path(entry.pw_dir), entry.pw_uid, entry.pw_gid) if entry.pw_uid else None

"""Profiles: ways to scan with a name, ours and the user's, each a command line without targets."""

from __future__ import annotations

import json
import re
from pathlib import Path

from msgspec import Struct

from engine.sanitize import clean
from themes.toml_file import TomlFileError, read_toml
from tui.owned_file import write_owned
from tui.settings import nearest
from tui.user_folder import UserFolder

MAX_FILES = 100
MAX_NAME = 40
MAX_ABOUT = 200
MAX_COMMAND = 2000
"""Characters of a profile's name, description and command line."""

PROGRAM = "pyscan"
_KEYS = ("name", "about", "command")


class ProfileError(ValueError):
    """A profile that cannot be used or kept; the text says why, in one line."""


class Profile(Struct, frozen=True):
    """A way to scan.

    Attributes:
        name: what the user calls it.
        about: what it is for.
        command: the command line without targets, beginning with ``pyscan``.
        path: the file it was read from; None for ours.
    """

    name: str
    about: str
    command: str
    path: Path | None = None

    @property
    def is_users(self) -> bool:
        """True for a profile from a file of the user's."""
        return self.path is not None


OURS: tuple[Profile, ...] = (
    Profile("regular", "The 1,000 most common TCP ports of hosts that are up.", "pyscan"),
    Profile("quick", "The 100 most common TCP ports, fast.", "pyscan -T4 -F"),
    Profile("all TCP", "Every TCP port.", "pyscan -T4 -p 1-65535"),
    Profile("with UDP", "TCP and UDP together; UDP takes its time.", "pyscan -sS -sU -T4"),
    Profile("web", "The usual ports of web servers.",
            "pyscan -T4 -p 80,443,591,3000,5000,8000-8010,8080-8090,8443,8888,9443"),
    Profile("no ping", "Hosts that do not answer pings are scanned too.", "pyscan -T4 -Pn"),
    Profile("ping only", "Which hosts are up; no ports.", "pyscan -sn"),
    Profile("list only", "The targets and their names; nothing is sent to them.", "pyscan -sL"),
    Profile("firewall", "Which ports a firewall lets through, by ACK probes.",
            "pyscan -sA -T4"),
    Profile("slow and careful", "Few probes at a time, for fragile networks.",
            "pyscan -T2 --max-rate 20 --max-parallelism 10"),
)  # fmt: skip
"""The profiles that come with PyScan."""


class ProfileShelf:
    """Our profiles and those in ``folder``, one TOML file each.

    Args:
        folder: where the user's are.
        user: whose files may be trusted, and who gets those that are written.

    Attributes:
        profiles: ours first; a user's profile stands in the place of ours with its name.
        problems: one line per file that cannot be used.
    """

    def __init__(self, folder: Path, user: UserFolder) -> None:
        self._folder = folder
        self._user = user
        self.profiles: tuple[Profile, ...] = OURS
        self.problems: tuple[str, ...] = ()
        self.read()

    def read(self) -> None:
        """Read the folder again."""
        found = {one.name: one for one in OURS}
        problems: list[str] = []
        for path in self._files(problems):
            try:
                profile = _profile(path, read_toml(path, self._user.owner))
            except (TomlFileError, ProfileError) as error:
                problems.append(f"profile {clean(path.name, 60)}: {clean(str(error), 300)}")
            else:
                found[profile.name] = profile
        self.profiles, self.problems = tuple(found.values()), tuple(problems)

    def _files(self, problems: list[str]) -> list[Path]:
        try:
            paths = sorted(self._folder.glob("*.toml"))
        except OSError as error:
            problems.append(f"profiles folder: {error.strerror}")
            return []
        if len(paths) > MAX_FILES:
            problems.append(f"profiles folder: only the first {MAX_FILES} files are read")
        return paths[:MAX_FILES]

    def save(self, profile: Profile) -> None:
        """Write a profile, in place of the user's one with its name. Raises ProfileError."""
        check_texts(profile)
        old = next((one.path for one in self.profiles if one.name == profile.name), None)
        try:
            write_owned(old or self._free_path(profile.name), _toml(profile), self._user)
        except OSError as error:
            raise ProfileError(f"cannot be written: {error.strerror}") from None
        self.read()

    def delete(self, profile: Profile) -> None:
        """Remove a user's profile. Raises ProfileError."""
        if profile.path is None:
            raise ProfileError(f"{profile.name} came with PyScan and stays")
        try:
            profile.path.unlink(missing_ok=True)
        except OSError as error:
            raise ProfileError(f"cannot be removed: {error.strerror}") from None
        self.read()

    def _free_path(self, name: str) -> Path:
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "profile"
        taken = {path.name for path in self._folder.glob("*.toml")}
        names = (f"{stem}{'' if n == 1 else f'-{n}'}.toml" for n in range(1, len(taken) + 2))
        return self._folder / next(one for one in names if one not in taken)


def _profile(path: Path, table: dict[str, object]) -> Profile:
    for key in table:
        if key not in _KEYS:
            hint = nearest(key, _KEYS) or f"; there are {', '.join(_KEYS)}"
            raise ProfileError(f"{clean(key, 40)} is not known{hint}")
    texts = {key: table.get(key, "") for key in _KEYS}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise ProfileError(f"{key} must be text in quotes")
    profile = Profile(str(texts["name"]), str(texts["about"]), str(texts["command"]), path)
    check_texts(profile)
    return profile


def check_texts(profile: Profile) -> None:
    """Raise ProfileError when a text is missing, too long or not one visible line, or when the
    command line makes no sense."""
    from tui.profile_plan import command_plan

    limits = (("name", MAX_NAME, 1), ("about", MAX_ABOUT, 0), ("command", MAX_COMMAND, 1))
    for key, most, least in limits:
        text = str(getattr(profile, key))
        if not least <= len(text.strip()) <= len(text) <= most or not text.isprintable():
            what = f"{least} to {most:,}" if least else f"at most {most:,}"
            raise ProfileError(f"{key} must be one line of {what} visible characters")
    command_plan(profile.command)


def _toml(profile: Profile) -> str:
    """The file's text. Texts have no control characters, so JSON's way of quoting is TOML's."""
    lines = (f"{key} = {json.dumps(getattr(profile, key), ensure_ascii=False)}" for key in _KEYS)
    return "".join(f"{line}\n" for line in lines)

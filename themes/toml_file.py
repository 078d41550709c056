"""Reading a TOML file that a user wrote: bounded, and only when nobody else could have written it.

PyScan is often run as root through sudo. A file that others can write could then change what root
does, and a link to a file its owner may not read would show what is in it.
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from engine.sanitize import clean

MAX_BYTES = 64 * 1024
_ROOT = 0


class TomlFileError(ValueError):
    """A file that cannot be used; the text says why, in one line."""


def read_toml(path: Path, owner: int | None = None) -> dict[str, Any]:
    """The table in ``path``, at most MAX_BYTES long.

    With ``owner`` (a user id), the file and its folder must be that user's or root's, nobody else
    may be able to write them, and root's file must be readable by all. Raises TomlFileError.
    """
    try:
        data = _read(path, owner)
    except FileNotFoundError:
        raise TomlFileError("is not there") from None
    except OSError as error:
        raise TomlFileError(f"cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise TomlFileError("is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise TomlFileError(f"is not valid TOML: {clean(str(error), 120)}") from None
    except RecursionError:
        raise TomlFileError("is nested too deeply") from None
    except ValueError:  # of int(): more digits than Python turns into a number
        raise TomlFileError("is not valid TOML: a number is too long") from None


def _read(path: Path, owner: int | None) -> bytes:
    # Without O_NONBLOCK a FIFO in the file's place would hold the program up.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise TomlFileError("is not a regular file")
        if owner is not None:
            _check("it ", found, owner)
            _check("the folder ", path.resolve().parent.stat(), owner)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise TomlFileError(f"is larger than {MAX_BYTES // 1024} KiB")
    return data


def _check(what: str, found: os.stat_result, owner: int) -> None:
    """Raise TomlFileError for what others own or can write."""
    subject = f"is not used: {what}"
    if found.st_uid not in (owner, _ROOT):
        raise TomlFileError(f"{subject}belongs to another user; chown it to yourself")
    others_write = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if others_write and not sticky:
        raise TomlFileError(f"{subject}can be written by others; run chmod go-w on it")
    if found.st_uid == _ROOT != owner and not found.st_mode & stat.S_IROTH:
        raise TomlFileError(f"{subject}is root's and not readable by all")


def shown(value: object, limit: int = 40) -> str:
    """A value from the file as a message may repeat it: one harmless line."""
    try:
        return clean(str(value), limit)
    except ValueError:  # of str(): a hexadecimal number of too many digits
        return "a long number"

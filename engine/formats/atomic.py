"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

Write = Callable[[BinaryIO], None]
"""Puts a document into a binary stream."""


def write_atomically(path: Path, write: Write) -> None:
    """Write ``path`` through ``write``: readers see the old file or the whole new one.

    The document goes to a temporary file beside the target, reaches the disk (fsync) and then takes
    the name (rename(2) replaces a file in one step). An existing file keeps its permissions; a
    symbolic link keeps pointing where it points. Devices, FIFOs and sockets cannot be replaced
    and are written directly. Raises OSError; ``path`` is then as it was.
    """
    target = Path(os.path.realpath(path))
    mode = _mode_of(target)
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory; name a file in it", str(path))
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as stream:
            write(stream)
        return
    import tempfile  # loads much, and most runs write no file

    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(handle, stat.S_IMODE(mode) if mode is not None else _fresh_mode())
            write(stream)
            stream.flush()
            os.fsync(handle)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def check_writable(path: Path) -> None:
    """Raise OSError now when ``path`` could not be written later, before a long scan begins."""
    target = Path(os.path.realpath(path))
    mode = _mode_of(target)
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory; name a file in it", str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))
    replaced = mode is None or stat.S_ISREG(mode)
    if not os.access(target.parent if replaced else target, os.W_OK):
        raise PermissionError(errno.EACCES, "may not be written", str(path))


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _fresh_mode() -> int:
    """Permissions a new file gets: what the process's umask leaves of rw-rw-rw-."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask

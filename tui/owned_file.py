"""Writing the user's own files: whole or not at all, and theirs also when root writes them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tui.user_folder import UserFolder


def write_owned(path: Path, text: str, user: UserFolder) -> None:
    """Replace a file in one step, readable by its owner only; folders that are missing are made.

    Under sudo everything belongs to the user who called it. Raises OSError.
    """
    _make_folder(path.parent, user)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        _hand_over(Path(name), user)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _make_folder(folder: Path, user: UserFolder) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent, user)
    folder.mkdir(mode=0o700)
    _hand_over(folder, user)


def _hand_over(path: Path, user: UserFolder) -> None:
    if user.owner is not None and user.group is not None and user.owner != os.geteuid():
        os.chown(path, user.owner, user.group, follow_symlinks=False)

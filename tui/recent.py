"""The targets scanned lately, kept for the target picker.

One expression per line, newest first, in the user's state folder. The file is only a convenience:
what cannot be read is ignored, and so is what cannot be written.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

MAX_ENTRIES = 20
MAX_LENGTH = 1000
MAX_BYTES = 64 * 1024


class RecentTargets:
    """Target expressions in ``path``; each at most MAX_LENGTH characters, MAX_ENTRIES in all.

    Attributes:
        heading: what the target picker writes above them.
    """

    heading = "Recent"

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; in the user's state folder unless another was given."""
        if self._path is None:
            from platformdirs import user_state_path

            self._path = user_state_path("pyscan") / "recent-targets.txt"
        return self._path

    def read(self) -> tuple[str, ...]:
        """The expressions, newest first. Lines no user could have typed are left out."""
        try:
            if not self.path.is_file():
                return ()
            with self.path.open("rb") as file:
                text = file.read(MAX_BYTES).decode(errors="replace")
        except OSError:
            return ()
        lines = dict.fromkeys(line.strip() for line in text.splitlines())
        return tuple(line for line in lines if _sound(line))[:MAX_ENTRIES]

    def add(self, expression: str) -> None:
        """Put an expression first, in place of an equal one."""
        expression = " ".join(expression.split())
        if not _sound(expression):
            return
        entries = [expression, *(line for line in self.read() if line != expression)]
        with contextlib.suppress(OSError):
            self._write("\n".join(entries[:MAX_ENTRIES]) + "\n")

    def _write(self, text: str) -> None:
        """Replace the file in one step, readable by its owner only."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".recent-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(self.path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _sound(line: str) -> bool:
    return 0 < len(line) <= MAX_LENGTH and line.isprintable()

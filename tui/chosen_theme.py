"""The theme chosen in the program, kept from one session to the next.

One line in the user's state folder, beside the layouts: a theme in the configuration file stands
above it. The file is only a convenience: what cannot be read is ignored, and so is what cannot be
written.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

MAX_NAME = 100
"""Characters of a theme's name."""


class ChosenTheme:
    """The name of a theme in ``path``."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; in the user's state folder unless another was given."""
        if self._path is None:
            from platformdirs import user_state_path

            self._path = user_state_path("pyscan") / "theme.txt"
        return self._path

    def read(self) -> str:
        """The name; empty when none was chosen."""
        try:
            if not self.path.is_file():
                return ""
            with self.path.open("rb") as file:
                name = file.read(4 * MAX_NAME).decode().strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return name if len(name) <= MAX_NAME and name.isprintable() else ""

    def write(self, name: str) -> None:
        """Replace the file in one step, readable by its owner only."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, fresh = tempfile.mkstemp(dir=self.path.parent, prefix=".theme-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(name + "\n")
                Path(fresh).replace(self.path)
            except OSError:
                Path(fresh).unlink(missing_ok=True)
                raise

"""The layouts of the main screen, kept from one session to the next.

A JSON object in the user's state folder: by size class the panes that are shown or not and sizes in
cells, and under ``results`` how these are grouped at any size. The file is only a convenience: what
cannot be read is ignored, and so is what cannot be written.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from tui.widgets.row_groups import Grouping

MAX_BYTES = 16 * 1024
MAX_CELLS = 10_000

Cells = Annotated[int, msgspec.Meta(ge=1, le=MAX_CELLS)]


class SavedLayout(msgspec.Struct, omit_defaults=True):
    """Panes and whether they are shown; measures and their sizes in cells; what the rows of the
    results are grouped by."""

    shown: dict[str, bool] = {}
    sizes: dict[str, Cells] = {}
    group: Grouping = Grouping.NONE


class LayoutFile:
    """Layouts by size class in ``path``, at most MAX_BYTES of them."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; in the user's state folder unless another was given."""
        if self._path is None:
            from platformdirs import user_state_path

            self._path = user_state_path("pyscan") / "layout.json"
        return self._path

    def read(self) -> dict[str, SavedLayout]:
        """The layouts; none when the file is not one this program wrote."""
        try:
            if not self.path.is_file():
                return {}
            with self.path.open("rb") as file:
                text = file.read(MAX_BYTES + 1)
            if len(text) > MAX_BYTES:
                return {}
            return msgspec.json.decode(text, type=dict[str, SavedLayout])
        except (OSError, ValueError, RecursionError):
            return {}

    def write(self, layouts: Mapping[str, SavedLayout]) -> None:
        """Replace the file in one step, readable by its owner only."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".layout-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(msgspec.json.encode(layouts))
                Path(name).replace(self.path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

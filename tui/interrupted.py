"""The results of scans that were cut short because the terminal was closed, the program was told to
end, or failed itself.

They are kept as JSON in the user's state folder, the next time in place of those before, and named
once when PyScan starts again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.sanitize import clean
from tui.door import EngineDoor

if TYPE_CHECKING:
    from engine.results.report import ScanReport

MAX_REPORTS = 8
FORMAT = "json"
_MARK = "not-told-yet"


class InterruptedResults:
    """At most MAX_REPORTS files in ``folder``, readable by their owner only."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """The folder; in the user's state folder unless another was given."""
        if self._folder is None:
            from platformdirs import user_state_path

            self._folder = user_state_path("pyscan") / "interrupted"
        return self._folder

    def keep(self, reports: Sequence[ScanReport], door: EngineDoor) -> list[Path]:
        """Write the reports, then remove those of an earlier time. Raises OSError."""
        if not reports:
            return []
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        suffix = door.export_formats()[FORMAT].suffix
        earlier = set(self.folder.glob(f"*{suffix}"))
        kept = [self.folder / f"scan-{n}{suffix}" for n in range(1, len(reports) + 1)]
        for path, report in zip(kept[:MAX_REPORTS], reports, strict=False):
            self._write(path, report, door)
        for path in earlier.difference(kept):
            path.unlink(missing_ok=True)
        (self.folder / _MARK).touch(mode=0o600)
        return kept[:MAX_REPORTS]

    def _write(self, path: Path, report: ScanReport, door: EngineDoor) -> None:
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".scan-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                door.export_formats()[FORMAT].write(report, stream)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def line(self) -> str:
        """Where the files are, once after they were kept; empty when there is nothing new."""
        try:
            (self.folder / _MARK).unlink()
            kept = sorted(self.folder.glob("scan-*"))[:MAX_REPORTS]
        except OSError:
            return ""
        if not kept:
            return ""
        files = f"{kept[0]}" if len(kept) == 1 else f"{len(kept)} files in {self.folder}"
        return clean(
            f"PyScan was made to end last time: the results until then are in {files}", 500
        )

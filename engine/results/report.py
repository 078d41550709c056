"""ScanReport: a finished, running or interrupted scan as exports see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from engine.results.snapshot import Snapshot
from engine.spec.scan import ScanSpec

if TYPE_CHECKING:
    from engine.results.part import Part


class ScanReport(Struct, frozen=True):
    """What a format needs to write a whole document.

    Attributes:
        spec: what was asked for when the scan began.
        snapshot: what is known; ``snapshot.phase`` tells whether the scan ran to its end.
        written_at: Unix time of this report.
        target_problems: targets that could not be used, as (expression, why) pairs.
        part: the only rows to write; None for all. Everything else that is told of the scan and of
            its hosts is told of the whole.
    """

    spec: ScanSpec
    snapshot: Snapshot
    written_at: float
    target_problems: tuple[tuple[str, str], ...] = ()
    part: Part | None = None

    @property
    def complete(self) -> bool:
        """True when the scan ran to its end."""
        return self.snapshot.phase.value == "finished"

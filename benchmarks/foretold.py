"""What a scan says of its end while it runs. As a program, ``python -m benchmarks.foretold`` with
the words of a ``pyscan`` command line, it scans and prints that as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from engine.session import ScanSession, default_scan_types
from engine.spec.command_line import build_spec
from engine.spec.options import scan_parser

_LOOK = 0.02
"""Seconds between looks at the scan."""


@dataclass(frozen=True)
class Foretold:
    """``said``: pairs of seconds since the scan's start and seconds left, None for unknown.
    ``took``: seconds the scan took."""

    said: Sequence[tuple[float, float | None]]
    took: float

    def worst(self, since: float) -> tuple[float, float]:
        """How wrong the end foreseen was at most, as a share of the scan's time, and at which share
        of the scan that was said: from the share ``since`` on. Unknown is wrong by all of it."""
        errors = [
            (1.0 if left is None else abs(at + left - self.took) / self.took, at / self.took)
            for at, left in self.said
            if at >= since * self.took
        ]
        return max(errors, default=(0.0, 1.0))


def watch(words: Sequence[str]) -> Foretold:
    """Scan as ``pyscan`` does with these words. Raises SpecError, UsageError,
    TransportUnavailable."""
    args = scan_parser("foretold", "").read(words)
    session = ScanSession(build_spec(args, default_scan_types()).spec, linger=False)
    said: list[tuple[float, float | None]] = []
    session.start()
    try:
        while not session.wait(_LOOK):
            snapshot = session.snapshot()
            progress = snapshot.progress
            if not snapshot.phase.over and (not said or progress.elapsed > said[-1][0]):
                said.append((progress.elapsed, progress.remaining))
    finally:
        session.close()
    return Foretold(said, session.progress.elapsed)


if __name__ == "__main__":
    print(json.dumps(asdict(watch(sys.argv[1:]))))

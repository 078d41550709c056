"""Small phrases the text and XML formats share."""

from __future__ import annotations

from engine import __version__
from engine.results.report import ScanReport
from engine.results.snapshot import Phase

PROGRAM = f"PyScan {__version__}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """``1 host``, ``2 hosts``, ``2 addresses``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def closing(report: ScanReport, up: int) -> str:
    """The last line: how the scan ended, how many hosts there were, how long it took."""
    snapshot = report.snapshot
    hosts = snapshot.view.host_count
    addresses = counted(hosts, "IP address", "IP addresses")
    end = (
        f"{addresses} ({counted(up, 'host')} up) scanned in {snapshot.progress.elapsed:.2f} seconds"
    )
    if report.complete:
        return f"PyScan done: {end}"
    done = f"{snapshot.progress.decided} of {snapshot.progress.total} ports decided"
    return f"PyScan {_ENDINGS.get(snapshot.phase, 'still running')}: {end}, {done}"


_ENDINGS = {Phase.CANCELLED: "interrupted", Phase.FAILED: "failed"}

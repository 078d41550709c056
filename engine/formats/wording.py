"""Small phrases the text and XML formats share."""

from __future__ import annotations

from engine import __version__
from engine.formats.roll_call import RollCall, lists_only
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.sanitize import clean
from engine.spec.port_state import PortState

PROGRAM = f"PyScan {__version__}"
_LONGEST_WORDS = 600


def counted(number: int, singular: str, plural: str = "") -> str:
    """``1 host``, ``2 hosts``, ``2 addresses``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def part_words(report: ScanReport) -> str:
    """What a part holds, as in ``3 of 4000 decided ports: the marked rows`` or ``2 of 6 hosts: the
    hosts listed``; empty for a whole."""
    if report.part is None:
        return ""
    words = clean(report.part.words, _LONGEST_WORDS)
    if report.part.chosen_hosts is not None:
        hosts = counted(report.snapshot.view.host_count, "host")
        return f"{len(report.part.hosts)} of {hosts}: {words}"
    totals = report.snapshot.view.totals
    decided = sum(totals.values()) - totals[PortState.PENDING]
    ports = counted(decided, "decided port")
    return f"{len(report.part)} of {ports}: {words}"


def closing(report: ScanReport, roll: RollCall) -> str:
    """The last line: how the scan ended, how many hosts there were, how long it took."""
    snapshot = report.snapshot
    addresses = counted(roll.total, "IP address", "IP addresses")
    seconds = f"in {snapshot.progress.elapsed:.2f} seconds"
    if lists_only(report):
        end = f"{addresses} listed {seconds}"
    else:
        done = "scanned" if report.spec.scan_ports else "asked"
        end = f"{addresses} ({counted(roll.up, 'host')} up) {done} {seconds}"
    if report.part is not None:
        end += f"; this file is a part: {part_words(report)}"
    if report.complete:
        return f"PyScan done: {end}"
    done = f"{snapshot.progress.decided} of {snapshot.progress.total} ports decided"
    if not report.spec.scan_ports:
        done = f"{roll.total - roll.not_asked} of {roll.total} hosts decided"
    return f"PyScan {_ENDINGS.get(snapshot.phase, 'still running')}: {end}, {done}"


_ENDINGS = {Phase.CANCELLED: "interrupted", Phase.FAILED: "failed"}


def hardware_text(hardware: bytes) -> str:
    """A hardware address as people write it, e.g. ``02:1B:44:11:3A:B7``."""
    return hardware.hex(":").upper()

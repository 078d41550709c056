"""Normal output: the report people know from nmap, host by host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from engine.formats.collapse import HostPorts, host_ports
from engine.formats.host_status import HostStatus, Status, host_status
from engine.formats.style import PLAIN, Style
from engine.formats.wording import PROGRAM, closing, counted
from engine.results.report import ScanReport
from engine.results.snapshot import Snapshot
from engine.sanitize import clean
from engine.spec.port_state import INTERESTING, PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from engine.spec.services import service_name


def write_text(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write the report as UTF-8 text. Raises only what ``stream`` raises."""
    snapshot = report.snapshot
    _put(stream, [f"{PROGRAM} scan report, started {_moment(report)}"])
    for expression, problem in report.target_problems:
        _put(stream, [f"Target not scanned: {clean(expression)}: {clean(problem)}"])
    up = 0
    for host in range(snapshot.view.host_count):
        status = host_status(snapshot, host)
        up += status.status is Status.UP
        if style.open_only and not _has_interesting(snapshot, host):
            continue
        _put(stream, ["", *_host_lines(report, host, status, style)])
    if snapshot.failure:
        _put(stream, ["", f"The scan failed: {clean(snapshot.failure)}"])
    _put(stream, ["", closing(report, up)])


def _put(stream: BinaryIO, lines: list[str]) -> None:
    stream.write("".join(f"{line}\n" for line in lines).encode())


def _moment(report: ScanReport) -> str:
    moment = time.localtime(report.snapshot.started_at or report.written_at)
    return time.strftime("%Y-%m-%d %H:%M:%S %z", moment)


def _has_interesting(snapshot: Snapshot, host: int) -> bool:
    counts = snapshot.view.counts(host)
    return any(counts[state] for state in INTERESTING)


def _host_lines(report: ScanReport, host: int, status: HostStatus, style: Style) -> Iterator[str]:
    snapshot = report.snapshot
    address = clean(snapshot.names.text(host))
    name = clean(snapshot.names.name(host))
    title = f"{name} ({address})" if name else address
    ports = host_ports(snapshot, host, style)
    yield f"PyScan scan report for {title}"
    yield _status_line(snapshot, host, status, style)
    if ports.summed_up and not len(ports.listed):
        yield f"All {ports.summed_up} scanned ports on {title} are in ignored states."
    if ports.groups:
        yield f"Not shown: {_not_shown(ports)}"
    if ports.pending:
        shard = report.spec.shard
        part = f" (this was part {shard} of the work)" if shard.count > 1 else ""
        yield f"Not decided: {counted(ports.pending, 'port')}{part}"
    yield from _table(ports, style)


def _status_line(snapshot: Snapshot, host: int, status: HostStatus, style: Style) -> str:
    problem = clean(snapshot.problems.get(host, ""))
    because = f" ({problem})" if problem else ""
    if status.status is not Status.UP:
        return f"{_STATUS_LINES[status.status]}{because}."
    received = f", received {_reason(status.reason, status.ttl)}" if style.reasons else ""
    rtt = float(snapshot.host_rtt[host]) if host < len(snapshot.host_rtt) else float("nan")
    latency = "" if np.isnan(rtt) else f" ({_two_digits(rtt)}s latency)"
    trouble = f" Not fully probed{because}." if problem else ""
    return f"Host is up{received}{latency}.{trouble}"


_STATUS_LINES = {
    Status.UNKNOWN: "Nothing answered: the host may be down or filtered",
    Status.FAILED: "Host could not be probed",
    Status.SKIPPED: "Host was skipped",
}


def _two_digits(seconds: float) -> str:
    """Two significant digits without an exponent, as in ``0.00044``."""
    if seconds <= 0:
        return "0.0"
    places = max(1, 1 - int(np.floor(np.log10(seconds))))
    return f"{seconds:.{min(places, 9)}f}"


def _reason(reason: Reason, ttl: int) -> str:
    return f"{reason.label} ttl {ttl}" if ttl else reason.label


def _not_shown(ports: HostPorts) -> str:
    totals: dict[PortState, int] = {}
    for group in ports.groups:
        totals[group.state] = totals.get(group.state, 0) + group.count
    return ", ".join(
        f"{group.count} {group.state.label} {group.protocol.label} "
        f"{'port' if totals[group.state] == 1 else 'ports'} ({group.reason.label})"
        for group in ports.groups
    )


def _table(ports: HostPorts, style: Style) -> Iterator[str]:
    """The listed ports in columns as wide as their longest entry."""
    if not len(ports.listed):
        return
    rows = [("PORT", "STATE", "SERVICE", "REASON")]
    for channel, state, reason, ttl in zip(
        ports.channels.tolist(),
        ports.listed["state"].tolist(),
        ports.listed["reason"].tolist(),
        ports.listed["ttl"].tolist(),
        strict=True,
    ):
        protocol, port = Protocol(channel >> 16), channel & 0xFFFF
        rows.append(
            (
                f"{port}/{protocol.label}",
                PortState(state).label,
                service_name(protocol, port) or "unknown",
                _reason(Reason(reason), ttl),
            )
        )
    if not style.reasons:
        rows = [(*row[:3], "") for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True))
        yield " ".join(cells).rstrip()

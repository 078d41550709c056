"""Normal output: the report people know from nmap, host by host."""

from __future__ import annotations

import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np

from engine.formats.collapse import HostPorts, host_ports
from engine.formats.host_status import HostStatus, Status
from engine.formats.roll_call import RollCall, lists_only, roll_call
from engine.formats.style import PLAIN, Explain, Style
from engine.formats.wording import PROGRAM, closing, counted, hardware_text, part_words
from engine.host.vendors import vendor
from engine.results.cell import states_before
from engine.results.report import ScanReport
from engine.results.snapshot import Snapshot
from engine.sanitize import clean
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from engine.spec.services import service_name

_WIDTH = 80
"""Columns explanations are wrapped to."""
_REASON_COLUMN = 3
_MOST_FAILED = 5
"""Hosts that could not be probed for the same reason are summed up beyond this number."""


def write_text(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write the report as UTF-8 text. Raises only what ``stream`` raises."""
    roll = roll_call(report, style)
    failed = _alike(report.snapshot, roll, style)
    _put(stream, [f"{PROGRAM} scan report, started {_moment(report)}"])
    if report.part is not None:
        _put(stream, [f"Only a part of the results: {part_words(report)}"])
    for expression, problem in report.target_problems:
        _put(stream, [f"Target not scanned: {clean(expression)}: {clean(problem)}"])
    apart = [""] if report.spec.scan_ports else []
    for host, status in roll.listed:
        if status.status is Status.FAILED and report.snapshot.problems[host] in failed:
            continue
        _put(stream, [*apart, *_host_lines(report, host, status, style)])
    dark = list(_dark_lines(roll, failed, len(report.snapshot.view.channels)))
    if dark and report.part is None:
        _put(stream, ["", *dark])
    if report.snapshot.failure:
        _put(stream, ["", f"The scan failed: {clean(report.snapshot.failure)}"])
    _put(stream, ["", closing(report, roll)])


def _put(stream: BinaryIO, lines: list[str]) -> None:
    stream.write("".join(f"{line}\n" for line in lines).encode())


def _moment(report: ScanReport) -> str:
    moment = time.localtime(report.snapshot.started_at or report.written_at)
    return time.strftime("%Y-%m-%d %H:%M:%S %z", moment)


def _alike(snapshot: Snapshot, roll: RollCall, style: Style) -> Mapping[str, int]:
    """Problems too many hosts share to list each of those: the number of hosts."""
    failed = (host for host, status in roll.listed if status.status is Status.FAILED)
    numbers = Counter(snapshot.problems[host] for host in failed)
    return {
        problem: number
        for problem, number in numbers.items()
        if number > _MOST_FAILED and not style.detail
    }


def _dark_lines(roll: RollCall, failed: Mapping[str, int], ports: int) -> Iterator[str]:
    """What there is to say about hosts that are not listed."""
    for problem, number in failed.items():
        yield f"Not shown: {counted(number, 'host')} that could not be probed ({clean(problem)})"
    if roll.silent:
        yield f"Not shown: {counted(roll.silent, 'host')} x {counted(ports, 'port')}: no answer"
    if roll.hidden_down:
        number = sum(roll.hidden_down.values())
        reasons = ", ".join(
            f"{count} {reason.label or 'no-response'}" for reason, count in roll.hidden_down.items()
        )
        yield f"Not shown: {counted(number, 'host')} down ({reasons})"
        if not roll.up:
            yield "No host answered. If one is up and drops pings, scan it anyway with -Pn."


def _host_lines(report: ScanReport, host: int, status: HostStatus, style: Style) -> Iterator[str]:
    snapshot = report.snapshot
    known = snapshot.hosts.line(host)
    address = clean(snapshot.names.text(host))
    typed, found = clean(snapshot.names.name(host)), clean(known.name)
    title = f"{typed or found} ({address})" if typed or found else address
    yield f"PyScan scan report for {title}"
    if lists_only(report):
        return
    yield _status_line(snapshot, host, status, style)
    if host in snapshot.doubts:
        yield clean(snapshot.doubts[host])
    if typed and found and typed.lower().rstrip(".") != found.lower().rstrip("."):
        yield f"The DNS calls {address}: {found}"
    if status.status is not Status.DOWN and report.spec.scan_ports:
        yield from _port_lines(report, host, title, style)
    if known.hardware:
        maker = clean(vendor(known.hardware)) or "Unknown"
        yield f"MAC Address: {hardware_text(known.hardware)} ({maker})"


def _port_lines(report: ScanReport, host: int, title: str, style: Style) -> Iterator[str]:
    ports = host_ports(report.snapshot, host, style, report.part)
    if ports.summed_up and not len(ports.listed):
        yield f"All {ports.summed_up} scanned ports on {title} are in ignored states."
    if ports.groups:
        yield f"Not shown: {_not_shown(ports)}"
    if ports.changed:
        yield f"Not shown, but changed: {counted(ports.changed, 'port')}"
    if ports.pending:
        shard = report.spec.shard
        part = f" (this was part {shard} of the work)" if shard.count > 1 else ""
        yield f"Not decided: {counted(ports.pending, 'port')}{part}"
    yield from _table(ports, style)
    if style.explain is not None:
        yield from _explanations(ports, host, style.explain)


def _status_line(snapshot: Snapshot, host: int, status: HostStatus, style: Style) -> str:
    problem = clean(snapshot.problems.get(host, ""))
    because = f" ({problem})" if problem else ""
    received = ""
    if style.reasons and status.reason is Reason.NO_RESPONSE:
        received = ", no-response"
    elif style.reasons and status.reason:
        received = f", received {_reason(status.reason, status.ttl)}"
    if status.status is Status.DOWN:
        return f"Host is down{received}."
    if status.status is Status.UNKNOWN and not status.assumed:
        return "Nobody asked whether the host is up."
    if status.status is not Status.UP:
        return f"{_STATUS_LINES[status.status]}{because}."
    rtt = snapshot.host_line(host).rtt
    latency = "" if rtt is None else f" ({_two_digits(rtt)}s latency)"
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
        f"{group.count} {group.state.label} {_kind(group.protocol)}"
        f"{'' if totals[group.state] == 1 else 's'}"
        f"{' in doubt' if group.state is PortState.OPEN else ''} ({group.reason.label})"
        for group in ports.groups
    )


def _kind(protocol: Protocol) -> str:
    return "ip protocol" if protocol is Protocol.IP else f"{protocol.label} port"


def _table(ports: HostPorts, style: Style) -> Iterator[str]:
    """The listed ports in columns as wide as their longest entry; at the end of a line the state
    before the port was probed again, if that was another."""
    if not len(ports.listed):
        return
    only_ip = bool((ports.channels >> 16 == Protocol.IP).all())
    rows = [("PROTOCOL" if only_ip else "PORT", "STATE", "SERVICE", "REASON", "")]
    for channel, state, reason, ttl, before in zip(
        ports.channels.tolist(),
        ports.listed["state"].tolist(),
        ports.listed["reason"].tolist(),
        ports.listed["ttl"].tolist(),
        states_before(ports.listed).tolist(),
        strict=True,
    ):
        protocol, port = Protocol(channel >> 16), channel & 0xFFFF
        rows.append(
            (
                f"{port}" if only_ip else f"{port}/{protocol.label}",
                PortState(state).label,
                service_name(protocol, port) or "unknown",
                _reason(Reason(reason), ttl),
                f"was {PortState(before).label}" if before else "",
            )
        )
    columns = [column for column in range(5) if style.reasons or column != _REASON_COLUMN]
    widths = [max(len(row[column]) for row in rows) for column in columns]
    for row in rows:
        cells = (row[column].ljust(width) for column, width in zip(columns, widths, strict=True))
        yield " ".join(cells).rstrip()


def _explanations(ports: HostPorts, host: int, explain: Explain) -> Iterator[str]:
    """A paragraph for each listed port."""
    for channel in ports.channels.tolist():
        yield ""
        yield f"{channel & 0xFFFF}/{Protocol(channel >> 16).label}"
        for heading, text in explain(host << 18 | channel):
            lead = f"  {heading}: "
            for line in text.split("\n") if text else ():
                yield from textwrap.wrap(
                    clean(line), _WIDTH, initial_indent=lead, subsequent_indent=" " * 4
                )
                lead = " " * 4

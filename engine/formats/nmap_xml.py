"""nmap's XML (-oX), for the tools that read it.

Follows the DTD nmap publishes (xmloutputversion 1.05) and what its readers depend on: the DOCTYPE,
a scaninfo per scan type with the real list of ports, hostnames in every host, a closed document
whatever happened to the scan. ``scanner`` must be ``nmap``, the only value the DTD allows; our own
name is in ``version`` and ``args``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import groupby
from typing import BinaryIO

import numpy as np

from engine.formats.collapse import HostPorts, PortGroup, host_ports, range_list
from engine.formats.host_status import HostStatus, Status
from engine.formats.roll_call import RollCall, roll_call
from engine.formats.style import PLAIN, Style
from engine.formats.wording import PROGRAM, closing, hardware_text, part_words
from engine.host.vendors import vendor
from engine.results.cell import TICKS_PER_SECOND, states_before
from engine.results.report import ScanReport
from engine.results.snapshot import Phase, Snapshot
from engine.sanitize import clean
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.services import service_name

_LONGEST_COMMAND = 65_536
_LONGEST_SUMMARY = 1_024
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_ESCAPES = str.maketrans(_ENTITIES)

_STATES = {
    Status.UP: "up",
    Status.DOWN: "down",
    Status.UNKNOWN: "unknown",
    Status.FAILED: "unknown",
    Status.SKIPPED: "skipped",
}
_REASONS = {Status.UNKNOWN: "user-set", Status.FAILED: "no-route", Status.SKIPPED: "user-set"}


def write_xml(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write the report as one XML document. Raises only what ``stream`` raises."""
    roll = roll_call(report, style)
    _put(stream, _opening(report, style))
    for host, status in roll.listed:
        _put(stream, _host(report, host, status, style))
    _put(stream, _ending(report, roll))


def _put(stream: BinaryIO, lines: Iterator[str]) -> None:
    stream.write("".join(f"{line}\n" for line in lines).encode())


def _safe(text: str, limit: int = 512) -> str:
    """Text from outside as XML: harmless characters only, markup escaped."""
    return clean(text, limit).translate(_ESCAPES)


def _remark(text: str) -> str:
    """A comment, in which XML allows no double hyphen."""
    return f"<!-- {text.replace('--', '-&#45;')} -->"


def _opening(report: ScanReport, style: Style) -> Iterator[str]:
    snapshot = report.snapshot
    begin = snapshot.started_at or report.written_at
    start, started = int(begin), time.ctime(begin)
    command = _safe(report.spec.command, _LONGEST_COMMAND).replace("--", "-&#45;")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<!DOCTYPE nmaprun>"
    yield f"<!-- {PROGRAM} scan initiated {started} as: {command} -->"
    if report.part is not None:
        yield _remark(f"Only a part of the results: {_safe(part_words(report), _LONGEST_COMMAND)}")
    yield (
        f'<nmaprun scanner="nmap" args="{command}" start="{start}" startstr="{started}" '
        f'version="{PROGRAM}" xmloutputversion="1.05">'
    )
    yield from _scan_infos(report)
    yield f'<verbose level="{style.detail}"/>'
    yield '<debugging level="0"/>'
    for expression, _ in report.target_problems:
        yield f'<target specification="{_safe(expression)}" status="skipped" reason="invalid"/>'


def _scan_infos(report: ScanReport) -> Iterator[str]:
    """One line per scan type: those asked for and those switched to while the scan ran. The DTD
    has no word for idle scans."""
    channels = report.snapshot.view.channels.astype(np.int64)
    for scan_type in dict.fromkeys((*report.spec.scan_types, *report.snapshot.scan_types)):
        if scan_type is ScanType.IDLE or not (report.spec.scan_ports or len(channels)):
            continue
        ports = np.sort(channels[channels >> 16 == scan_type.protocol] & 0xFFFF)
        yield (
            f'<scaninfo type="{scan_type.label}" protocol="{scan_type.protocol.label}" '
            f'numservices="{len(ports)}" services="{range_list(ports)}"/>'
        )


def _host(report: ScanReport, host: int, status: HostStatus, style: Style) -> Iterator[str]:
    snapshot = report.snapshot
    known = snapshot.hosts.line(host)
    address = clean(snapshot.names.text(host))
    family = "ipv6" if ":" in address else "ipv4"
    remark = snapshot.problems.get(host, "") or snapshot.doubts.get(host, "")
    comment = f' comment="{_safe(remark)}"' if remark else ""
    yield f"<host{_times(snapshot, host)}{comment}>{_status(status)}"
    yield f'<address addr="{_safe(address)}" addrtype="{family}"/>'
    if known.hardware:
        maker = vendor(known.hardware)
        made_by = f' vendor="{_safe(maker)}"' if maker else ""
        yield f'<address addr="{hardware_text(known.hardware)}" addrtype="mac"{made_by}/>'
    yield "<hostnames>"
    for name, origin in ((snapshot.names.name(host), "user"), (known.name, "PTR")):
        if name:
            yield f'<hostname name="{_safe(name)}" type="{origin}"/>'
    yield "</hostnames>"
    if snapshot.view.row(host) >= 0:
        yield from _ports(host_ports(snapshot, host, style, report.part))
    yield "</host>"


def _status(status: HostStatus) -> str:
    """A silent host that was scanned unasked is ``up`` for reason ``user-set``, as in nmap."""
    state = "up" if status.assumed else _STATES[status.status]
    reason = _REASONS.get(status.status) or status.reason.label
    return f'<status state="{state}" reason="{reason}" reason_ttl="{status.ttl}"/>'


def _times(snapshot: Snapshot, host: int) -> str:
    """When the host's first and last ports were decided, in Unix seconds."""
    if snapshot.view.row(host) < 0:
        return ""
    cells = snapshot.view.host_cells(host)
    clocks = cells["clock"][cells["state"] != PortState.PENDING]
    if not len(clocks) or not snapshot.started_at:
        return ""
    first, last = (
        int(snapshot.started_at + int(clock) / TICKS_PER_SECOND)
        for clock in (clocks.min(), clocks.max())
    )
    return f' starttime="{first}" endtime="{last}"'


def _ports(ports: HostPorts) -> Iterator[str]:
    if not len(ports.listed) and not ports.groups:
        return
    yield "<ports>"
    for state, groups in groupby(ports.groups, key=lambda group: group.state):
        yield from _extraports(state, list(groups))
    for channel, state_code, reason, ttl, before in zip(
        ports.channels.tolist(),
        ports.listed["state"].tolist(),
        ports.listed["reason"].tolist(),
        ports.listed["ttl"].tolist(),
        states_before(ports.listed).tolist(),
        strict=True,
    ):
        remark = _remark(f"was {PortState(before).label}") if before else ""
        yield _port(Protocol(channel >> 16), channel & 0xFFFF, state_code, reason, ttl, remark)
    yield "</ports>"


def _extraports(state: PortState, groups: list[PortGroup]) -> Iterator[str]:
    count = sum(group.count for group in groups)
    yield f'<extraports state="{state.label}" count="{count}">'
    for group in groups:
        yield (
            f'<extrareasons reason="{group.reason.label}" count="{group.count}" '
            f'proto="{group.protocol.label}" ports="{range_list(group.ports)}"/>'
        )
    yield "</extraports>"


def _port(protocol: Protocol, port: int, state: int, reason: int, ttl: int, remark: str) -> str:
    """One port. nmap's DTD has no word for the state before: a ``remark`` tells people."""
    service = service_name(protocol, port)
    named = f'<service name="{_safe(service)}" method="table" conf="3"/>' if service else ""
    return (
        f'<port protocol="{protocol.label}" portid="{port}">'
        f'<state state="{PortState(state).label}" reason="{Reason(reason).label}" '
        f'reason_ttl="{ttl}"/>{named}{remark}</port>'
    )


def _ending(report: ScanReport, roll: RollCall) -> Iterator[str]:
    snapshot = report.snapshot
    up = roll.up + roll.assumed
    # As in nmap, what was not found up counts as down once the scan is over.
    down = roll.total - up if report.complete else roll.down
    yield (
        f'<runstats><finished time="{int(report.written_at)}" '
        f'timestr="{time.ctime(report.written_at)}" elapsed="{snapshot.progress.elapsed:.2f}" '
        f'summary="{_safe(closing(report, roll), _LONGEST_SUMMARY)}" {_exit(report)}/>'
        f'<hosts up="{up}" down="{down}" total="{roll.total}"/></runstats>'
    )
    yield "</nmaprun>"


def _exit(report: ScanReport) -> str:
    if report.complete:
        return 'exit="success"'
    errors = {Phase.CANCELLED: "aborted", Phase.FAILED: report.snapshot.failure or "failed"}
    return f'exit="error" errormsg="{_safe(errors.get(report.snapshot.phase, "still running"))}"'

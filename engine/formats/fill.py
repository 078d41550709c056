"""From a scan report to the records of the JSON formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.formats.host_status import HostStatus
from engine.formats.records import (
    Header,
    Host,
    HostLine,
    Part,
    Port,
    PortLine,
    Shard,
    Summary,
    TargetProblem,
    Timing,
)
from engine.formats.roll_call import RollCall, is_unscanned
from engine.formats.wording import hardware_text
from engine.host.vendors import vendor
from engine.results.cell import DOUBTED, FOREIGN, STALE, TICKS_PER_SECOND, states_before
from engine.results.report import ScanReport
from engine.results.row import HostNames
from engine.results.snapshot import Snapshot
from engine.sanitize import clean
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.services import service_name
from engine.spec.timing import TimingTemplate

_LONGEST_TEXT = 65_536

_STATES = [state.label for state in PortState]
_REASONS = [reason.label for reason in Reason]
_SCAN_TYPES = {0: "", **{int(scan_type): scan_type.label for scan_type in ScanType}}


def header(
    spec: ScanSpec,
    started_at: float,
    timing: TimingTemplate,
    target_problems: tuple[tuple[str, str], ...],
) -> Header:
    """What was asked for."""
    return Header(
        command=clean(spec.command, _LONGEST_TEXT),
        started_at=started_at,
        scan_types=tuple(one.label for one in spec.scan_types) if spec.scan_ports else (),
        timing=Timing(timing.number, timing.name),
        targets=clean(spec.targets.text or str(spec.targets), _LONGEST_TEXT),
        ports=clean(str(spec.ports.only(spec.protocols)), _LONGEST_TEXT),
        seed=spec.seed,
        shard=Shard(spec.shard.index, spec.shard.count),
        target_problems=tuple(
            TargetProblem(clean(target), clean(problem)) for target, problem in target_problems
        ),
    )


def part(report: ScanReport) -> Part | None:
    """What the report is restricted to; None for the whole."""
    if report.part is None:
        return None
    hosts, words = len(report.part.hosts), clean(report.part.words, _LONGEST_TEXT)
    return Part(ports=len(report.part), hosts=hosts, chosen=words)


def summary(report: ScanReport, roll: RollCall) -> Summary:
    """How the scan ended."""
    snapshot = report.snapshot
    totals = snapshot.view.totals
    return Summary(
        phase=snapshot.phase.value,
        complete=report.complete,
        failure=clean(snapshot.failure),
        notices=tuple(clean(notice) for notice in snapshot.notices),
        written_at=report.written_at,
        elapsed=round(snapshot.progress.elapsed, 6),
        probes_sent=snapshot.progress.sent,
        hosts=roll.total,
        hosts_up=roll.up,
        hosts_down=roll.down,
        ports=_by_state(totals),
        pending=totals[PortState.PENDING] + roll.unscanned * len(snapshot.view.channels),
    )


def _by_state(counts: dict[PortState, int]) -> dict[str, int]:
    """Counts of decided ports, states without any left out."""
    return {state.label: number for state, number in counts.items() if state and number}


def host_record(report: ScanReport, host: int, status: HostStatus) -> Host:
    """One host with all its decided ports, or those of a part."""
    snapshot = report.snapshot
    counts = snapshot.host_line(host).counts
    never = len(snapshot.view.channels) if is_unscanned(snapshot, host, status) else 0
    return Host(
        **_facts(snapshot, host, status),
        counts=_by_state(dict(counts)),
        pending=counts[PortState.PENDING] + never,
        ports=_host_ports(report, host),
    )


def _host_ports(report: ScanReport, host: int) -> list[Port]:
    snapshot = report.snapshot
    if snapshot.view.row(host) < 0:
        return []
    channels = snapshot.view.channels.astype(np.int64)
    cells = snapshot.view.host_cells(host)[: len(channels)]
    order = np.argsort(channels, kind="stable")
    order = order[cells["state"][order] != PortState.PENDING]
    if report.part is not None:
        order = order[report.part.has_ports(host, channels[order])]
    return [Port(**values) for values in _ports(channels[order], cells[order])]


def host_line(snapshot: Snapshot, host: int, status: HostStatus) -> HostLine:
    """The line of one host."""
    return HostLine(**_facts(snapshot, host, status))


def _facts(snapshot: Snapshot, host: int, status: HostStatus) -> dict[str, Any]:
    """The members of a HostFacts record."""
    line, known = snapshot.host_line(host), snapshot.hosts.line(host)
    return {
        "address": clean(line.address),
        "name": clean(snapshot.names.name(host)),
        "reverse_name": clean(known.name),
        "status": status.status.value,
        "reason": status.reason.label,
        "reason_ttl": status.ttl or None,
        "problem": clean(line.problem),
        "rtt_ms": None if line.rtt is None else round(line.rtt * 1000, 4),
        "hardware": hardware_text(known.hardware),
        "vendor": clean(vendor(known.hardware)),
        "doubt": clean(snapshot.doubts.get(host, "")),
    }


def port_lines(
    names: HostNames, keys: NDArray[np.int64], cells: NDArray[np.void]
) -> Iterator[PortLine]:
    """A line for each decided cell: its key, its CELL, and the names its host index refers to."""
    ports = _ports(keys & 0x3FFFF, cells)
    for host, values in zip((keys >> 18).tolist(), ports, strict=True):
        yield PortLine(address=clean(names.text(host)), name=clean(names.name(host)), **values)


def _ports(channels: NDArray[np.int64], cells: NDArray[np.void]) -> Iterator[dict[str, Any]]:
    """The members of a Port record for each cell."""
    protocols = [protocol.label for protocol in Protocol]
    rtts = np.round(cells["rtt"].astype(np.float64), 4)
    times = np.round(cells["clock"] / TICKS_PER_SECOND, 4)
    for channel, state, reason, ttl, technique, tries, rtt, time, flags, was in zip(
        channels.tolist(),
        cells["state"].tolist(),
        cells["reason"].tolist(),
        cells["ttl"].tolist(),
        cells["technique"].tolist(),
        cells["tries"].tolist(),
        rtts.tolist(),
        times.tolist(),
        cells["flags"].tolist(),
        states_before(cells).tolist(),
        strict=True,
    ):
        protocol, port = channel >> 16, channel & 0xFFFF
        yield {
            "protocol": protocols[protocol],
            "port": port,
            "state": _STATES[state],
            "reason": _REASONS[reason],
            "reason_ttl": ttl or None,
            "service": service_name(Protocol(protocol), port),
            "scan_type": _SCAN_TYPES.get(technique, ""),
            "tries": tries,
            "rtt_ms": rtt if rtt == rtt else None,
            "time": time,
            "stale": bool(flags & STALE),
            "foreign": bool(flags & FOREIGN),
            "doubted": bool(flags & DOUBTED),
            "was": _STATES[was] if was else "",
        }

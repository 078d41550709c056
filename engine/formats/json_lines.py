"""JSON lines (-oL): one when the scan starts, one per host and per decided port, one at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.formats.fill import header, host_line, part, port_lines, summary
from engine.formats.host_status import HostStatus, host_status
from engine.formats.records import EndLine, StartLine
from engine.formats.roll_call import roll_call
from engine.formats.style import PLAIN, Style
from engine.results.cell import CELL
from engine.results.report import ScanReport
from engine.results.row import HostNames
from engine.results.snapshot import Snapshot
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from engine.spec.reason import Reason

_CHUNK = 65_536
_ENCODER = msgspec.json.Encoder()


def start_line(report: ScanReport) -> bytes:
    """The first line."""
    snapshot = report.snapshot
    scan = header(report.spec, snapshot.started_at, snapshot.timing, report.target_problems)
    return _ENCODER.encode_lines([StartLine(part=part(report), scan=scan)])


def decided_lines(names: HostNames, keys: NDArray[np.int64], cells: NDArray[np.void]) -> bytes:
    """The lines of decided cells (keys and CELLs, shape (n,)), in their order."""
    return _ENCODER.encode_lines(list(port_lines(names, keys, cells)))


def end_line(report: ScanReport) -> bytes:
    """The last line."""
    return _ENCODER.encode_lines([EndLine(summary=summary(report, roll_call(report, PLAIN)))])


def _found_up(hosts: NDArray[np.void]) -> NDArray[np.bool_]:
    up: NDArray[np.bool_] = hosts["state"] == HostState.UP
    up &= hosts["reason"] != Reason.USER_SET
    return up


class HostLines:
    """Lines about hosts, each when there is something to tell that was not told before."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[str, ...]] = {}
        self._version = -1

    def found_up(self, snapshot: Snapshot) -> bytes:
        """Lines of the hosts that discovery found up since the last call."""
        if snapshot.hosts.version == self._version:
            return b""
        self._version = snapshot.hosts.version
        up = snapshot.hosts.where(_found_up)
        up = up[up < snapshot.view.host_count]
        fresh = (host for host in up.tolist() if host not in self._told)
        return self._lines(snapshot, ((host, host_status(snapshot, host)) for host in fresh))

    def at_end(self, report: ScanReport, style: Style = PLAIN) -> bytes:
        """Lines of the listed hosts that were not told yet, or that are known better now."""
        roll = roll_call(report, Style(detail=style.detail))
        return self._lines(report.snapshot, roll.listed)

    def _lines(self, snapshot: Snapshot, hosts: Iterable[tuple[int, HostStatus]]) -> bytes:
        lines = []
        for host, status in hosts:
            line = host_line(snapshot, host, status)
            known = (line.status, line.problem, line.reverse_name, line.hardware, line.doubt)
            if self._told.get(host) != known:
                self._told[host] = known
                lines.append(line)
        return _ENCODER.encode_lines(lines)


def write_json_lines(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write a report as lines: hosts, then ports in the order they were decided."""
    stream.write(start_line(report))
    stream.write(HostLines().at_end(report, style))
    keys, cells = _decided(report.snapshot)
    if report.part is not None:
        chosen = report.part.has(keys)
        keys, cells = keys[chosen], cells[chosen]
    for start in range(0, len(keys), _CHUNK):
        some = slice(start, start + _CHUNK)
        stream.write(decided_lines(report.snapshot.names, keys[some], cells[some]))
    stream.write(end_line(report))


def _decided(snapshot: Snapshot) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """Keys and CELLs of all decided cells by the time of their decision."""
    view = snapshot.view
    channels = view.channels.astype(np.int64)
    keys, cells = [np.empty(0, np.int64)], [np.empty(0, CELL)]
    for hosts, block in view.parts():
        rows, columns = np.nonzero(block["state"] != PortState.PENDING)
        keys.append(hosts[rows].astype(np.int64) << 18 | channels[columns])
        cells.append(block[rows, columns])
    all_keys, all_cells = np.concatenate(keys), np.concatenate(cells)
    order = np.argsort(all_cells["clock"], kind="stable")
    return all_keys[order], all_cells[order]

"""JSON lines (-oL): a line when the scan starts, one per decided port, one at the end."""

from __future__ import annotations

from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.formats.fill import header, port_lines, summary
from engine.formats.records import EndLine, StartLine
from engine.formats.style import PLAIN, Style
from engine.results.cell import CELL
from engine.results.report import ScanReport
from engine.results.row import HostNames
from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState

_CHUNK = 65_536
_ENCODER = msgspec.json.Encoder()


def start_line(report: ScanReport) -> bytes:
    """The first line."""
    snapshot = report.snapshot
    scan = header(report.spec, snapshot.started_at, snapshot.timing, report.target_problems)
    return _ENCODER.encode_lines([StartLine(scan=scan)])


def decided_lines(names: HostNames, keys: NDArray[np.int64], cells: NDArray[np.void]) -> bytes:
    """The lines of decided cells (keys and CELLs, shape (n,)), in their order."""
    return _ENCODER.encode_lines(list(port_lines(names, keys, cells)))


def end_line(report: ScanReport) -> bytes:
    """The last line."""
    return _ENCODER.encode_lines([EndLine(summary=summary(report))])


def write_json_lines(report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
    """Write a whole report as lines, ports in the order they were decided."""
    stream.write(start_line(report))
    keys, cells = _decided(report.snapshot)
    for start in range(0, len(keys), _CHUNK):
        part = slice(start, start + _CHUNK)
        stream.write(decided_lines(report.snapshot.names, keys[part], cells[part]))
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

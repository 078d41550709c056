"""Where the documents go: standard output, files, pipes."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.cli.options import Output
from engine.formats.atomic import check_writable, write_atomically
from engine.formats.registry import EXPORT_FORMATS
from engine.formats.style import Style
from engine.results.decided import DecidedBatch
from engine.results.report import ScanReport
from engine.spec.error import SpecError

if TYPE_CHECKING:
    from engine.formats.json_lines import HostLines


def check_outputs(outputs: Sequence[Output]) -> None:
    """Raise SpecError when documents would collide or could not be written after the scan."""
    seen: set[str] = set()
    for output in outputs:
        if output.path in seen:
            where = "standard output" if output.path == "-" else output.path
            raise SpecError(
                "output", where, None, "is given twice", "give each output its own file"
            )
        seen.add(output.path)
        if output.path == "-":
            continue
        try:
            check_writable(Path(output.path))
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "is not a file name"
            raise SpecError("output", output.path, None, reason) from None


def load_writers(outputs: Sequence[Output]) -> None:
    """Import what write_output() is going to need, on a thread of its own."""

    def load() -> None:
        for output in outputs:
            EXPORT_FORMATS[output.format].load()
        if any(output.path != "-" for output in outputs):
            import_module("tempfile")  # write_atomically() needs it

    threading.Thread(target=load, name="pyscan-writers", daemon=True).start()


def write_output(output: Output, report: ScanReport, style: Style) -> None:
    """Write one whole document. Raises OSError."""

    def write(stream: BinaryIO) -> None:
        EXPORT_FORMATS[output.format].write(report, stream, style)

    if output.path == "-":
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        write_atomically(Path(output.path), write)


class LineStream:
    """JSON lines on standard output while the scan runs.

    The engine thread only leaves batches of decided cells here; the lines are made and written by
    the thread that calls :meth:`flush`, so a slow reader never holds up the scan.
    """

    def __init__(self, stream: BinaryIO, style: Style) -> None:
        self._stream = stream
        self._style = style
        self._batches: deque[DecidedBatch] = deque()
        self._hosts: HostLines | None = None

    def add(self, batch: DecidedBatch) -> None:
        """Take note of ports just decided. Called by the engine thread."""
        self._batches.append(batch)

    def flush(self, report: ScanReport) -> None:
        """Write the lines of all hosts found up and all ports decided so far."""
        from engine.formats.json_lines import HostLines, decided_lines, start_line

        if self._hosts is None:
            self._hosts = HostLines()
            self._stream.write(start_line(report))
        self._stream.write(self._hosts.found_up(report.snapshot))
        while self._batches:
            batch = self._batches.popleft()
            self._stream.write(decided_lines(batch.names, batch.keys, batch.cells))
        self._stream.flush()

    def close(self, report: ScanReport) -> None:
        """Write what is left and the last line."""
        from engine.formats.json_lines import end_line

        self.flush(report)
        if self._hosts is not None:
            self._stream.write(self._hosts.at_end(report, self._style))
        self._stream.write(end_line(report))
        self._stream.flush()

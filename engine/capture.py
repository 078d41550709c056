"""Capture: the packets of a running scan, written to a file for as long as the user wants it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from msgspec.structs import replace

from engine.formats.pcap import PcapFile
from engine.scan_thread import ScanThread
from engine.spec.error import SpecError
from engine.steering import SteeredScan
from engine.transport.live import without_packets


class Capture:
    """The capture of one scan; at first none is made."""

    def __init__(self, scan: SteeredScan, thread: ScanThread) -> None:
        self._scan = scan
        self._thread = thread
        self._file: PcapFile | None = None

    def write_to(self, path: Path | None) -> None:
        """Write packets from now on to this file, replacing it; None ends the capture. Raises
        OSError when the file cannot be written, SpecError when there is nothing to record."""
        file = None
        if path is not None:
            self._require_packets(path)
            file = PcapFile(path)
        self._thread.give(partial(self._scan.set_recorder, file))
        if self._file is not None:
            self._thread.give(self._file.close)
        self._file = file

    def _require_packets(self, path: Path) -> None:
        now = replace(self._scan.spec, scan_types=self._thread.newest.scan_types)
        if without_packets(now) == now.scan_types:
            raise SpecError(
                "capture",
                path.name,
                None,
                "would stay empty: the operating system makes this scan's packets",
                "use a raw scan type, for example -sS",
            )

    @property
    def failure(self) -> str:
        """Why the capture ended early; empty while all is well or none is made."""
        return self._file.failure if self._file is not None else ""

    def close(self) -> None:
        """The scan is over."""
        if self._file is not None:
            self._file.close()

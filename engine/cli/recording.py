"""What ``--pcap`` and ``--packet-trace`` record of one scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.cli.options import Output
from engine.cli.packet_trace import PacketTrace
from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch
from engine.formats.atomic import check_writable
from engine.formats.pcap import PcapFile
from engine.spec.error import SpecError
from engine.spec.scan import ScanSpec
from engine.transport.base import Recorder
from engine.transport.live import without_packets


def check_capture(path: str | None, outputs: Sequence[Output]) -> None:
    """Raise SpecError when a capture file could not be written, or is one of the outputs too."""
    if path is None:
        return
    if path == "-":
        raise SpecError("--pcap", path, None, "is not a file", "write for example --pcap scan.pcap")
    if path in (output.path for output in outputs):
        raise SpecError("--pcap", path, None, "is given twice", "give each output its own file")
    try:
        check_writable(Path(path))
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def check_has_packets(spec: ScanSpec) -> None:
    """Raise SpecError when a capture would miss packets of the scan, because the operating system
    makes them."""
    for scan_type in without_packets(spec):
        raise SpecError(
            "--pcap",
            scan_type.option,
            None,
            "leaves its packets to the operating system here, so they cannot be recorded",
            "use -sS as root, or --packet-trace",
        )


class Recording:
    """A Recorder that hands everything on to the capture file and the trace.

    Args:
        path: the capture file, or None.
        traced: whether lines() are wanted.
    """

    def __init__(self, path: str | None, traced: bool) -> None:
        self._path = path
        self._file: PcapFile | None = None
        self._trace = PacketTrace() if traced else None
        self._all: list[Recorder] = [] if self._trace is None else [self._trace]

    @property
    def wanted(self) -> bool:
        """Whether there is anything to record for."""
        return self._path is not None or self._trace is not None

    def begin(self) -> None:
        """Replace the capture file. Raises SpecError."""
        if self._path is not None:
            try:
                self._file = PcapFile(Path(self._path))
            except OSError as error:
                raise _unwritable(self._path, error) from None
            self._all.append(self._file)

    def sent(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """As in Recorder."""
        for recorder in self._all:
            recorder.sent(packets, lengths, times)

    def received(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """As in Recorder."""
        for recorder in self._all:
            recorder.received(packets, lengths, times)

    def asked(self, probes: ProbeBatch, times: NDArray[np.float64], book: AddressBook) -> None:
        """As in Recorder."""
        for recorder in self._all:
            recorder.asked(probes, times, book)

    def answered(self, records: NDArray[np.void], book: AddressBook) -> None:
        """As in Recorder."""
        for recorder in self._all:
            recorder.answered(records, book)

    def lines(self) -> list[str]:
        """The trace since the last call."""
        return self._trace.lines() if self._trace is not None else []

    @property
    def failure(self) -> str:
        """Why the capture file is not complete; empty while it is."""
        return self._file.failure if self._file is not None else ""

    def close(self) -> None:
        """Finish the capture file. Idempotent."""
        if self._file is not None:
            self._file.close()


def _unwritable(path: str, error: Exception) -> SpecError:
    reason = (isinstance(error, OSError) and error.strerror) or "is not a file name"
    return SpecError("--pcap", path, None, reason)

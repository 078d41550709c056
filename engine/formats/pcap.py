"""Packet captures: the classic pcap file, as tcpdump and Wireshark read it.

Source: draft-ietf-opsawg-pcap. Little-endian, times in nanoseconds, link type 101 (LINKTYPE_RAW):
each packet starts with its IPv4 or IPv6 header. Packets are written in the order in which we learn
of them, so a probe stands before its answer; times are not sorted.
"""

from __future__ import annotations

import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch

_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 101)
"""Magic of the nanosecond format, version 2.4, time zone and accuracy (always 0), the longest
packet kept, LINKTYPE_RAW."""
_RECORD = np.dtype(
    [("seconds", "<u4"), ("nanoseconds", "<u4"), ("kept", "<u4"), ("original", "<u4")]
)
_BILLION = 1_000_000_000


class PcapFile:
    """A Recorder that writes packets to a capture file, each batch with one write.

    The file is replaced when this is made; raises OSError then. A write that fails later ends the
    capture, never the scan.

    Attributes:
        failure: why the capture ended early; empty while all is well.
    """

    def __init__(self, path: Path) -> None:
        self.failure = ""
        self._lock = threading.Lock()
        self._epoch = time.time_ns() - time.monotonic_ns()
        self._stream = path.open("wb")
        self._write(_FILE_HEADER)

    def sent(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """As in Recorder."""
        self._write(pcap_records(packets, lengths, times, self._epoch))

    received = sent

    def asked(self, probes: ProbeBatch, times: NDArray[np.float64], book: AddressBook) -> None:
        """Nothing: the operating system's packets are not seen."""

    def answered(self, records: NDArray[np.void], book: AddressBook) -> None:
        """Nothing: the operating system's packets are not seen."""

    def close(self) -> None:
        """Finish the file. Idempotent."""
        with self._lock:
            self._stream.close()

    def _write(self, block: bytes) -> None:
        with self._lock:
            if self.failure or self._stream.closed:
                return
            try:
                self._stream.write(block)
                self._stream.flush()  # whoever kills us still finds whole batches
            except OSError as error:
                self.failure = error.strerror or str(error)
                with suppress(OSError):  # what is left in the buffer cannot be written either
                    self._stream.close()


def pcap_records(
    packets: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    times: NDArray[np.float64],
    epoch: int,
) -> bytes:
    """The file records of packets (n, width), at least 6 wide, of ``lengths`` (n,) bytes.

    ``times`` (n,) are monotonic seconds; ``epoch`` is what has to be added to get to Unix time, in
    nanoseconds. A packet that fills its row may have been longer; its IP header tells.
    """
    count, width = packets.shape
    kept = np.minimum(lengths, width).astype(np.int64)
    moments = (times * 1e9).astype(np.int64) + epoch
    headers = np.zeros(count, _RECORD)
    headers["seconds"], headers["nanoseconds"] = np.divmod(moments, _BILLION)
    headers["kept"] = kept
    declared = np.where(kept == width, _declared_lengths(packets), 0)
    headers["original"] = np.maximum(lengths, declared)
    size = _RECORD.itemsize
    rows = np.empty((count, size + width), np.uint8)
    rows[:, :size] = headers.view(np.uint8).reshape(count, size)
    rows[:, size:] = packets
    flat: NDArray[np.uint8] = rows[np.arange(size + width) < (kept + size)[:, None]]
    return flat.tobytes()


def _declared_lengths(packets: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The lengths packets give themselves: RFC 791 total length, RFC 8200 payload and header."""
    columns = packets[:, 2:6].astype(np.int64)
    total = columns[:, 0] << 8 | columns[:, 1]
    payload = columns[:, 2] << 8 | columns[:, 3]
    return np.where(packets[:, 0] >> 4 == 6, payload + 40, total)

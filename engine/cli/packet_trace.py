"""``--packet-trace``: a line on standard error for each packet, as it happens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import SNAP, ProbeBatch
from engine.spec.scan_type import Protocol
from engine.techniques.answer import AnswerKind, split_answer

CAPACITY = 200_000
"""Packets that may wait to be shown."""

_Line = tuple[float, str]
"""When, in seconds on the monotonic clock, and what."""


class PacketTrace:
    """A Recorder that keeps packets until lines() is called.

    The engine thread only copies; the text is made by the thread that prints it. When that thread
    cannot keep up, packets beyond CAPACITY are left out and counted.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._parts: list[Callable[[], list[_Line]]] = []
        self._waiting = 0
        self._left_out = 0

    def sent(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """As in Recorder."""
        self._add_packets("SENT", packets, lengths, times)

    def received(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """As in Recorder."""
        self._add_packets("RCVD", packets, lengths, times)

    def asked(self, probes: ProbeBatch, times: NDArray[np.float64], book: AddressBook) -> None:
        """As in Recorder."""
        self._add(len(probes), partial(_asked, probes.copy(), times.copy(), book))

    def answered(self, records: NDArray[np.void], book: AddressBook) -> None:
        """As in Recorder."""
        self._add(len(records), partial(_answered, records.copy(), book))

    def lines(self) -> list[str]:
        """The lines of everything since the last call, in order of time."""
        with self._lock:
            parts, left_out = self._parts, self._left_out
            self._parts = []
            self._waiting = self._left_out = 0
        found = [line for make in parts for line in make()]
        found.sort(key=lambda line: line[0])
        text = [_timed(what, when - self._began) for when, what in found]
        if left_out:
            text.append(f"{left_out:,} packets are not shown: they come faster than they are read")
        return text

    def _add_packets(
        self,
        verb: str,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        make = partial(_packets, verb, packets[:, :SNAP].copy(), lengths.copy(), times.copy())
        self._add(len(packets), make)

    def _add(self, count: int, make: Callable[[], list[_Line]]) -> None:
        with self._lock:
            if self._waiting + count > CAPACITY:
                self._left_out += count
            elif count:
                self._waiting += count
                self._parts.append(make)


def _timed(what: str, seconds: float) -> str:
    verb, _, rest = what.partition(" ")
    return f"{verb} ({max(seconds, 0.0):.4f}s) {rest}"


def _packets(
    verb: str,
    packets: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    times: NDArray[np.float64],
) -> list[_Line]:
    from engine.formats.packet_line import packet_lines

    lines = (f"{verb} {line}" for line in packet_lines(packets, lengths))
    return list(zip(times.tolist(), lines, strict=True))


def _asked(probes: ProbeBatch, times: NDArray[np.float64], book: AddressBook) -> list[_Line]:
    lines = (f"{_conn(probe, book)} => asked" for probe in probes)
    return list(zip(times.tolist(), lines, strict=True))


def _answered(records: NDArray[np.void], book: AddressBook) -> list[_Line]:
    return [
        (float(record["time"]), f"{_conn(record, book)} => {_result(int(record['answer']))}")
        for record in records
    ]


def _conn(cell: np.void, book: AddressBook) -> str:
    address = book.text(int(cell["host"]))
    shown = f"[{address}]" if ":" in address else address
    protocol = Protocol(int(cell["protocol"])).label.upper()
    return f"CONN {protocol} > {shown}:{int(cell['port'])}"


def _result(answer: int) -> str:
    """What a socket reported, in words."""
    kind, detail, _from_target = split_answer(answer)
    if kind is AnswerKind.ERRNO:
        return os.strerror(detail) if detail else "Connected"
    if kind is AnswerKind.UDP:
        return "answered"
    family = "ICMPv6" if kind is AnswerKind.ICMP6 else "ICMP"
    return f"{family} type={detail >> 8} code={detail & 255}"

"""UDP scan over the operating system's sockets, without privileges (RFC 768, RFC 1122 4.1.3.3).

One unconnected socket per address family and attempt sends to every host: a re-sent datagram
leaves from another port, which tells the copies apart, and silent ports hold no descriptor. The
kernel hands ICMP errors over through the socket's error queue, with the address and port the lost
datagram was for. An answer counts only if it names an address and port that were probed from the
socket it reached.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from math import nan

import numpy as np

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, ReplyBatch, SendReport
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.udp import build_udp
from engine.transport.base import Recorder
from engine.transport.sockets.answers import DEFAULT_MAX_AGE, Answers
from engine.transport.sockets.descriptors import raise_descriptor_limit
from engine.transport.sockets.endpoint import Endpoints
from engine.transport.sockets.refusal import NO_SOURCE, PORT_ZERO, Refusal, Refusals, refusal_of
from engine.transport.sockets.udp_source import UdpSource
from engine.transport.sockets.wishes import SocketWishes

_HEADER = 8
_CHUNK = 64
"""Datagrams between two looks at what came back, so that no queue overflows meanwhile."""

_PER_DRAIN = 1024
_COPIES = 16


class UdpChannel:
    """UDP scan without rights. Linux only.

    Answers are AnswerKind.UDP for a datagram from the probed port and ICMP4 or ICMP6, with
    ``from_target``, for errors. A probe's answers are awaited for ``max_age`` seconds. ``options``
    as in SocketWishes; empty datagrams get the data they ask for. From one source port it cannot be
    told which of several copies an answer is for. Raises TransportUnavailable for options that the
    system does not fulfil.

    Attributes:
        max_age: seconds; set it above the longest timeout in use.
    """

    name = "udp"
    scan_types = frozenset({ScanType.UDP})
    pings: frozenset[PingKind] = frozenset()

    def __init__(
        self,
        book: AddressBook,
        *,
        max_age: float = DEFAULT_MAX_AGE,
        options: PacketOptions = AS_USUAL,
    ) -> None:
        self._wishes = SocketWishes(options)
        self._wishes.try_out(socket.SOCK_DGRAM, book.versions)
        self._padding = os.urandom(options.data_length)
        raise_descriptor_limit()
        self.max_age = max_age
        self._book = book
        self._recorder: Recorder | None = None
        self._endpoints = Endpoints(book, options.interface)
        self._answers = Answers(ScanType.UDP.protocol, ScanType.UDP)
        self._sources: dict[tuple[int, int], UdpSource] = {}

    def filenos(self) -> Sequence[int]:
        """The sockets in use."""
        return [source.fileno() for source in self._sources.values()]

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send a batch. Stops at the first sign of pressure on us."""
        sent_at = np.full(len(batch), nan)
        refusals = Refusals(self._book)
        given_up: set[int] = set()
        for start in range(0, len(batch), _CHUNK):
            rows = slice(start, start + _CHUNK)
            times, pressed = self._send_chunk(batch[rows], refusals, given_up)
            sent_at[rows] = times
            self._receive()
            if pressed:
                break
        if self._recorder is not None:
            left = np.isfinite(sent_at)
            self._recorder.asked(batch[left], sent_at[left], self._book)
        return SendReport(sent_at, refusals.problems())

    def probe_packet(self, probe: np.void) -> bytes:
        """Empty: the operating system makes the packets."""
        return b""

    def hardware(self, host: int) -> bytes:
        """Empty: Ethernet addresses are not seen here."""
        return b""

    def await_answers_for(self, seconds: float) -> None:
        """Set ``max_age``."""
        self.max_age = seconds

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = recorder

    def drain(self, now: float) -> ReplyBatch:
        """What came back. Stops awaiting answers to probes older than ``max_age``."""
        self._receive()
        for source in self._sources.values():
            source.forget_older_than(now - self.max_age)
        replies = self._answers.take()
        if self._recorder is not None:
            self._recorder.answered(replies.records, self._book)
        return replies

    def close(self) -> None:
        """Close every socket. Idempotent."""
        for source in self._sources.values():
            source.close()
        self._sources.clear()

    def _send_chunk(
        self, batch: ProbeBatch, refusals: Refusals, given_up: set[int]
    ) -> tuple[list[float], bool]:
        times = [nan] * len(batch)
        payloads = _payloads(batch)
        rows = zip(
            batch["host"].tolist(), batch["port"].tolist(), batch["attempt"].tolist(), strict=True
        )
        for row, (host, port, attempt) in enumerate(rows):
            if host in given_up:
                continue
            try:
                endpoint = self._endpoints.of(host)
                source = self._source(endpoint.family, attempt)
                payload = payloads[row] or self._padding
                times[row] = source.send(payload, endpoint, host, port, attempt)
            except OSError as error:
                refusal = _refusal(error, port)
                refusals.add(refusal, host)
                if not refusal.lasting:
                    return times, True
                if refusal.whole_host:
                    given_up.add(host)
                else:
                    times[row] = REFUSED
        return times, False

    def _receive(self) -> None:
        for source in self._sources.values():
            source.receive_errors(_PER_DRAIN)
            source.receive_datagrams(_PER_DRAIN)

    def _source(self, family: int, attempt: int) -> UdpSource:
        key = (family, 0 if self._wishes.one_port else attempt % _COPIES)
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = UdpSource(family, self._answers, self._wishes)
        return source


def _payloads(batch: ProbeBatch) -> list[bytes]:
    tokens = np.frombuffer(os.urandom(4 * len(batch)), np.uint32)
    segments = build_udp(batch["port"], np.zeros(len(batch), np.uint16), tokens)
    return [
        segments.data[row, _HEADER:length].tobytes()
        for row, length in enumerate(segments.length.tolist())
    ]


def _refusal(error: OSError, port: int) -> Refusal:
    number = error.errno or errno.EIO
    if number == errno.EADDRNOTAVAIL:
        return NO_SOURCE
    if number == errno.EINVAL and port == 0:
        return PORT_ZERO
    return refusal_of(number)

"""Random bytes behind probes (--data-length), each protocol in its own way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import distinct_bytes
from engine.techniques.icmp_ping import REQUESTS
from engine.techniques.sctp import INIT, SCTP_HEADER
from engine.techniques.technique import Segments
from engine.techniques.udp import UDP_HEADER
from engine.transport.packet.headers import ICMP, ICMPV6, IGMP, SCTP, TCP, UDP

_ECHO_REQUESTS = {ICMP: REQUESTS[4][0].request, ICMPV6: REQUESTS[6][0].request}
_PADDING_PARAMETER = 0x8005
_UDP_LENGTH_AT = 4
_CHUNK_TYPE_AT, _CHUNK_LENGTH_AT = SCTP_HEADER.itemsize - 4, SCTP_HEADER.itemsize - 2


class Padding(Struct, frozen=True):
    """What is put behind probes: the same bytes behind all, so that a probe can be made again."""

    data: bytes

    def behind(self, segments: Segments, numbers: int | NDArray[np.uint8]) -> Segments:
        """The segments (n,), whose IP protocol number is ``numbers``, all or each, with the data.

        TCP, empty packets of other protocols, and echo requests get it behind them, UDP where a
        datagram is empty: a request with junk behind it would be none. SCTP has nothing behind
        chunks: an INIT gets a padding parameter (RFC 4820 section 4), a COOKIE ECHO a longer
        cookie. Messages of one size (ICMP timestamp and mask, IGMP) stay as they are.
        """
        if not self.data:
            return segments
        if isinstance(numbers, int):
            return self._one_protocol(segments, numbers)
        parts = [
            (rows, self._one_protocol(Segments(segments.data[rows], segments.length[rows]), number))
            for number in distinct_bytes(numbers)
            for rows in [np.flatnonzero(numbers == number)]
        ]
        width = max(part.data.shape[1] for _, part in parts)
        whole = Segments(np.zeros((len(numbers), width), np.uint8), segments.length.copy())
        for rows, part in parts:
            whole.data[rows, : part.data.shape[1]] = part.data
            whole.length[rows] = part.length
        return whole

    def _one_protocol(self, segments: Segments, number: int) -> Segments:
        pad = _RULES.get(number, _where_empty)
        return pad(segments, self.data)


def _append(segments: Segments, rows: NDArray[np.intp], data: bytes) -> Segments:
    """``data`` behind the segments ``rows``, whatever their lengths."""
    if not len(rows):
        return segments
    lengths = segments.length.copy()
    lengths[rows] += np.uint16(len(data))
    padded = np.zeros((len(lengths), int(lengths.max())), np.uint8)
    padded[:, : segments.data.shape[1]] = segments.data[:, : padded.shape[1]]
    columns = segments.length[rows, None].astype(np.intp) + np.arange(len(data))
    padded[rows[:, None], columns] = np.frombuffer(data, np.uint8)
    return Segments(padded, lengths)


def _always(segments: Segments, data: bytes) -> Segments:
    return _append(segments, np.arange(len(segments.length)), data)


def _never(segments: Segments, _data: bytes) -> Segments:
    return segments


def _where_empty(segments: Segments, data: bytes) -> Segments:
    return _append(segments, np.flatnonzero(segments.length == 0), data)


def _empty_datagrams(segments: Segments, data: bytes) -> Segments:
    rows = np.flatnonzero(segments.length == UDP_HEADER.itemsize)
    padded = _append(segments, rows, data)
    _put16(padded.data, _UDP_LENGTH_AT, padded.length)
    return padded


def _echo_requests(number: int, segments: Segments, data: bytes) -> Segments:
    return _append(segments, np.flatnonzero(segments.data[:, 0] == _ECHO_REQUESTS[number]), data)


def _in_chunk(segments: Segments, data: bytes) -> Segments:
    """All SCTP probes of one technique have the same chunk. Chunks and parameters have lengths
    without the zeros that make them a multiple of 4 (RFC 9260 section 3.2)."""
    more = data
    if segments.data[0, _CHUNK_TYPE_AT] == INIT:
        more = (_PADDING_PARAMETER << 16 | 4 + len(data)).to_bytes(4, "big") + data
    padded = _always(segments, more + bytes(-len(more) % 4))
    chunk = segments.length - np.uint16(_CHUNK_TYPE_AT) + np.uint16(len(more))
    _put16(padded.data, _CHUNK_LENGTH_AT, chunk)
    return padded


def _put16(data: NDArray[np.uint8], at: int, numbers: NDArray[np.uint16]) -> None:
    data[:, at : at + 2] = numbers.astype(">u2").view(np.uint8).reshape(-1, 2)


_RULES: dict[int, Callable[[Segments, bytes], Segments]] = {
    TCP: _always,
    UDP: _empty_datagrams,
    SCTP: _in_chunk,
    ICMP: partial(_echo_requests, ICMP),
    ICMPV6: partial(_echo_requests, ICMPV6),
    IGMP: _never,
}
"""How the segments of an IP protocol get the data; those of others do where they are empty."""

"""From packets to answers: which of the bytes that came in answer a probe of ours.

A pure function of bytes and of what we sent. Every byte may be an attack, so a packet counts only
when addresses, ports and the token, where the protocol returns one, agree with a probe; the others
are only counted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import (
    REPLY,
    SNAP,
    UNKNOWN_ATTEMPT,
    ReplyBatch,
    as_bytes,
    gather,
    joined,
    no_replies,
)
from engine.core.distinct import distinct, distinct_bytes, firsts, groups
from engine.techniques.protocol import ICMP_NUMBERS
from engine.techniques.sctp import SCTP_HEADER
from engine.techniques.tcp import TCP_HEADER
from engine.techniques.udp import UDP_HEADER
from engine.transport.base import Recorder
from engine.transport.packet.headers import IPV4, SCTP, TCP, UDP
from engine.transport.packet.icmp_matching import ICMP_HEADER, match_icmp
from engine.transport.packet.ip_reader import UNREADABLE, IpHeaders, read_ipv4, read_ipv6
from engine.transport.packet.protocol_matching import (
    NO_PROTOCOLS,
    match_any_protocol,
    what_else_is_said,
)
from engine.transport.packet.segment_matching import match_sctp, match_tcp, match_udp
from engine.transport.packet.verdict import Bools, Bytes, Sent, Verdict

_Matcher = Callable[[Bytes, IpHeaders, Sent], Verdict]


def match_replies(
    packets: Bytes,
    lengths: NDArray[np.integer],
    sent: Sent,
    arrivals: NDArray[np.float64] | float,
    recorder: Recorder | None = None,
) -> ReplyBatch:
    """The answers among packets that start with their IP header, as ``packets`` (n, width) and
    ``lengths`` (n,) bytes; ``arrivals`` is when they came in, each or all. ``recorder`` is shown
    those that count and those that are rejected. Never raises, whatever the bytes."""
    kept = np.minimum(lengths, packets.shape[1]).astype(np.int64)
    packets = _widened(packets)
    chosen, records, rejected = _found([_read(packets, kept, one) for one in sent.readings()])
    if recorder is not None:
        shown = np.flatnonzero(rejected | np.isin(np.arange(len(packets)), chosen))
        times = np.broadcast_to(np.float64(arrivals), len(packets))[shown]
        recorder.received(packets[shown], lengths[shown], times)
    count = int(np.count_nonzero(rejected))
    if not len(chosen):
        return no_replies(count)
    records["time"] = np.broadcast_to(np.float64(arrivals), len(packets))[chosen]
    snapped = np.minimum(kept[chosen], SNAP)
    shortest, longest = int(snapped.min()), int(snapped.max())
    whole = packets[:, :longest].view(f"V{longest}")[:, 0].take(chosen)
    raw = whole.view(np.uint8).reshape(-1, longest)
    if shortest < longest:
        raw[:, shortest:][np.arange(shortest, longest) >= snapped[:, None]] = 0
    replies = ReplyBatch(records, raw, snapped.astype(np.uint16), count)
    return what_else_is_said(replies, sent) if sent.protocol_askers else replies


_Reading = tuple[NDArray[np.void], Bools, Bools]
"""About n packets: the answers they would be, which of them count, which are rejected."""


def _read(packets: Bytes, kept: NDArray[np.int64], sent: Sent) -> _Reading:
    versions = packets[:, 0] >> 4
    records = np.zeros(len(packets), REPLY)
    accepted = np.zeros(len(packets), np.bool_)
    rejected = (versions != 4) & (versions != 6) | (kept < IPV4.itemsize)
    for version, reader in ((4, read_ipv4), (6, read_ipv6)):
        rows = np.flatnonzero((versions == version) & (kept >= IPV4.itemsize))
        if len(rows):
            headers = reader(_rows(packets, rows), kept[rows])
            _match_version(version, packets, rows, headers, sent, records, accepted, rejected)
    return records, accepted, rejected


def _found(readings: list[_Reading]) -> tuple[NDArray[np.intp], NDArray[np.void], Bools]:
    """Which packets are answers, the answers, and which packets are rejected by all readings.

    Several copies of a probe that fit leave one answer to an unknown copy. A packet that fits
    several techniques answers each of them.
    """
    rejected = np.logical_or.reduce([rejected for _, _, rejected in readings])
    chosen = np.concatenate([np.flatnonzero(accepted) for _, accepted, _ in readings])
    records = joined([gather(records, accepted) for records, accepted, _ in readings])
    if len(readings) > 1 and len(chosen):
        rejected[chosen] = False
        keys = chosen.astype(np.uint64) << np.uint64(8) | records["technique"]
        found, of = groups(keys)
        first = firsts(keys.astype(np.int64))
        chosen, records = chosen[first], records[first]
        records["attempt"][np.bincount(of, minlength=len(found)) > 1] = UNKNOWN_ATTEMPT
    return chosen, records, rejected


def _rows(packets: Bytes, rows: NDArray[np.intp]) -> Bytes:
    """``packets[rows]``, the rows ascending; not copied where that is all of them."""
    return packets if len(rows) == len(packets) else packets.take(rows, axis=0)


def _widened(packets: Bytes) -> Bytes:
    """At least SNAP columns, so that fixed headers can be sliced without asking."""
    missing = SNAP - packets.shape[1]
    return np.pad(packets, ((0, 0), (0, missing))) if missing > 0 else packets


def _match_version(
    version: int,
    packets: Bytes,
    rows: NDArray[np.intp],
    headers: IpHeaders,
    sent: Sent,
    records: NDArray[np.void],
    accepted: Bools,
    rejected: Bools,
) -> None:
    """Fill in the answers among ``rows``, which of them count, and which are rejected."""
    rejected[rows] = headers.upper == UNREADABLE
    matchers: dict[int, tuple[int, _Matcher]] = {
        TCP: (TCP_HEADER.itemsize, match_tcp),
        UDP: (UDP_HEADER.itemsize, match_udp),
        SCTP: (SCTP_HEADER.itemsize, match_sctp),
        ICMP_NUMBERS[version]: (ICMP_HEADER, match_icmp),
    }
    for number in sorted(matchers.keys() & set(distinct_bytes(headers.upper))):
        size, matcher = matchers[number]
        its_kind = headers.upper == number
        for offset in distinct(headers.offset[its_kind]):
            here = np.flatnonzero(its_kind & (headers.offset == offset))
            whole = headers.end[here] >= offset + size
            rejected[rows[here]] = ~whole
            here = here[whole]
            if not len(here):
                continue
            its = headers if len(here) == len(rows) else headers.take(here)
            at = rows[here]
            verdict = matcher(_rows(packets, at)[:, offset:], its, sent)
            where = slice(None) if len(at) == len(packets) else at
            as_bytes(records)[where] = as_bytes(verdict.records)
            accepted[where] = verdict.accepted
            rejected[where] = verdict.concerning & ~verdict.accepted
    if sent.protocol_askers:
        here = np.flatnonzero(~np.isin(headers.upper, (*matchers, *NO_PROTOCOLS)))
        if len(here):
            verdict = match_any_protocol(packets[rows[here]], headers.take(here), sent)
            records[rows[here]] = verdict.records
            accepted[rows[here]] = verdict.accepted

"""From packets to answers: which of the bytes that came in answer a probe of ours.

A pure function of bytes and of what we sent. Every byte may be an attack, so a packet counts only
when addresses, ports and, for TCP, the token agree with a probe; the others are only counted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import REPLY, SNAP, ReplyBatch, no_replies
from engine.core.distinct import distinct
from engine.spec.scan_type import Protocol
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind
from engine.techniques.tcp import TCP_HEADER
from engine.transport.base import Recorder
from engine.transport.packet.headers import IPV4
from engine.transport.packet.icmp_matching import ICMP_HEADER, ICMP_NUMBERS, match_icmp
from engine.transport.packet.ip_reader import UNREADABLE, IpHeaders, read_ipv4, read_ipv6
from engine.transport.packet.tcp_echo import echoes_token, may_open
from engine.transport.packet.verdict import (
    Bools,
    Bytes,
    Sent,
    Verdict,
    new_records,
    same_address,
    set_answer,
)

_UDP = np.dtype(
    [("source_port", ">u2"), ("destination_port", ">u2"), ("length", ">u2"), ("checksum", ">u2")]
)


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
    versions = packets[:, 0] >> 4
    records = np.zeros(len(packets), REPLY)
    accepted = np.zeros(len(packets), np.bool_)
    rejected = (versions != 4) & (versions != 6) | (kept < IPV4.itemsize)
    for version, reader in ((4, read_ipv4), (6, read_ipv6)):
        rows = np.flatnonzero((versions == version) & (kept >= IPV4.itemsize))
        if len(rows):
            headers = reader(packets[rows], kept[rows])
            _match_version(version, packets, rows, headers, sent, records, accepted, rejected)
    if recorder is not None:
        shown = np.flatnonzero(accepted | rejected)
        times = np.broadcast_to(np.float64(arrivals), len(packets))[shown]
        recorder.received(packets[shown], lengths[shown], times)
    count = int(np.count_nonzero(rejected))
    if not accepted.any():
        return no_replies(count)
    chosen = np.flatnonzero(accepted)
    records["time"] = arrivals
    snapped = np.minimum(kept[chosen], SNAP)
    raw = packets[chosen, :SNAP]
    raw[np.arange(SNAP) >= snapped[:, None]] = 0
    return ReplyBatch(records[chosen], raw, snapped.astype(np.uint16), count)


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
        6: (TCP_HEADER.itemsize, _match_tcp),
        17: (_UDP.itemsize, _match_udp),
        ICMP_NUMBERS[version]: (ICMP_HEADER, match_icmp),
    }
    for number, (size, matcher) in matchers.items():
        for offset in distinct(headers.offset[headers.upper == number]):
            here = np.flatnonzero((headers.upper == number) & (headers.offset == offset))
            whole = headers.end[here] >= offset + size
            rejected[rows[here]] = ~whole
            here = here[whole]
            if not len(here):
                continue
            verdict = matcher(packets[rows[here], offset:], headers.take(here), sent)
            records[rows[here]] = verdict.records
            accepted[rows[here]] = verdict.accepted
            rejected[rows[here]] = verdict.concerning & ~verdict.accepted


_Matcher = Callable[[Bytes, IpHeaders, Sent], Verdict]


def _match_tcp(segments: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    tcp = np.ascontiguousarray(segments[:, : TCP_HEADER.itemsize]).view(TCP_HEADER)[:, 0]
    verdict = _match_ports(tcp, headers, sent, Protocol.TCP)
    flags = tcp["flags"]
    window = np.where(tcp["window"] > 0, np.uint32(WINDOW_OPEN), np.uint32(0))
    set_answer(verdict.records, AnswerKind.TCP, flags | window, True)
    techniques = verdict.records["technique"]
    # A SYN without ACK (split handshake) acknowledges nothing, so it has no token to show.
    opening = (flags & (SYN | ACK | RST) == SYN) & may_open(techniques)
    genuine = echoes_token(techniques, tcp, sent.tokens.of(verdict.records)) | opening
    echo = _is_own_probe(tcp, headers, sent)
    accepted = verdict.accepted & genuine & ~(opening & echo)
    return Verdict(verdict.records, accepted, verdict.concerning & (accepted | ~echo))


def _match_udp(segments: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    udp = np.ascontiguousarray(segments[:, : _UDP.itemsize]).view(_UDP)[:, 0]
    verdict = _match_ports(udp, headers, sent, Protocol.UDP)
    set_answer(verdict.records, AnswerKind.UDP, np.uint32(0), True)
    other = ~_is_own_probe(udp, headers, sent)
    return Verdict(verdict.records, verdict.accepted & other, verdict.concerning & other)


def _match_ports(
    segments: NDArray[np.void], headers: IpHeaders, sent: Sent, protocol: Protocol
) -> Verdict:
    """What addresses and ports say about segments sent to us."""
    meaning = sent.ports.meaning(segments["destination_port"])
    hosts = sent.hosts(headers.source)
    known = same_address(headers.destination, sent.sources.of(hosts, headers.source.shape[1]))
    records = new_records(hosts, segments["source_port"], headers)
    records["protocol"] = protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    accepted = meaning.ours & (meaning.protocol == protocol) & (hosts >= 0) & known
    return Verdict(records, accepted, meaning.ours)


def _is_own_probe(segments: NDArray[np.void], headers: IpHeaders, sent: Sent) -> Bools:
    """Packets to a target from our address and one of our source ports: on the loopback interface,
    and with some listeners, we see what we send, and such a packet is a probe, not an answer."""
    ours = sent.ports.meaning(segments["source_port"]).ours
    if not ours.any():
        return ours
    hosts = sent.hosts(headers.destination)
    own: Bools = ours & (hosts >= 0)
    return own & same_address(headers.source, sent.sources.of(hosts, headers.source.shape[1]))

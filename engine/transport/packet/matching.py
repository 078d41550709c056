"""From packets to answers: which of the bytes that came in answer a probe of ours.

A pure function of bytes and of what we sent. Every byte may be an attack, so a packet counts only
when addresses, ports and, for TCP, the token agree with a probe; the others are only counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import REPLY, SNAP, ReplyBatch, no_replies
from engine.core.distinct import distinct
from engine.core.token import ProbeTokens
from engine.spec.scan_type import Protocol
from engine.techniques.answer import ACK, FROM_TARGET, RST, SYN, WINDOW_OPEN, AnswerKind
from engine.techniques.tcp import TCP_HEADER
from engine.transport.base import Recorder
from engine.transport.packet.headers import IPV4, IPV6, TCP, UDP
from engine.transport.packet.ip_reader import UNREADABLE, IpHeaders, read_ipv4, read_ipv6
from engine.transport.packet.source_ports import SourcePorts
from engine.transport.packet.sources import SourceAddresses
from engine.transport.packet.tcp_echo import echoes_token, may_open

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

_UDP = np.dtype(
    [("source_port", ">u2"), ("destination_port", ">u2"), ("length", ">u2"), ("checksum", ">u2")]
)
_QUOTED = np.dtype([("source_port", ">u2"), ("destination_port", ">u2"), ("sequence", ">u4")])
"""The first 8 bytes of a quoted segment, which every ICMP error holds (RFC 792, RFC 4443)."""
_NUMBER_OF = np.zeros(256, np.uint8)
_NUMBER_OF[[Protocol.TCP, Protocol.UDP]] = TCP, UDP
"""IP protocol number by Protocol; 0 where a source port alone proves nothing."""
_ICMP_HEADER = 8
_ICMP_NUMBERS = {4: 1, 6: 58}
_ICMP_ERRORS = {4: (3, 4, 11, 12), 6: (1, 3, 4)}
_ICMP_KINDS = {4: AnswerKind.ICMP4, 6: AnswerKind.ICMP6}


class Addresses(Interface):
    """The part of an AddressBook that matching needs."""

    def find_v4(self, addresses: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Host index of each address; -1 for strangers."""

    def find_v6(self, addresses: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Host index of each address; -1 for strangers."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What we sent, as far as answers must agree with it."""

    book: Addresses
    tokens: ProbeTokens
    ports: SourcePorts
    sources: SourceAddresses

    def hosts(self, addresses: Bytes) -> NDArray[np.int64]:
        """Host index of each address (n, 4) or (n, 16); -1 for strangers."""
        if addresses.shape[1] == 4:
            numbers = np.ascontiguousarray(addresses).view(">u4")[:, 0].astype(np.uint32)
            return self.book.find_v4(numbers)
        return self.book.find_v6(np.ascontiguousarray(addresses))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """About n packets: the answers they would be, which of them count, which concern us at all."""

    records: NDArray[np.void]
    accepted: Bools
    concerning: Bools


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
        _ICMP_NUMBERS[version]: (_ICMP_HEADER, _match_icmp),
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


_Matcher = Callable[[Bytes, IpHeaders, Sent], _Verdict]


def _match_tcp(segments: Bytes, headers: IpHeaders, sent: Sent) -> _Verdict:
    tcp = np.ascontiguousarray(segments[:, : TCP_HEADER.itemsize]).view(TCP_HEADER)[:, 0]
    verdict = _match_ports(tcp, headers, sent, Protocol.TCP)
    flags = tcp["flags"]
    window = np.where(tcp["window"] > 0, np.uint32(WINDOW_OPEN), np.uint32(0))
    _set_answer(verdict.records, AnswerKind.TCP, flags | window, True)
    techniques = verdict.records["technique"]
    # A SYN without ACK (split handshake) acknowledges nothing, so it has no token to show.
    opening = (flags & (SYN | ACK | RST) == SYN) & may_open(techniques)
    genuine = echoes_token(techniques, tcp, sent.tokens.of(verdict.records)) | opening
    echo = _is_own_probe(tcp, headers, sent)
    accepted = verdict.accepted & genuine & ~(opening & echo)
    return _Verdict(verdict.records, accepted, verdict.concerning & (accepted | ~echo))


def _match_udp(segments: Bytes, headers: IpHeaders, sent: Sent) -> _Verdict:
    udp = np.ascontiguousarray(segments[:, : _UDP.itemsize]).view(_UDP)[:, 0]
    verdict = _match_ports(udp, headers, sent, Protocol.UDP)
    _set_answer(verdict.records, AnswerKind.UDP, np.uint32(0), True)
    other = ~_is_own_probe(udp, headers, sent)
    return _Verdict(verdict.records, verdict.accepted & other, verdict.concerning & other)


def _match_ports(
    segments: NDArray[np.void], headers: IpHeaders, sent: Sent, protocol: Protocol
) -> _Verdict:
    """What addresses and ports say about segments sent to us."""
    meaning = sent.ports.meaning(segments["destination_port"])
    hosts = sent.hosts(headers.source)
    known = _same(headers.destination, sent.sources.of(hosts, headers.source.shape[1]))
    records = _records(hosts, segments["source_port"], headers)
    records["protocol"] = protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    accepted = meaning.ours & (meaning.protocol == protocol) & (hosts >= 0) & known
    return _Verdict(records, accepted, meaning.ours)


def _is_own_probe(segments: NDArray[np.void], headers: IpHeaders, sent: Sent) -> Bools:
    """Packets to a target from our address and one of our source ports: on the loopback interface,
    and with some listeners, we see what we send, and such a packet is a probe, not an answer."""
    ours = sent.ports.meaning(segments["source_port"]).ours
    if not ours.any():
        return ours
    hosts = sent.hosts(headers.destination)
    own: Bools = ours & (hosts >= 0)
    return own & _same(headers.source, sent.sources.of(hosts, headers.source.shape[1]))


def _match_icmp(messages: Bytes, headers: IpHeaders, sent: Sent) -> _Verdict:
    version = 4 if headers.source.shape[1] == 4 else 6
    inner_type = IPV4 if version == 4 else IPV6
    start = _ICMP_HEADER + inner_type.itemsize
    stop = start + _QUOTED.itemsize
    if messages.shape[1] < stop:
        messages = np.pad(messages, ((0, 0), (0, stop - messages.shape[1])))
    inner = np.ascontiguousarray(messages[:, _ICMP_HEADER:start]).view(inner_type)[:, 0]
    quoted = np.ascontiguousarray(messages[:, start:stop]).view(_QUOTED)[:, 0]
    meaning = sent.ports.meaning(quoted["source_port"])
    hosts = sent.hosts(inner["destination"])
    records = _records(hosts, quoted["destination_port"], headers)
    records["protocol"] = np.where(meaning.protocol == Protocol.TCP, Protocol.TCP, Protocol.UDP)
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    detail = messages[:, 0].astype(np.uint32) << np.uint32(8) | messages[:, 1]
    from_target = _same(headers.source, inner["destination"])
    _set_answer(records, _ICMP_KINDS[version], detail, from_target)
    ours = sent.sources.of(hosts, headers.source.shape[1])
    error = np.isin(messages[:, 0], _ICMP_ERRORS[version])
    accepted = (
        error
        & (headers.end >= headers.offset + stop)
        & meaning.ours
        & _quotes_protocol(version, inner, meaning.protocol)
        & (hosts >= 0)
        & _same(inner["source"], ours)
        & _same(headers.destination, ours)
        & ((meaning.protocol != Protocol.TCP) | (quoted["sequence"] == sent.tokens.of(records)))
    )
    return _Verdict(records, accepted, error & meaning.ours)


def _quotes_protocol(version: int, inner: NDArray[np.void], protocol: Bytes) -> Bools:
    """The quoted header is of the shape we send, and of the protocol its source port stands for."""
    number = inner["protocol"] if version == 4 else inner["next_header"]
    shape: Bools = (
        (inner["version_length"] == 0x45) & (inner["fragment"] & 0x1FFF == 0)
        if version == 4
        else inner["version_label"] >> 28 == 6
    )
    same: Bools = (_NUMBER_OF[protocol] == number) & (number != 0)
    return shape & same


def _records(
    hosts: NDArray[np.int64], ports: NDArray[np.uint16], headers: IpHeaders
) -> NDArray[np.void]:
    records = np.zeros(len(hosts), REPLY)
    records["host"] = np.maximum(hosts, 0)
    records["port"] = ports
    records["ttl"] = headers.ttl
    return records


def _set_answer(
    records: NDArray[np.void], kind: AnswerKind, detail: Any, from_target: Bools | bool
) -> None:
    sender = np.where(from_target, np.uint32(FROM_TARGET), np.uint32(0))
    records["answer"] = np.uint32(kind << 24) | sender | detail


def _same(one: Bytes, other: Bytes) -> Bools:
    """Whether addresses (n, 4) or (n, 16) are equal, row by row."""
    word = np.uint32 if one.shape[1] == 4 else np.uint64
    equal = np.ascontiguousarray(one).view(word) == np.ascontiguousarray(other).view(word)
    same: Bools = np.all(equal, axis=1)
    return same

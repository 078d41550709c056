"""ICMP and ICMPv6 answers: errors that quote a probe of ours, and replies to pings.

Sources: RFC 792, RFC 4443.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.ping import PingKind
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import AnswerKind
from engine.techniques.protocol import FIXED_PORTS, ICMP_NUMBERS
from engine.techniques.registry import PACKET_PROBES
from engine.techniques.sctp import INITIATE_TAG_AT
from engine.transport.packet.headers import IPV4, IPV6, SCTP, TCP
from engine.transport.packet.icmp_replies import REPLY_TYPES, read_replies
from engine.transport.packet.ip_reader import IpHeaders
from engine.transport.packet.protocol_matching import find_marked
from engine.transport.packet.segment_matching import ASKS_PROTOCOL
from engine.transport.packet.verdict import (
    Bools,
    Bytes,
    Sent,
    Verdict,
    mark_of,
    marks,
    new_records,
    same_address,
    set_answer,
)

_QUOTED = np.dtype([("source_port", ">u2"), ("destination_port", ">u2"), ("sequence", ">u4")])
"""The first 8 bytes of a quoted segment, which every ICMP error holds (RFC 792, RFC 4443)."""
_NUMBER_OF = np.zeros((7, 256), np.uint8)
"""IP protocol number by IP version and technique; 0 where a source port alone proves nothing."""
for _technique, _probe in PACKET_PROBES.items():
    for _version, _carried in _probe.over.items():
        _NUMBER_OF[_version, _technique] = _carried.number or 0

_FIXED_PORT = np.zeros(256, np.uint16)
"""Where probes that ask for a protocol go, by its number; 0 for those without ports."""
_FIXED_PORT[list(FIXED_PORTS)] = list(FIXED_PORTS.values())
_HAS_HEADER = np.zeros((7, 256), np.bool_)
"""By IP version and protocol number: whether probes have a header that names technique and copy."""
for _version, _icmp in ICMP_NUMBERS.items():
    _HAS_HEADER[_version, [*FIXED_PORTS, _icmp]] = True
_LONGEST_QUOTE = INITIATE_TAG_AT + 4
"""Bytes of a quoted segment that are looked at."""

ICMP_HEADER = 8
_ICMP_ERRORS = {4: (3, 4, 11, 12), 6: (1, 3, 4)}
_ICMP_KINDS = {4: AnswerKind.ICMP4, 6: AnswerKind.ICMP6}


def match_icmp(messages: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    """Errors about probes of ours, and replies to pings."""
    version = 4 if headers.source.shape[1] == 4 else 6
    verdict = _match_icmp_errors(messages, headers, sent, version)
    rows = np.flatnonzero(np.isin(messages[:, 0], REPLY_TYPES[version]))
    if len(rows):
        replies = _match_icmp_replies(messages[rows], headers.take(rows), sent, version)
        verdict.records[rows] = replies.records
        verdict.accepted[rows] = replies.accepted
        verdict.concerning[rows] = replies.concerning
    return verdict


def _match_icmp_replies(messages: Bytes, headers: IpHeaders, sent: Sent, version: int) -> Verdict:
    replies = read_replies(messages, version)
    meaning = sent.ports.meaning(replies.identifier)
    hosts = sent.hosts(headers.source)
    # The port is 0; where the echo request asked for the protocol, the number of ICMP.
    asks = ASKS_PROTOCOL[meaning.technique]
    ports = np.where(asks, np.uint16(ICMP_NUMBERS[version]), np.uint16(0))
    records = new_records(hosts, ports, headers)
    records["protocol"] = meaning.protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    detail = messages[:, 0].astype(np.uint32) << np.uint32(8) | messages[:, 1]
    set_answer(records, _ICMP_KINDS[version], detail, True)
    accepted = (
        meaning.ours
        & ((meaning.technique == replies.kind) | (asks & (replies.kind == PingKind.ECHO)))
        & (headers.end >= headers.offset + replies.size)
        & (hosts >= 0)
        & same_address(headers.destination, sent.sources.of(hosts, headers.source.shape[1]))
        & replies.echo(sent.tokens.of(records))
    )
    return Verdict(records, accepted, meaning.ours)


def _match_icmp_errors(messages: Bytes, headers: IpHeaders, sent: Sent, version: int) -> Verdict:
    inner_type = IPV4 if version == 4 else IPV6
    start = ICMP_HEADER + inner_type.itemsize
    stop = start + _QUOTED.itemsize
    missing = start + _LONGEST_QUOTE - messages.shape[1]
    if missing > 0:
        messages = np.pad(messages, ((0, 0), (0, missing)))
    inner = np.ascontiguousarray(messages[:, ICMP_HEADER:start]).view(inner_type)[:, 0]
    quoted = np.ascontiguousarray(messages[:, start:stop]).view(_QUOTED)[:, 0]
    number = inner["protocol"] if version == 4 else inner["next_header"]
    # An ICMP request has no ports; its identifier is where a TCP segment's sequence number begins.
    ping = number == ICMP_NUMBERS[version]
    source_port = np.where(ping, quoted["sequence"] >> 16, quoted["source_port"])
    meaning = sent.ports.meaning(source_port.astype(np.uint16))
    asks = ASKS_PROTOCOL[meaning.technique]
    ports = np.where(ping, np.uint16(0), quoted["destination_port"])
    hosts = sent.hosts(inner["destination"])
    records = new_records(hosts, np.where(asks, number, ports).astype(np.uint16), headers)
    records["protocol"] = meaning.protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    detail = messages[:, 0].astype(np.uint32) << np.uint32(8) | messages[:, 1]
    from_target = same_address(headers.source, inner["destination"])
    set_answer(records, _ICMP_KINDS[version], detail, from_target)
    ours = sent.sources.of(hosts, headers.source.shape[1])
    error = np.isin(messages[:, 0], _ICMP_ERRORS[version])
    about_us = (
        error
        & (headers.end >= headers.offset + start)
        & _has_our_shape(version, inner)
        & (hosts >= 0)
        & same_address(inner["source"], ours)
        & same_address(headers.destination, ours)
    )
    tokens = sent.tokens.of(records)
    accepted = (
        about_us
        & (headers.end >= headers.offset + stop)
        & meaning.ours
        & np.where(
            asks, _FIXED_PORT[number] == ports, _NUMBER_OF[version, meaning.technique] == number
        )
        & (number != 0)
        & ((number != TCP) | (quoted["sequence"] == tokens))
        & (~ping | _quotes_ping(version, inner, quoted, tokens))
    )
    rows = np.flatnonzero(accepted & (number == SCTP))
    if len(rows):
        reach = headers.end[rows] - headers.offset[rows] - start
        marked = mark_of(version, inner[rows]) == marks(version, tokens[rows])
        accepted[rows] = _quotes_sctp(
            messages[rows, start:], reach < _LONGEST_QUOTE, marked, records[rows], tokens[rows]
        )
    concerning = error & meaning.ours
    if sent.protocol_askers:
        bare = np.flatnonzero(about_us & ~_HAS_HEADER[version, number])
        records["port"][bare], records["protocol"][bare] = number[bare], Protocol.IP
        some = records[bare]
        accepted[bare] = find_marked(version, some, mark_of(version, inner[bare]), sent)
        records[bare] = some
        concerning[bare] = True
    return Verdict(records, accepted, concerning)


def _has_our_shape(version: int, inner: NDArray[np.void]) -> Bools:
    """The quoted IP header is of the shape we send."""
    shape: Bools = (
        (inner["version_length"] == 0x45) & (inner["fragment"] & 0x1FFF == 0)
        if version == 4
        else inner["version_label"] >> 28 == 6
    )
    return shape


def _quotes_ping(
    version: int, inner: NDArray[np.void], quoted: NDArray[np.void], tokens: NDArray[np.uint32]
) -> Bools:
    """The quoted ICMP request has the sequence number and the IP header's mark of our probe: the
    token itself may lie behind what is quoted."""
    marked = mark_of(version, inner) == marks(version, tokens)
    same: Bools = marked & ((quoted["sequence"] ^ tokens) & np.uint32(0xFFFF) == 0)
    return same


def _quotes_sctp(
    quoted: Bytes,
    cut: Bools,
    marked: Bools,
    records: NDArray[np.void],
    tokens: NDArray[np.uint32],
) -> Bools:
    """The quoted packet bears the token: a COOKIE ECHO as its verification tag, an INIT as its
    initiate tag, or, where that is cut off, as the IP header's mark."""
    words = np.ascontiguousarray(quoted[:, :_LONGEST_QUOTE]).view(">u4")
    tag, initiate_tag = words[:, 1], words[:, INITIATE_TAG_AT // 4]
    init = (tag == 0) & np.where(cut, marked, initiate_tag == tokens)
    echo = records["technique"] == ScanType.SCTP_ECHO
    same: Bools = np.where(echo, tag == tokens, init)
    return same

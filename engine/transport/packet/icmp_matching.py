"""ICMP and ICMPv6 answers: errors that quote a probe of ours, and replies to pings.

Sources: RFC 792, RFC 4443.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.techniques.answer import AnswerKind
from engine.techniques.registry import PACKET_PROBES
from engine.transport.packet.headers import IPV4, IPV6, TCP, identifiers
from engine.transport.packet.icmp_replies import REPLY_TYPES, read_replies
from engine.transport.packet.ip_reader import IpHeaders
from engine.transport.packet.verdict import (
    Bools,
    Bytes,
    Sent,
    Verdict,
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

ICMP_HEADER = 8
ICMP_NUMBERS = {4: 1, 6: 58}
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
    records = new_records(hosts, np.zeros(len(hosts), np.uint16), headers)
    records["protocol"] = meaning.protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    detail = messages[:, 0].astype(np.uint32) << np.uint32(8) | messages[:, 1]
    set_answer(records, _ICMP_KINDS[version], detail, True)
    accepted = (
        meaning.ours
        & (meaning.technique == replies.kind)
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
    if messages.shape[1] < stop:
        messages = np.pad(messages, ((0, 0), (0, stop - messages.shape[1])))
    inner = np.ascontiguousarray(messages[:, ICMP_HEADER:start]).view(inner_type)[:, 0]
    quoted = np.ascontiguousarray(messages[:, start:stop]).view(_QUOTED)[:, 0]
    number = inner["protocol"] if version == 4 else inner["next_header"]
    # An ICMP request has no ports; its identifier is where a TCP segment's sequence number begins.
    ping = number == ICMP_NUMBERS[version]
    source_port = np.where(ping, quoted["sequence"] >> 16, quoted["source_port"])
    meaning = sent.ports.meaning(source_port.astype(np.uint16))
    hosts = sent.hosts(inner["destination"])
    ports = np.where(ping, np.uint16(0), quoted["destination_port"]).astype(np.uint16)
    records = new_records(hosts, ports, headers)
    records["protocol"] = meaning.protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    detail = messages[:, 0].astype(np.uint32) << np.uint32(8) | messages[:, 1]
    from_target = same_address(headers.source, inner["destination"])
    set_answer(records, _ICMP_KINDS[version], detail, from_target)
    ours = sent.sources.of(hosts, headers.source.shape[1])
    error = np.isin(messages[:, 0], _ICMP_ERRORS[version])
    tokens = sent.tokens.of(records)
    accepted = (
        error
        & (headers.end >= headers.offset + stop)
        & meaning.ours
        & _has_our_shape(version, inner)
        & (_NUMBER_OF[version, meaning.technique] == number)
        & (number != 0)
        & (hosts >= 0)
        & same_address(inner["source"], ours)
        & same_address(headers.destination, ours)
        & ((number != TCP) | (quoted["sequence"] == tokens))
        & (~ping | _quotes_ping(version, inner, quoted, tokens))
    )
    return Verdict(records, accepted, error & meaning.ours)


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
    marks = identifiers(tokens)
    marked = (
        inner["identifier"] == marks & np.uint32(0xFFFF)
        if version == 4
        else inner["version_label"] & np.uint32(0xFFFFF) == marks & np.uint32(0xFFFFF)
    )
    same: Bools = marked & ((quoted["sequence"] ^ tokens) & np.uint32(0xFFFF) == 0)
    return same

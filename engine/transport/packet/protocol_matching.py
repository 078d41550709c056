"""Answers to IP protocol probes that have no header of their own to give anything back.

A packet of the protocol from the target is an answer; an ICMP error is, when the IP header it
quotes bears our mark, which is made from the token. Only a scan that asks for protocols reads them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import UNKNOWN_ATTEMPT, ReplyBatch
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import FROM_TARGET, AnswerKind, answer_code
from engine.techniques.protocol import ICMP_NUMBERS
from engine.transport.packet.headers import IPV4, IPV6
from engine.transport.packet.ip_reader import UNREADABLE, IpHeaders
from engine.transport.packet.source_ports import ATTEMPTS
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

_FRAGMENT = 44
NO_PROTOCOLS = (UNREADABLE, _FRAGMENT)
"""Numbers the reader of IP headers gives to what has no header above IP to speak of."""


def match_any_protocol(packets: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    """Packets (n, width) from a target to us. Each is noted for the first asker; what the others
    make of it, what_else_is_said() adds."""
    version = 4 if headers.source.shape[1] == 4 else 6
    hosts = sent.hosts(headers.source)
    records = new_records(hosts, headers.upper.astype(np.uint16), headers)
    records["protocol"] = Protocol.IP
    records["attempt"] = UNKNOWN_ATTEMPT
    records["technique"] = min(sent.protocol_askers)
    set_answer(records, AnswerKind.IP, headers.upper.astype(np.uint32), True)
    ours = sent.sources.of(hosts, headers.source.shape[1])
    accepted = (hosts >= 0) & same_address(headers.destination, ours)
    # Probes to this machine itself come by as they were sent.
    local = np.flatnonzero(accepted & same_address(headers.source, headers.destination))
    if len(local):
        kind = IPV4 if version == 4 else IPV6
        seen = np.ascontiguousarray(packets[local, : kind.itemsize]).view(kind)[:, 0]
        accepted[local] &= ~find_marked(version, records[local], mark_of(version, seen), sent)
    return Verdict(records, accepted, np.zeros(len(records), np.bool_))


def find_marked(
    version: int, records: NDArray[np.void], found: NDArray[np.uint32], sent: Sent
) -> Bools:
    """Whether the marks ``found`` are those of probes that ask for these hosts and ports; such
    records get the technique and attempt of the probe."""
    marked = np.zeros(len(records), np.bool_)
    candidates = records.copy()
    for technique in sorted(sent.protocol_askers):
        for attempt in range(ATTEMPTS):
            candidates["technique"], candidates["attempt"] = technique, attempt
            same = ~marked & (marks(version, sent.tokens.of(candidates)) == found)
            records[same] = candidates[same]
            marked |= same
    return marked


def what_else_is_said(replies: ReplyBatch, sent: Sent) -> ReplyBatch:
    """The answers, and what their packets answer besides: a packet of some protocol answers every
    asker, and an ICMP error from a target shows that the target speaks ICMP."""
    records = replies.records
    kinds = records["answer"] >> np.uint32(24)
    bare = np.flatnonzero((kinds == AnswerKind.IP) & (records["attempt"] == UNKNOWN_ATTEMPT))
    places, more = [], []
    for technique in sorted(sent.protocol_askers)[1:]:
        again = records[bare]
        again["technique"] = technique
        places.append(bare)
        more.append(again)
    for version, kind in ((4, AnswerKind.ICMP4), (6, AnswerKind.ICMP6)):
        number = ICMP_NUMBERS[version]
        errors = kinds == kind
        errors &= (records["technique"] == ScanType.PROTOCOL) & (records["port"] != number)
        spoken = np.flatnonzero(errors & (records["answer"] & np.uint32(FROM_TARGET) > 0))
        again = records[spoken]
        again["port"] = number
        again["attempt"] = UNKNOWN_ATTEMPT
        again["answer"] = answer_code(AnswerKind.IP, number)
        places.append(spoken)
        more.append(again)
    at = np.concatenate(places)
    if not len(at):
        return replies
    return ReplyBatch(
        np.concatenate([records, *more]),
        np.concatenate([replies.raw, replies.raw[at]]),
        np.concatenate([replies.raw_length, replies.raw_length[at]]),
        replies.rejected,
    )

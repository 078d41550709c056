"""TCP, UDP and SCTP answers: segments to a source port of ours (RFC 9293, RFC 768, RFC 9260)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.spec.scan_type import Protocol
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind, answer_code
from engine.techniques.protocol import FIXED_PORTS
from engine.techniques.registry import PROTOCOL_TECHNIQUES
from engine.techniques.sctp import SCTP_HEADER
from engine.techniques.tcp import TCP_HEADER
from engine.techniques.udp import UDP_HEADER
from engine.transport.packet.headers import SCTP, TCP, UDP
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

ASKS_PROTOCOL = np.zeros(256, np.bool_)
"""By technique number: whether its ports are IP protocol numbers."""
ASKS_PROTOCOL[list(PROTOCOL_TECHNIQUES)] = True


def match_tcp(segments: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    """Segments that give back the token, and SYNs, which have none to give."""
    tcp = np.ascontiguousarray(segments[:, : TCP_HEADER.itemsize]).view(TCP_HEADER)[:, 0]
    flags = tcp["flags"]
    window = np.where(tcp["window"] > 0, np.uint32(WINDOW_OPEN), np.uint32(0))
    verdict = _match_ports(tcp, headers, sent, TCP)
    _set_answer(verdict.records, AnswerKind.TCP, flags | window, TCP)
    techniques = verdict.records["technique"]
    # A SYN without ACK (split handshake) acknowledges nothing, so it has no token to show.
    opening = (flags & (SYN | ACK | RST) == SYN) & sent.echo.may_open(techniques)
    genuine = sent.echo.genuine(techniques, tcp, sent.tokens.of(verdict.records)) | opening
    echo = _is_own_probe(tcp, headers, sent)
    accepted = verdict.accepted & genuine & ~(opening & echo)
    return Verdict(verdict.records, accepted, verdict.concerning & (accepted | ~echo))


def match_udp(segments: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    """Datagrams, which have nothing to show but addresses and ports."""
    udp = np.ascontiguousarray(segments[:, : UDP_HEADER.itemsize]).view(UDP_HEADER)[:, 0]
    verdict = _match_ports(udp, headers, sent, UDP)
    _set_answer(verdict.records, AnswerKind.UDP, np.uint32(0), UDP)
    other = ~_is_own_probe(udp, headers, sent)
    return Verdict(verdict.records, verdict.accepted & other, verdict.concerning & other)


def match_sctp(segments: Bytes, headers: IpHeaders, sent: Sent) -> Verdict:
    """Packets whose verification tag is the token. The checksum is left to the kernel's network
    cards, which fill it in only on the way out."""
    sctp = np.ascontiguousarray(segments[:, : SCTP_HEADER.itemsize]).view(SCTP_HEADER)[:, 0]
    verdict = _match_ports(sctp, headers, sent, SCTP)
    _set_answer(verdict.records, AnswerKind.SCTP, sctp["chunk_type"].astype(np.uint32), SCTP)
    genuine = sctp["verification_tag"] == sent.tokens.of(verdict.records)
    other = ~_is_own_probe(sctp, headers, sent)
    return Verdict(verdict.records, verdict.accepted & genuine & other, verdict.concerning & other)


_PROTOCOL_OF = {TCP: Protocol.TCP, UDP: Protocol.UDP, SCTP: Protocol.SCTP}


def _match_ports(
    segments: NDArray[np.void], headers: IpHeaders, sent: Sent, number: int
) -> Verdict:
    """What addresses and ports say about segments of IP protocol ``number`` sent to us."""
    meaning = sent.ports.meaning(segments["destination_port"])
    asks_protocol = ASKS_PROTOCOL[meaning.technique]
    fits = np.where(
        asks_protocol,
        segments["source_port"] == FIXED_PORTS[number],
        meaning.protocol == _PROTOCOL_OF[number],
    )
    hosts = sent.hosts(headers.source)
    known = same_address(headers.destination, sent.sources.of(hosts, headers.source.shape[1]))
    ports = np.where(asks_protocol, np.uint16(number), segments["source_port"])
    records = new_records(hosts, ports, headers)
    records["protocol"] = meaning.protocol
    records["technique"] = meaning.technique
    records["attempt"] = meaning.attempt
    return Verdict(records, meaning.ours & fits & (hosts >= 0) & known, meaning.ours)


def _set_answer(records: NDArray[np.void], kind: AnswerKind, detail: Any, number: int) -> None:
    """As set_answer(); to a probe that asks for the protocol, the protocol is the answer."""
    set_answer(records, kind, detail, True)
    asks = np.flatnonzero(ASKS_PROTOCOL[records["technique"]])
    if len(asks):
        records["answer"][asks] = answer_code(AnswerKind.IP, number)


def _is_own_probe(segments: NDArray[np.void], headers: IpHeaders, sent: Sent) -> Bools:
    """Packets to a target from our address and one of our source ports: on the loopback interface,
    and with some listeners, we see what we send, and such a packet is a probe, not an answer."""
    ours = sent.ports.ours(segments["source_port"])
    if not ours.any():
        return ours
    hosts = sent.hosts(headers.destination)
    own: Bools = ours & (hosts >= 0)
    return own & same_address(headers.source, sent.sources.of(hosts, headers.source.shape[1]))

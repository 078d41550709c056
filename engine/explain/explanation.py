"""Explanation: one port's answer, in plain words and with its packets."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from engine.explain.combined import combine
from engine.explain.decode import decode
from engine.explain.wording import ADVICE, DROPPED, MEANING, RULE_ANSWER, RULE_SILENCE, look_up
from engine.results.evidence import Evidence
from engine.results.layers import EarlierResult
from engine.results.row import Row
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.services import service_name
from engine.techniques.answer import RST, WINDOW_OPEN, AnswerKind, split_answer
from engine.techniques.registry import technique
from engine.techniques.sctp import ABORT, COOKIE_ECHO, INIT, INIT_ACK

_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


class Explanation(Struct, frozen=True):
    """Why a port has its state. All text is plain and harmless; ``sent``, ``reply`` and
    ``combined`` may have several lines. ``combined`` is what this result and earlier ones of other
    techniques say together."""

    key: int
    row: Row
    meaning: str
    sent: str
    reply: str
    rule: str
    advice: str
    combined: str = ""


def explain(
    row: Row,
    evidence: Evidence | None,
    probe: bytes,
    earlier: Sequence[EarlierResult] = (),
    *,
    host_answers: bool = False,
) -> Explanation:
    """Explain a result.

    Evidence of an earlier result of the port is left aside.
    ``evidence`` is the answer that decided it, None when there was none or it is no longer kept;
    ``probe`` the probe as a packet, empty when the operating system made it; ``earlier`` what other
    techniques found at the port before; ``host_answers``: other ports of the host gave an answer.
    """
    if evidence is not None and not _supports(evidence, row):
        evidence = None
    return Explanation(
        key=row.key,
        row=row,
        meaning=_meaning(row, host_answers),
        sent=_sent(row, probe),
        reply=_reply(row, evidence),
        rule=_rule(row, evidence),
        advice=look_up(ADVICE, row.state, row.reason),
        combined=combine(row, earlier),
    )


def _meaning(row: Row, host_answers: bool) -> str:
    if host_answers and (row.state, row.reason) == (PortState.FILTERED, Reason.NO_RESPONSE):
        return DROPPED
    return look_up(MEANING, row.state, row.reason)


def _supports(evidence: Evidence, row: Row) -> bool:
    if row.technique is None:
        return False
    return technique(row.technique).classify(evidence.answer) == (row.state, row.reason)


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count} copies"


def _sent(row: Row, probe: bytes) -> str:
    if row.technique is None:
        return "nothing yet"
    if probe:
        return decode(probe)
    if row.technique is ScanType.CONNECT:
        return f"connect() to {row.address} port {row.port}, by the operating system"
    what = "UDP datagram" if row.protocol is Protocol.UDP else f"{row.technique.title} probe"
    place = "protocol" if row.protocol is Protocol.IP else "port"
    return f"a {what} to {row.address} {place} {row.port}"


def _reply(row: Row, evidence: Evidence | None) -> str:
    if evidence is None:
        if not row.state:
            return ""
        if row.reason is Reason.NO_RESPONSE:
            return f"nothing came back; {_copies(row.tries)} sent"
        return "the packet is no longer kept; rescan the port to see it"
    if evidence.packet:
        return decode(evidence.packet)
    return answer_text(evidence.answer)


def answer_text(code: int) -> str:
    """An answer code in words, e.g. ``TCP SYN ACK`` or ``connect(): Connection refused``."""
    try:
        kind, detail, from_target = split_answer(code)
    except ValueError:
        return "an unknown answer"
    sender = "" if from_target else ", not from the target"
    if kind is AnswerKind.TCP:
        flags = [name for bit, name in enumerate(_FLAGS) if detail >> bit & 1]
        # Only a reset's window ever decides, in a Window scan.
        window = " with a window" if detail & RST and detail & WINDOW_OPEN else ""
        return f"TCP {' '.join(flags) or 'without flags'}{window}{sender}"
    words = _ANSWERS.get(kind)
    if words is not None:
        return f"{words(detail)}{sender}"
    version = "ICMP" if kind is AnswerKind.ICMP4 else "ICMPv6"
    return f"{version} type {detail >> 8} code {detail & 0xFF}{sender}"


def _errno_words(detail: int) -> str:
    return f"connect(): {os.strerror(detail)}" if detail else "connect() succeeded"


def _sctp_words(detail: int) -> str:
    names = {INIT: "INIT", INIT_ACK: "INIT ACK", ABORT: "ABORT", COOKIE_ECHO: "COOKIE ECHO"}
    return f"SCTP {names.get(detail, f'chunk of type {detail}')}"


def _protocol_words(detail: int) -> str:
    name = service_name(Protocol.IP, detail)
    return f"a packet of IP protocol {detail}" + (f" ({name})" if name else "")


_ANSWERS: Mapping[AnswerKind, Callable[[int], str]] = {
    AnswerKind.UDP: lambda _detail: "a UDP datagram",
    AnswerKind.ERRNO: _errno_words,
    AnswerKind.SCTP: _sctp_words,
    AnswerKind.IP: _protocol_words,
    AnswerKind.NEIGHBOUR: lambda version: (
        "an ARP reply" if version == 4 else "a neighbour advertisement"
    ),
    AnswerKind.IPID: lambda moved: f"the zombie's IP id {'moved on' if moved else 'stood still'}",
}
"""The words for the detail of an answer, by its kind."""


def answered_by(packet: bytes) -> str:
    """The address a packet came from; empty when it cannot be read."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return str(ipaddress.IPv4Address(packet[12:16]))
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        return str(ipaddress.IPv6Address(packet[8:24]))
    return ""


def _rule(row: Row, evidence: Evidence | None) -> str:
    if row.technique is None:
        return ""
    if row.reason is Reason.NO_RESPONSE:
        copies = _copies(row.tries)
        return RULE_SILENCE.format(copies=copies, title=row.technique.title, state=row.state.label)
    answer = row.reason.label if evidence is None else answer_text(evidence.answer)
    sender = answered_by(evidence.packet) if evidence else ""
    if row.foreign and sender:
        answer = f"{answer.removesuffix(', not from the target')} from {sender}"
    return RULE_ANSWER.format(answer=answer, title=row.technique.title, state=row.state.label)

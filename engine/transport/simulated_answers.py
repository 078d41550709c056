"""What simulated hosts answer, and how probes of each kind see it."""

from __future__ import annotations

import errno
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind, answer_code
from engine.techniques.sctp import ABORT, INIT_ACK
from engine.transport.scenario import SILENCE

_TCP_OPEN = answer_code(AnswerKind.TCP, SYN | ACK | WINDOW_OPEN)
_TCP_CLOSED = answer_code(AnswerKind.TCP, RST | ACK)

_ABORT = answer_code(AnswerKind.SCTP, ABORT)
_OPEN = (_TCP_OPEN, answer_code(AnswerKind.SCTP, INIT_ACK))
_CLOSED = (_TCP_CLOSED, _ABORT)
_RESET = answer_code(AnswerKind.TCP, RST)
_FLAG_ANSWERS: Mapping[ScanType | PingKind, tuple[int, int]] = {
    ScanType.ACK: (_RESET | WINDOW_OPEN, _RESET),
    PingKind.ACK: (_RESET | WINDOW_OPEN, _RESET),
    ScanType.WINDOW: (_RESET | WINDOW_OPEN, _RESET),
    ScanType.MAIMON: (SILENCE, _RESET),
    ScanType.NULL: (SILENCE, _TCP_CLOSED),
    ScanType.FIN: (SILENCE, _TCP_CLOSED),
    ScanType.XMAS: (SILENCE, _TCP_CLOSED),
    ScanType.SCTP_ECHO: (SILENCE, _ABORT),
}
"""What an open and a closed port answer to probes that begin no connection, on a stack derived from
BSD: there each of these scan types can tell the two apart, if they can be told at all."""

_IPID_UNCHANGED, _IPID_CHANGED = (answer_code(AnswerKind.IPID, taken) for taken in (0, 1))

PING_ANSWERS: Mapping[tuple[PingKind, int], int] = {
    (PingKind.ECHO, 4): answer_code(AnswerKind.ICMP4, 0),
    (PingKind.ECHO, 6): answer_code(AnswerKind.ICMP6, 129 << 8),
    (PingKind.TIMESTAMP, 4): answer_code(AnswerKind.ICMP4, 14 << 8),
    (PingKind.NEIGHBOUR, 4): answer_code(AnswerKind.NEIGHBOUR, 4),
    (PingKind.NEIGHBOUR, 6): answer_code(AnswerKind.NEIGHBOUR, 6),
}
"""What a live host answers by kind and IP version. Nobody gives away an address mask any more."""

_CONNECT_ERRORS: Mapping[int, int] = {
    0x0300: errno.ENETUNREACH,
    0x0301: errno.EHOSTUNREACH,
    0x0302: errno.ENOPROTOOPT,
    0x0303: errno.ECONNREFUSED,
    0x0309: errno.ENETUNREACH,
    0x030A: errno.EHOSTUNREACH,
    0x030D: errno.EHOSTUNREACH,
}
"""What Linux's connect() reports for each ICMPv4 error (icmp_err_convert in net/ipv4/icmp.c)."""

_CONNECTS = (ScanType.CONNECT, PingKind.CONNECT)
WITHOUT_TTL = (*_CONNECTS, PingKind.NEIGHBOUR, ScanType.IDLE)
"""Techniques whose answers show no time to live."""


def answer_flags(techniques: NDArray[np.uint8], codes: NDArray[np.uint32]) -> None:
    """Put what probes that begin nothing are answered with in place of the answers to those that
    do."""
    for scan_type, (opened, closed) in _FLAG_ANSWERS.items():
        mine = techniques == scan_type
        if mine.any():
            is_open, is_closed = mine & np.isin(codes, _OPEN), mine & np.isin(codes, _CLOSED)
            codes[is_open], codes[is_closed] = opened, closed


def measure(techniques: NDArray[np.uint8], codes: NDArray[np.uint32]) -> None:
    """Put in what a well-behaved zombie shows of the ports of an idle scan."""
    mine = techniques == ScanType.IDLE
    if mine.any():
        codes[mine] = np.where(codes[mine] == _TCP_OPEN, _IPID_CHANGED, _IPID_UNCHANGED)


def as_seen_by(techniques: NDArray[np.uint8], codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """What a connect() reports where the wire carries these answers; other types see the wire."""
    seen = codes.copy()
    connects = np.isin(techniques, _CONNECTS)
    for code in np.unique(codes[connects]).tolist():
        if code == _TCP_OPEN:
            number = 0
        elif code == _TCP_CLOSED:
            number = errno.ECONNREFUSED
        else:
            number = _CONNECT_ERRORS.get(code & 0xFFFF, errno.ETIMEDOUT)
        seen[connects & (codes == code)] = answer_code(AnswerKind.ERRNO, number)
    return seen

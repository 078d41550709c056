"""What an answer to a ping says about the host: one table per kind of ping.

An error that a router or a filter sends on the host's behalf says nothing about the host, but it
ends the question: asking the same thing again would bring the same error.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from engine.spec.host_state import HostState
from engine.spec.ping import PingKind
from engine.spec.reason import Reason
from engine.techniques.answer import ACK, RST, SYN, AnswerKind, split_answer
from engine.techniques.icmp import TYPE_AND_CODE, TYPE_ONLY

ANY = 0
"""The mask of a row that every answer of its kind falls under."""
INIT_ACK, ABORT = 2, 6
"""SCTP chunk types (RFC 9260 section 3.2)."""


class HostOutcome(NamedTuple):
    """A host state and the reason for it. UNKNOWN: the answer ends the probe and says nothing."""

    state: HostState
    reason: Reason


class HostRule(Struct, frozen=True):
    """One row: an answer of ``kind`` whose ``detail & mask == value`` means ``outcome``.

    ``from_target`` None accepts any sender.
    """

    kind: AnswerKind
    mask: int
    value: int
    outcome: HostOutcome
    from_target: bool | None = True

    def matches(self, kind: AnswerKind, detail: int, from_target: bool) -> bool:
        """Whether an answer falls under this row."""
        return (
            kind is self.kind
            and detail & self.mask == self.value
            and self.from_target in (None, from_target)
        )


def _up(kind: AnswerKind, mask: int, value: int, reason: Reason) -> HostRule:
    return HostRule(kind, mask, value, HostOutcome(HostState.UP, reason))


_NOTHING = HostOutcome(HostState.UNKNOWN, Reason.DEST_UNREACH)
_EXPIRED = HostOutcome(HostState.DOWN, Reason.TIME_EXCEEDED)

_ERRORS = (
    # Only the host itself knows what it has no use for: that it says so shows that it is there.
    _up(AnswerKind.ICMP4, TYPE_AND_CODE, 0x0302, Reason.PROTO_UNREACH),
    _up(AnswerKind.ICMP4, TYPE_AND_CODE, 0x0303, Reason.PORT_UNREACH),
    _up(AnswerKind.ICMP6, TYPE_AND_CODE, 0x0104, Reason.PORT_UNREACH),
    _up(AnswerKind.ICMP6, TYPE_ONLY, 0x0400, Reason.PARAM_PROBLEM),
    HostRule(AnswerKind.ICMP4, TYPE_ONLY, 0x0300, _NOTHING, None),
    HostRule(AnswerKind.ICMP6, TYPE_ONLY, 0x0100, _NOTHING, None),
    HostRule(AnswerKind.ICMP4, TYPE_ONLY, 0x0B00, _EXPIRED, None),
    HostRule(AnswerKind.ICMP6, TYPE_ONLY, 0x0300, _EXPIRED, None),
)
"""ICMP errors about any packet (RFC 792, RFC 4443)."""
_SYN_ACK = _up(AnswerKind.TCP, SYN | ACK, SYN | ACK, Reason.SYN_ACK)
_RESET = _up(AnswerKind.TCP, RST, RST, Reason.RESET)
_SPLIT = _up(AnswerKind.TCP, SYN, SYN, Reason.SPLIT_HANDSHAKE_SYN)
_REFUSED = _up(AnswerKind.ERRNO, 0xFFFF, errno.ECONNREFUSED, Reason.CONN_REFUSED)
_SOME_ROUTER = tuple(
    HostRule(AnswerKind.ERRNO, 0xFFFF, getattr(errno, name), _NOTHING, None)
    for name in ("EHOSTUNREACH", "ENETUNREACH", "EACCES", "ENOPROTOOPT", "ENONET")
    if hasattr(errno, name)  # ENONET is Linux's own
)
"""ICMP errors as connect() reports them: it does not tell who sent them."""

HOST_RULES: Mapping[PingKind, tuple[HostRule, ...]] = MappingProxyType(
    {
        PingKind.ECHO: (
            _up(AnswerKind.ICMP4, TYPE_ONLY, 0, Reason.ECHO_REPLY),
            _up(AnswerKind.ICMP6, TYPE_ONLY, 129 << 8, Reason.ECHO_REPLY),
            *_ERRORS,
        ),
        PingKind.TIMESTAMP: (
            _up(AnswerKind.ICMP4, TYPE_ONLY, 14 << 8, Reason.TIMESTAMP_REPLY),
            *_ERRORS,
        ),
        PingKind.MASK: (
            _up(AnswerKind.ICMP4, TYPE_ONLY, 18 << 8, Reason.ADDRESSMASK_REPLY),
            *_ERRORS,
        ),
        PingKind.SYN: (_SYN_ACK, _RESET, _SPLIT, *_ERRORS),
        PingKind.ACK: (_RESET, *_ERRORS),
        PingKind.UDP: (_up(AnswerKind.UDP, ANY, 0, Reason.UDP_RESPONSE), *_ERRORS),
        PingKind.SCTP: (
            _up(AnswerKind.SCTP, 0xFF, INIT_ACK, Reason.INIT_ACK),
            _up(AnswerKind.SCTP, 0xFF, ABORT, Reason.ABORT),
            *_ERRORS,
        ),
        PingKind.PROTOCOL: (
            *(
                _up(kind, ANY, 0, Reason.PROTO_RESPONSE)
                for kind in (AnswerKind.IP, AnswerKind.TCP, AnswerKind.UDP, AnswerKind.SCTP)
            ),
            _up(AnswerKind.ICMP4, TYPE_ONLY, 0, Reason.PROTO_RESPONSE),
            _up(AnswerKind.ICMP6, TYPE_ONLY, 129 << 8, Reason.PROTO_RESPONSE),
            *_ERRORS,
        ),
        PingKind.CONNECT: (
            _up(AnswerKind.ERRNO, 0xFFFF, 0, Reason.SYN_ACK),
            _REFUSED,
            *_SOME_ROUTER,
        ),
        PingKind.NEIGHBOUR: (
            _up(AnswerKind.NEIGHBOUR, 0xFFFF, 4, Reason.ARP_RESPONSE),
            _up(AnswerKind.NEIGHBOUR, 0xFFFF, 6, Reason.ND_RESPONSE),
        ),
    }
)
"""The table of each kind of ping. Rows are tried from the top; an answer no row matches is not an
answer to this kind."""


@lru_cache(maxsize=4096)
def host_outcome(kind: PingKind, code: int, ignore_resets: bool = False) -> HostOutcome | None:
    """What an answer code to a ping of ``kind`` means, or None when it is no answer to it.

    ``ignore_resets``: a reset says nothing about the host, a firewall may have forged it.
    """
    try:
        answer, detail, from_target = split_answer(code)
    except ValueError:
        return None
    return _first(HOST_RULES[kind], answer, detail, from_target, ignore_resets)


def _first(
    rules: Iterable[HostRule],
    answer: AnswerKind,
    detail: int,
    from_target: bool,
    ignore_resets: bool,
) -> HostOutcome | None:
    for rule in rules:
        if rule.matches(answer, detail, from_target):
            if ignore_resets and rule in (_RESET, _REFUSED):
                return HostOutcome(HostState.UNKNOWN, rule.outcome.reason)
            return rule.outcome
    return None

"""What ICMP errors say about a probed port: the table every scan type shares.

ICMPv4 codes: RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1. ICMPv6 codes: RFC 4443
section 3.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from msgspec import Struct

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.techniques.answer import AnswerKind
from engine.techniques.technique import Outcome, Rule

TYPE_AND_CODE = 0xFFFF
TYPE_ONLY = 0xFF00


class IcmpRow(Struct, frozen=True):
    """One message: its type and code (None: any code), the reason it gives, and the state a port
    scan concludes (None: a port scan ignores the message and keeps waiting)."""

    type: int
    code: int | None
    reason: Reason
    state: PortState | None

    @property
    def mask(self) -> int:
        """The bits of an answer's detail that the row compares."""
        return TYPE_ONLY if self.code is None else TYPE_AND_CODE

    @property
    def value(self) -> int:
        """What those bits must be."""
        return self.type << 8 | (self.code or 0)


_F = PortState.FILTERED

ICMP4: tuple[IcmpRow, ...] = (
    IcmpRow(0, None, Reason.ECHO_REPLY, None),
    IcmpRow(3, 0, Reason.NET_UNREACH, _F),
    IcmpRow(3, 1, Reason.HOST_UNREACH, _F),
    IcmpRow(3, 2, Reason.PROTO_UNREACH, _F),
    IcmpRow(3, 3, Reason.PORT_UNREACH, _F),
    IcmpRow(3, 9, Reason.NET_PROHIBITED, _F),
    IcmpRow(3, 10, Reason.HOST_PROHIBITED, _F),
    IcmpRow(3, 13, Reason.ADMIN_PROHIBITED, _F),
    IcmpRow(3, None, Reason.DEST_UNREACH, None),
    IcmpRow(4, None, Reason.SOURCE_QUENCH, None),
    IcmpRow(11, None, Reason.TIME_EXCEEDED, _F),
    IcmpRow(14, None, Reason.TIMESTAMP_REPLY, None),
    IcmpRow(18, None, Reason.ADDRESSMASK_REPLY, None),
)
"""ICMPv4, the first fitting row counts. Messages without a row give no reason."""

ICMP6: tuple[IcmpRow, ...] = (
    IcmpRow(1, 0, Reason.NO_ROUTE, _F),
    IcmpRow(1, 1, Reason.ADMIN_PROHIBITED, _F),
    IcmpRow(1, 2, Reason.BEYOND_SCOPE, _F),
    IcmpRow(1, 3, Reason.HOST_UNREACH, _F),
    IcmpRow(1, 4, Reason.PORT_UNREACH, _F),
    IcmpRow(1, 5, Reason.ADMIN_PROHIBITED, _F),
    IcmpRow(1, 6, Reason.REJECT_ROUTE, _F),
    # Unlike ICMPv4's: nmap's port scans wait on after a time exceeded, and we agree with it.
    IcmpRow(3, None, Reason.TIME_EXCEEDED, None),
    IcmpRow(4, 0, Reason.PARAM_PROBLEM, PortState.OPEN),
    IcmpRow(4, 1, Reason.PARAM_PROBLEM, _F),
    IcmpRow(129, None, Reason.ECHO_REPLY, None),
)
"""ICMPv6, the first fitting row counts. Messages without a row give no reason."""

_TABLES = ((AnswerKind.ICMP4, ICMP4), (AnswerKind.ICMP6, ICMP6))


def icmp_reason(kind: AnswerKind, detail: int) -> Reason:
    """The reason a message of ``kind`` with detail ``type << 8 | code`` gives, or Reason.NONE."""
    for table_kind, table in _TABLES:
        for row in table:
            if kind is table_kind and detail & row.mask == row.value:
                return row.reason
    return Reason.NONE


def _accepted() -> Iterator[Rule]:
    for kind, table in _TABLES:
        for row in table:
            if row.state is not None:
                yield Rule(kind, row.mask, row.value, Outcome(row.state, row.reason))


ICMP_RULES: tuple[Rule, ...] = tuple(_accepted())
"""The rows a port scan accepts, from any sender: the target, or a router on the way to it."""


def errno_rule(number: int, state: PortState, reason: Reason) -> Rule:
    """The row "the socket call ended with error ``number``" (0: it succeeded)."""
    return Rule(AnswerKind.ERRNO, 0xFFFF, number, Outcome(state, reason))


_ERRNO_REASONS = {
    "EHOSTUNREACH": Reason.HOST_UNREACH,
    "ENETUNREACH": Reason.NET_UNREACH,
    "EACCES": Reason.ADMIN_PROHIBITED,
    "ENOPROTOOPT": Reason.PROTO_UNREACH,
    "ENONET": Reason.DEST_UNREACH,
}

ERRNO_RULES: tuple[Rule, ...] = tuple(
    errno_rule(getattr(errno, name), _F, reason)
    for name, reason in _ERRNO_REASONS.items()
    if hasattr(errno, name)  # ENONET is Linux's own
)
"""ICMP errors as the operating system reports them on an unprivileged socket (Linux:
``icmp_err_convert`` in net/ipv4/icmp.c, ``tab_unreach`` in net/ipv6/icmp.c). Several codes share
one number, so the reason is coarser than the message was. ETIMEDOUT and EHOSTDOWN have no row:
nobody answered, which is silence."""

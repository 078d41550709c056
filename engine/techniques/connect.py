"""TCP connect (-sT): the operating system opens a full connection (RFC 9293 section 3.5).

An answer is the error number connect() ended with; 0 is an established connection.
"""

from __future__ import annotations

import errno

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.icmp import ERRNO_RULES, errno_rule
from engine.techniques.technique import Outcome, Technique

CONNECT = Technique(
    scan_type=ScanType.CONNECT,
    rules=(
        errno_rule(0, PortState.OPEN, Reason.SYN_ACK),
        # A RST, or an ICMP port unreachable: the operating system reports both alike.
        errno_rule(errno.ECONNREFUSED, PortState.CLOSED, Reason.CONN_REFUSED),
        *ERRNO_RULES,
    ),
    silence=Outcome(PortState.FILTERED, Reason.NO_RESPONSE),
    build=None,
)
"""The connect scan. EAGAIN, ETIMEDOUT and EHOSTDOWN match no row: they say nothing of the port."""

"""SCTP INIT (-sY): the first packet of an association, and never the third (RFC 9260 section 5.1).

SCTP's SYN scan: a listening port answers with an INIT ACK, a closed one with an ABORT.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.sctp import ABORT, INIT_ACK, build_init, chunk_rule
from engine.techniques.technique import Outcome, Technique

SCTP_INIT = Technique(
    scan_type=ScanType.SCTP_INIT,
    rules=(
        chunk_rule(INIT_ACK, PortState.OPEN, Reason.INIT_ACK),
        chunk_rule(ABORT, PortState.CLOSED, Reason.ABORT),
        *ICMP_RULES,
    ),
    silence=Outcome(PortState.FILTERED, Reason.NO_RESPONSE),
    build=build_init,
)
"""The INIT scan."""

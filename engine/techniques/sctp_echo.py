"""SCTP COOKIE ECHO (-sZ): the third packet of an association that does not exist.

A listening port drops a cookie that it did not sign (RFC 9260 section 5.1.5), a closed one answers
with an ABORT (section 8.4). Firewalls that only stop INIT let it pass.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.sctp import ABORT, build_cookie_echo, chunk_rule
from engine.techniques.technique import Outcome, Technique

SCTP_ECHO = Technique(
    scan_type=ScanType.SCTP_ECHO,
    rules=(chunk_rule(ABORT, PortState.CLOSED, Reason.ABORT), *ICMP_RULES),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=build_cookie_echo,
)
"""The COOKIE ECHO scan."""

"""TCP FIN (-sF): the end of a connection that does not exist.

A closed port answers with a reset, a listening one drops the segment (RFC 9293 section 3.10.7.2).
Firewalls that only stop SYN let it pass. Some systems, Windows among them, reset either way.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import FIN
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import TcpProbe, reset_rule
from engine.techniques.technique import Outcome, Technique

TCP_FIN = Technique(
    scan_type=ScanType.FIN,
    rules=(reset_rule(PortState.CLOSED), *ICMP_RULES),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=TcpProbe(FIN),
)
"""The FIN scan."""

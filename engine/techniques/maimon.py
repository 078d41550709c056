"""TCP Maimon (-sM): FIN and ACK together (Uriel Maimon, Phrack 49, 1996).

Stacks derived from BSD drop the segment at an open port and reset it at a closed one. Most others,
Linux among them, follow RFC 9293 section 3.10.7.2 and reset any ACK: there every port looks closed.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK, FIN
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import TcpProbe, reset_rule
from engine.techniques.technique import Outcome, Technique

TCP_MAIMON = Technique(
    scan_type=ScanType.MAIMON,
    rules=(reset_rule(PortState.CLOSED), *ICMP_RULES),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=TcpProbe(FIN | ACK),
)
"""The Maimon scan."""

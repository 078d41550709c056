"""TCP ACK (-sA): a segment of a connection that does not exist.

Every port that receives one answers with a reset, open or closed (RFC 9293 section 3.10.7), so the
scan tells which ports a firewall keeps it from, and whether that firewall follows connections.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import TcpProbe, reset_rule
from engine.techniques.technique import Outcome, Technique

TCP_ACK = Technique(
    scan_type=ScanType.ACK,
    rules=(reset_rule(PortState.UNFILTERED), *ICMP_RULES),
    silence=Outcome(PortState.FILTERED, Reason.NO_RESPONSE),
    build=TcpProbe(ACK),
)
"""The ACK scan."""

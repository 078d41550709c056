"""TCP NULL (-sN): a segment without any flag.

A closed port answers with a reset, a listening one drops the segment (RFC 9293 section 3.10.7.2).
Some systems, Windows among them, reset either way.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import TcpProbe, reset_rule
from engine.techniques.technique import Outcome, Technique

TCP_NULL = Technique(
    scan_type=ScanType.NULL,
    rules=(reset_rule(PortState.CLOSED), *ICMP_RULES),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=TcpProbe(0),
)
"""The NULL scan."""

"""TCP Xmas (-sX): FIN, PSH and URG together, lit up like a tree.

Judged as a FIN scan; firewalls and hosts may treat the odd combination differently.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import FIN, PSH, URG
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import TcpProbe, reset_rule
from engine.techniques.technique import Outcome, Technique

TCP_XMAS = Technique(
    scan_type=ScanType.XMAS,
    rules=(reset_rule(PortState.CLOSED), *ICMP_RULES),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=TcpProbe(FIN | PSH | URG),
)
"""The Xmas scan."""

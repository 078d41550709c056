"""TCP Window (-sW): the ACK scan's probe, judged by the window of the reset.

Some systems put a window into the reset of an open port and 0 into that of a closed one. Most,
Linux among them, always send 0: there every port looks closed.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK, RST, WINDOW_OPEN
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import TcpProbe, reset_rule, tcp_rule
from engine.techniques.technique import Outcome, Technique

TCP_WINDOW = Technique(
    scan_type=ScanType.WINDOW,
    rules=(
        tcp_rule(RST | WINDOW_OPEN, RST | WINDOW_OPEN, PortState.OPEN, Reason.RESET),
        reset_rule(PortState.CLOSED),
        *ICMP_RULES,
    ),
    silence=Outcome(PortState.FILTERED, Reason.NO_RESPONSE),
    build=TcpProbe(ACK),
)
"""The Window scan. Rows are tried from the top: a reset without window says closed."""

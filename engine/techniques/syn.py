"""TCP SYN (-sS): the first packet of a connection, and never the third (RFC 9293 section 3.5)."""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK, SYN
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.tcp import MAXIMUM_SEGMENT_SIZE, TcpProbe, reset_rule, tcp_rule
from engine.techniques.technique import Outcome, Technique

build_syn = TcpProbe(SYN, MAXIMUM_SEGMENT_SIZE)
"""SYN segments (n, 24). A true answer acknowledges token + 1."""

TCP_SYN = Technique(
    scan_type=ScanType.SYN,
    rules=(
        tcp_rule(SYN | ACK, SYN | ACK, PortState.OPEN, Reason.SYN_ACK),
        reset_rule(PortState.CLOSED),
        # Simultaneous open (RFC 9293 section 3.5, figure 7): some stacks answer a SYN with a SYN.
        tcp_rule(SYN, SYN, PortState.OPEN, Reason.SPLIT_HANDSHAKE_SYN),
        *ICMP_RULES,
    ),
    silence=Outcome(PortState.FILTERED, Reason.NO_RESPONSE),
    build=build_syn,
)
"""The SYN scan. Rows are tried from the top, so flags beside SYN+ACK or RST change nothing."""

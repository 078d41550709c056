"""TCP SYN (-sS): the first packet of a connection, and never the third (RFC 9293 section 3.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK, RST, SYN, AnswerKind
from engine.techniques.icmp import ICMP_RULES
from engine.techniques.technique import Outcome, Rule, Segments, Technique

SYN_SEGMENT = np.dtype(
    [
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("sequence", ">u4"),
        ("acknowledgment", ">u4"),
        ("data_offset", "u1"),
        ("flags", "u1"),
        ("window", ">u2"),
        ("checksum", ">u2"),
        ("urgent", ">u2"),
        ("mss_kind", "u1"),
        ("mss_length", "u1"),
        ("mss", ">u2"),
    ]
)
"""A TCP header with the maximum segment size option (RFC 9293 sections 3.1 and 3.7.1): 24 bytes."""

_TEMPLATE = np.zeros((), SYN_SEGMENT)
_TEMPLATE["data_offset"] = SYN_SEGMENT.itemsize // 4 << 4
_TEMPLATE["flags"] = SYN
_TEMPLATE["window"] = 1024
_TEMPLATE["mss_kind"] = 2
_TEMPLATE["mss_length"] = 4
_TEMPLATE["mss"] = 1460


def build_syn(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """SYN segments (n, 24) to ``ports`` from ``source_ports``, both (n,); the token is the sequence
    number, so a true answer acknowledges token + 1."""
    segments = np.full(len(ports), _TEMPLATE)
    segments["source_port"] = source_ports
    segments["destination_port"] = ports
    segments["sequence"] = tokens
    width = SYN_SEGMENT.itemsize
    return Segments(
        data=segments.view(np.uint8).reshape(-1, width),
        length=np.full(len(ports), width, np.uint16),
    )


def _flags(mask: int, value: int, state: PortState, reason: Reason) -> Rule:
    return Rule(AnswerKind.TCP, mask, value, Outcome(state, reason))


TCP_SYN = Technique(
    scan_type=ScanType.SYN,
    rules=(
        _flags(SYN | ACK, SYN | ACK, PortState.OPEN, Reason.SYN_ACK),
        _flags(RST, RST, PortState.CLOSED, Reason.RESET),
        # Simultaneous open (RFC 9293 section 3.5, figure 7): some stacks answer a SYN with a SYN.
        _flags(SYN, SYN, PortState.OPEN, Reason.SPLIT_HANDSHAKE_SYN),
        *ICMP_RULES,
    ),
    silence=Outcome(PortState.FILTERED, Reason.NO_RESPONSE),
    build=build_syn,
)
"""The SYN scan. Rows are tried from the top, so flags beside SYN+ACK or RST change nothing."""

"""TCP probes: a header with the flags of a technique, built for a whole batch (RFC 9293)."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.techniques.answer import ACK, RST, SYN, AnswerKind
from engine.techniques.technique import Outcome, Rule, Segments

TCP_HEADER = np.dtype(
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
    ]
)
"""RFC 9293 section 3.1: 20 bytes, without options."""

MAXIMUM_SEGMENT_SIZE = struct.pack("!BBH", 2, 4, 1460)
"""The option a SYN has (RFC 9293 section 3.7.1): kind, length, bytes."""


class TcpProbe:
    """Builds the segments of a TCP technique: a SegmentBuilder.

    The token is the sequence number, which ICMP errors quote, and with ACK also the acknowledgment
    number: a reset repeats one of the two (RFC 9293 section 3.10.7.1).

    Attributes:
        flags: the control bits of every probe.
    """

    def __init__(self, flags: int, options: bytes = b"") -> None:
        """``options``: a multiple of 4 bytes, at most 40."""
        self.flags = flags
        segment = np.dtype([*TCP_HEADER.descr, ("options", f"V{len(options)}")])
        self._template = np.zeros((), segment)
        self._template["data_offset"] = segment.itemsize // 4 << 4
        self._template["flags"] = flags
        self._template["window"] = 1024
        self._template["options"] = options

    def with_flags(self, flags: int) -> TcpProbe:
        """The probe with other control bits; a SYN names its maximum segment size."""
        return TcpProbe(flags, MAXIMUM_SEGMENT_SIZE if flags & SYN else b"")

    def __call__(
        self,
        ports: NDArray[np.uint16],
        source_ports: NDArray[np.uint16],
        tokens: NDArray[np.uint32],
    ) -> Segments:
        """Segments to ``ports`` from ``source_ports``, both (n,)."""
        width = self._template.itemsize
        # As plain bytes: numpy copies structured records field by field, ten times slower.
        segments = np.full(len(ports), self._template.view(f"V{width}")).view(self._template.dtype)
        segments["source_port"] = source_ports
        segments["destination_port"] = ports
        segments["sequence"] = tokens
        if self.flags & ACK:
            segments["acknowledgment"] = tokens
        return Segments(
            data=segments.view(np.uint8).reshape(-1, width),
            length=np.full(len(ports), width, np.uint16),
        )


def tcp_rule(mask: int, value: int, state: PortState, reason: Reason) -> Rule:
    """The row "a segment whose flags and window, under ``mask``, are ``value``"."""
    return Rule(AnswerKind.TCP, mask, value, Outcome(state, reason))


def reset_rule(state: PortState) -> Rule:
    """The row "a reset", whatever else the segment says."""
    return tcp_rule(RST, RST, state, Reason.RESET)

"""What a TCP answer must give back to prove that it answers a probe of ours.

It follows from the flags the probe had (RFC 9293 section 3.10.7.1): a reset of a segment with ACK
has that segment's acknowledgment number as its sequence number; everything else acknowledges the
probe's sequence number plus its length, where SYN and FIN count one each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.techniques.answer import ACK, FIN, RST, SYN
from engine.techniques.registry import PACKET_PROBES, PROTOCOL_TECHNIQUES, TCP_SCANS
from engine.techniques.tcp import TcpProbe

_FLAGS = np.zeros(256, np.uint8)
"""Flags of the probes of each TCP technique."""
for _number, _probe in PACKET_PROBES.items():
    for _carried in _probe.over.values():
        if isinstance(_carried.build, TcpProbe):
            _FLAGS[_number] = _carried.build.flags
_FLAGS[list(PROTOCOL_TECHNIQUES)] = ACK


class TcpEcho:
    """What the answers to probes sent under ``options`` give back."""

    def __init__(self, options: PacketOptions = AS_USUAL) -> None:
        flags = _FLAGS.copy()
        if options.tcp_flags is not None:
            flags[list(TCP_SCANS)] = options.tcp_flags
        self._has_ack, self._has_syn = flags & ACK > 0, flags & SYN > 0
        self._length = (flags & FIN > 0).astype(np.uint32) + self._has_syn
        self._data = np.uint32(options.data_length)

    def may_open(self, techniques: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether the probes (n,) asked for a connection, so that a SYN can be an answer."""
        asked: NDArray[np.bool_] = self._has_syn[techniques] & ~self._has_ack[techniques]
        return asked

    def genuine(
        self,
        techniques: NDArray[np.uint8],
        segments: NDArray[np.void],
        tokens: NDArray[np.uint32],
    ) -> NDArray[np.bool_]:
        """Whether TCP headers (n,) are answers the techniques' probes can get, with their tokens.

        Data behind a probe is acknowledged by a reset, and not by whoever opens a connection.
        """
        end = tokens + self._length[techniques]
        acknowledged = segments["acknowledgment"]
        acknowledges = (acknowledged == end) | (acknowledged == end + self._data)
        repeats = segments["sequence"] == tokens
        genuine: NDArray[np.bool_] = np.where(self._has_ack[techniques], repeats, acknowledges)
        genuine &= self._has_syn[techniques] | (segments["flags"] & RST > 0)
        return genuine

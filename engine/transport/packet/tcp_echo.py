"""What a TCP answer must give back to prove that it answers a probe of ours.

It follows from the flags the probe had (RFC 9293 section 3.10.7.1): a reset of a segment with ACK
has that segment's acknowledgment number as its sequence number; everything else acknowledges the
probe's sequence number plus its length, where SYN and FIN count one each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.techniques.answer import ACK, FIN, RST, SYN
from engine.techniques.registry import PACKET_PROBES, PROTOCOL_TECHNIQUES
from engine.techniques.tcp import TcpProbe

_FLAGS = np.zeros(256, np.uint8)
"""Flags of the probes of each TCP technique."""
for _number, _probe in PACKET_PROBES.items():
    for _carried in _probe.over.values():
        if isinstance(_carried.build, TcpProbe):
            _FLAGS[_number] = _carried.build.flags
_FLAGS[list(PROTOCOL_TECHNIQUES)] = ACK

_LENGTH = (_FLAGS & FIN > 0).astype(np.uint32) + (_FLAGS & SYN > 0).astype(np.uint32)
_HAS_ACK = _FLAGS & ACK > 0
_HAS_SYN = _FLAGS & SYN > 0


def may_open(techniques: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether the probes (n,) asked for a connection, so that a SYN can be an answer."""
    asked: NDArray[np.bool_] = _HAS_SYN[techniques]
    return asked


def echoes_token(
    techniques: NDArray[np.uint8], segments: NDArray[np.void], tokens: NDArray[np.uint32]
) -> NDArray[np.bool_]:
    """Whether TCP headers (n,) are answers the techniques' probes can get, with their tokens."""
    acknowledges = segments["acknowledgment"] == tokens + _LENGTH[techniques]
    repeats = segments["sequence"] == tokens
    genuine: NDArray[np.bool_] = np.where(_HAS_ACK[techniques], repeats, acknowledges)
    genuine &= _HAS_SYN[techniques] | (segments["flags"] & RST > 0)
    return genuine

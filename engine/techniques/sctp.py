"""SCTP probes: one packet with one chunk, built for a whole batch (RFC 9260 section 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.techniques.answer import AnswerKind
from engine.techniques.technique import Outcome, Rule, Segments

SCTP_HEADER = np.dtype(
    [
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("verification_tag", ">u4"),
        ("checksum", "u4"),
        ("chunk_type", "u1"),
        ("chunk_flags", "u1"),
        ("chunk_length", ">u2"),
    ]
)
"""Common header and the header of the first chunk: 16 bytes."""
INIT, INIT_ACK, ABORT, COOKIE_ECHO = 1, 2, 6, 10
"""Chunk types (RFC 9260 section 3.2)."""

_INIT = np.dtype(
    [
        *SCTP_HEADER.descr,
        ("initiate_tag", ">u4"),
        ("window", ">u4"),
        ("outbound_streams", ">u2"),
        ("inbound_streams", ">u2"),
        ("sequence", ">u4"),
    ]
)
_COOKIE_ECHO = np.dtype([*SCTP_HEADER.descr, ("cookie", ">u4")])
INITIATE_TAG_AT = SCTP_HEADER.itemsize
"""Where an INIT has its token, in bytes from the common header."""

_SPREAD = np.uint32(0x9E3779B1)
"""Odd: turns a token into another number that looks unrelated."""


def build_init(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """INIT chunks (n, 32) to ``ports`` from ``source_ports``, both (n,).

    The token is the initiate tag, which an answer must have as its verification tag (RFC 9260
    sections 5.1 and 8.4); an INIT's own verification tag is 0.
    """
    packets = _packets(_INIT, INIT, ports, source_ports)
    packets["initiate_tag"] = tokens
    packets["window"] = 32_768
    packets["outbound_streams"] = 10
    packets["inbound_streams"] = 2_048
    packets["sequence"] = tokens * _SPREAD
    return _segments(packets)


def build_cookie_echo(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """COOKIE ECHO chunks (n, 20) of associations that do not exist, to ``ports``.

    The token is the verification tag, which an ABORT reflects (RFC 9260 section 8.4).
    """
    packets = _packets(_COOKIE_ECHO, COOKIE_ECHO, ports, source_ports)
    packets["verification_tag"] = tokens
    packets["cookie"] = tokens * _SPREAD
    return _segments(packets)


def _packets(
    kind: np.dtype[np.void],
    chunk: int,
    ports: NDArray[np.uint16],
    source_ports: NDArray[np.uint16],
) -> NDArray[np.void]:
    packets = np.zeros(len(ports), kind)
    packets["source_port"] = source_ports
    packets["destination_port"] = ports
    packets["chunk_type"] = chunk
    packets["chunk_length"] = kind.itemsize - (SCTP_HEADER.itemsize - 4)
    return packets


def _segments(packets: NDArray[np.void]) -> Segments:
    width = packets.dtype.itemsize
    data = packets.view(np.uint8).reshape(len(packets), width)
    return Segments(data, np.full(len(packets), width, np.uint16))


def chunk_rule(chunk: int, state: PortState, reason: Reason) -> Rule:
    """The row "a packet whose first chunk is of type ``chunk``"."""
    return Rule(AnswerKind.SCTP, 0xFFFF, chunk, Outcome(state, reason))

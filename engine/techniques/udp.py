"""UDP (-sU): a datagram, holding a real request where the port's protocol is known (RFC 768)."""

from __future__ import annotations

import errno

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import AnswerKind
from engine.techniques.icmp import ERRNO_RULES, ICMP_RULES, TYPE_AND_CODE, errno_rule
from engine.techniques.payloads.registry import PAYLOADS
from engine.techniques.technique import Outcome, Rule, Segments, Technique

UDP_HEADER = np.dtype(
    [
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("length", ">u2"),
        ("checksum", ">u2"),
    ]
)
"""RFC 768: 8 bytes. ``length`` counts header and payload."""

_HAS_PAYLOAD = np.zeros(65536, np.bool_)
_HAS_PAYLOAD[list(PAYLOADS)] = True
_LENGTH = np.full(65536, UDP_HEADER.itemsize, np.uint16)
_LENGTH[list(PAYLOADS)] += np.array([len(p.data) for p in PAYLOADS.values()], np.uint16)


def build_udp(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """Datagrams to ``ports`` from ``source_ports``, both (n,), as wide as the longest of them.

    The token goes where the port's protocol returns one (a DNS id, an NTP timestamp ...); a
    request without such a field, and the empty datagram, carry none.
    """
    length = _LENGTH[ports]
    header = np.zeros(len(ports), UDP_HEADER)
    header["source_port"] = source_ports
    header["destination_port"] = ports
    header["length"] = length
    start = UDP_HEADER.itemsize
    data = np.zeros((len(ports), int(length.max(initial=start))), np.uint8)
    data[:, :start] = header.view(np.uint8).reshape(-1, start)
    for port in np.flatnonzero(np.bincount(ports[_HAS_PAYLOAD[ports]])):
        payload = PAYLOADS[int(port)]
        of_port = np.flatnonzero(ports == port)
        data[of_port, start : start + len(payload.data)] = payload.rows(tokens[of_port])
    return Segments(data, length)


_PORT_CLOSED = Outcome(PortState.CLOSED, Reason.PORT_UNREACH)

UDP = Technique(
    scan_type=ScanType.UDP,
    rules=(
        Rule(AnswerKind.UDP, 0, 0, Outcome(PortState.OPEN, Reason.UDP_RESPONSE)),
        # Only the target knows that its port is closed; from a router it is a filter's reject.
        Rule(AnswerKind.ICMP4, TYPE_AND_CODE, 0x0303, _PORT_CLOSED, from_target=True),
        Rule(AnswerKind.ICMP6, TYPE_AND_CODE, 0x0104, _PORT_CLOSED, from_target=True),
        *ICMP_RULES,
        # A socket without an error queue to read: the number is all there is.
        errno_rule(errno.ECONNREFUSED, PortState.CLOSED, Reason.PORT_UNREACH),
        *ERRNO_RULES,
    ),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=build_udp,
)
"""The UDP scan. Rows are tried from the top."""

"""UDP (-sU): a datagram, holding a real request where the port's protocol is known (RFC 768)."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import AnswerKind
from engine.techniques.icmp import ERRNO_RULES, ICMP_RULES, TYPE_AND_CODE, errno_rule
from engine.techniques.technique import Outcome, Rule, Segments, Technique

if TYPE_CHECKING:
    from engine.techniques.payloads.payload import Payload

UDP_HEADER = np.dtype(
    [
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("length", ">u2"),
        ("checksum", ">u2"),
    ]
)
"""RFC 768: 8 bytes. ``length`` counts header and payload."""


class _Requests(Struct, frozen=True):
    """The requests by port, and as arrays over all ports: which have one, datagram lengths."""

    payloads: Mapping[int, Payload]
    exists: NDArray[np.bool_]
    length: NDArray[np.uint16]


@cache
def _requests() -> _Requests:
    """Loaded when the first datagram is built: other scan types do without."""
    from engine.techniques.payloads.registry import PAYLOADS

    exists = np.zeros(65536, np.bool_)
    exists[list(PAYLOADS)] = True
    length = np.full(65536, UDP_HEADER.itemsize, np.uint16)
    length[list(PAYLOADS)] += np.array([len(p.data) for p in PAYLOADS.values()], np.uint16)
    return _Requests(PAYLOADS, exists, length)


def build_udp(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """Datagrams to ``ports`` from ``source_ports``, both (n,), as wide as the longest of them.

    The token goes where the port's protocol returns one (a DNS id, an NTP timestamp ...); a
    request without such a field, and the empty datagram, carry none.
    """
    requests = _requests()
    length = requests.length[ports]
    header = np.zeros(len(ports), UDP_HEADER)
    header["source_port"] = source_ports
    header["destination_port"] = ports
    header["length"] = length
    start = UDP_HEADER.itemsize
    data = np.zeros((len(ports), int(length.max(initial=start))), np.uint8)
    data[:, :start] = header.view(np.uint8).reshape(-1, start)
    for port in np.flatnonzero(np.bincount(ports[requests.exists[ports]])).tolist():
        payload = requests.payloads[port]
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

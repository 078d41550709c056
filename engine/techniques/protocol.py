"""IP protocol (-sO): which protocols a host speaks above IP. A "port" is a protocol number.

A host that does not know a protocol answers protocol unreachable (RFC 1122 section 3.2.2.1), over
IPv6 parameter problem, unrecognized next header (RFC 4443 section 3.4). TCP, UDP, SCTP, ICMP and
IGMP get headers of their own, so that the host has something to answer; the rest empty packets.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import ACK, AnswerKind
from engine.techniques.icmp import ICMP_RULES, TYPE_AND_CODE
from engine.techniques.icmp_ping import BUILD_ECHO4, BUILD_ECHO6
from engine.techniques.packet_probe import Carried, PacketProbe
from engine.techniques.sctp import build_init
from engine.techniques.tcp import TcpProbe
from engine.techniques.technique import Outcome, Rule, SegmentBuilder, Segments, Technique
from engine.techniques.udp import UDP_HEADER

ICMP_NUMBERS: Mapping[int, int] = MappingProxyType({4: 1, 6: 58})
"""The number of ICMP, by IP version."""

FIXED_PORTS: Mapping[int, int] = MappingProxyType({6: 80, 17: 40_125, 132: 80})
"""Where TCP, UDP and SCTP probes go: a port each, since it is the protocol that is asked for."""

_build_ack = TcpProbe(ACK)


def _build_tcp(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    return _build_ack(np.full_like(ports, FIXED_PORTS[6]), source_ports, tokens)


def _build_udp(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """An empty datagram, whatever the port's usual request."""
    header = np.zeros(len(ports), UDP_HEADER)
    header["source_port"] = source_ports
    header["destination_port"] = FIXED_PORTS[17]
    header["length"] = UDP_HEADER.itemsize
    data = header.view(np.uint8).reshape(len(ports), -1)
    return Segments(data, np.full(len(ports), data.shape[1], np.uint16))


def _build_sctp(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    return build_init(np.full_like(ports, FIXED_PORTS[132]), source_ports, tokens)


def _build_igmp(
    ports: NDArray[np.uint16], source_ports: NDArray[np.uint16], tokens: NDArray[np.uint32]
) -> Segments:
    """General membership queries of version 2 (RFC 2236 section 2)."""
    data = np.zeros((len(ports), 8), np.uint8)
    data[:, 0] = 0x11
    data[:, 1] = 10  # tenths of a second to answer within
    return Segments(data, np.full(len(ports), 8, np.uint16))


_WITH_PORTS: dict[int, SegmentBuilder] = {6: _build_tcp, 17: _build_udp, 132: _build_sctp}
_BUILDERS: dict[int, dict[int, SegmentBuilder]] = {
    4: {**_WITH_PORTS, ICMP_NUMBERS[4]: BUILD_ECHO4, 2: _build_igmp},
    6: {**_WITH_PORTS, ICMP_NUMBERS[6]: BUILD_ECHO6},
}
"""What has more than an empty packet, by IP version and protocol number."""


class ProtocolProbe:
    """Builds segments whose port is their IP protocol number: a SegmentBuilder."""

    def __init__(self, version: int) -> None:
        self._builders = _BUILDERS[version]

    def __call__(
        self,
        ports: NDArray[np.uint16],
        source_ports: NDArray[np.uint16],
        tokens: NDArray[np.uint32],
    ) -> Segments:
        """Segments of the protocols ``ports`` (n,), some of them empty."""
        made = []
        for number, build in self._builders.items():
            rows = np.flatnonzero(ports == number)
            if len(rows):
                made.append((rows, build(ports[rows], source_ports[rows], tokens[rows])))
        width = max((segments.data.shape[1] for _rows, segments in made), default=0)
        whole = Segments(np.zeros((len(ports), width), np.uint8), np.zeros(len(ports), np.uint16))
        for rows, segments in made:
            whole.data[rows, : segments.data.shape[1]] = segments.data
            whole.length[rows] = segments.length
        return whole


PROTOCOL_PACKETS = PacketProbe(
    Protocol.IP,
    {version: Carried(None, ProtocolProbe(version)) for version in _BUILDERS},
)
"""The packets of IP protocol probes."""


def _icmp_rule(
    kind: AnswerKind, detail: int, state: PortState, reason: Reason, from_target: bool
) -> Rule:
    return Rule(kind, TYPE_AND_CODE, detail, Outcome(state, reason), from_target)


IP_PROTOCOL = Technique(
    scan_type=ScanType.PROTOCOL,
    rules=(
        Rule(AnswerKind.IP, 0, 0, Outcome(PortState.OPEN, Reason.PROTO_RESPONSE)),
        _icmp_rule(AnswerKind.ICMP4, 0x0000, PortState.OPEN, Reason.ECHO_REPLY, True),
        _icmp_rule(AnswerKind.ICMP6, 0x8100, PortState.OPEN, Reason.PROTO_RESPONSE, True),
        # What only the target itself can know; from others it is a filter's reject.
        _icmp_rule(AnswerKind.ICMP4, 0x0302, PortState.CLOSED, Reason.PROTO_UNREACH, True),
        _icmp_rule(AnswerKind.ICMP6, 0x0401, PortState.CLOSED, Reason.PARAM_PROBLEM, True),
        _icmp_rule(AnswerKind.ICMP4, 0x0303, PortState.OPEN, Reason.PORT_UNREACH, True),
        _icmp_rule(AnswerKind.ICMP6, 0x0104, PortState.OPEN, Reason.PORT_UNREACH, True),
        *ICMP_RULES,
    ),
    silence=Outcome(PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    build=PROTOCOL_PACKETS.over[4].build,
)
"""The IP protocol scan. Rows are tried from the top."""

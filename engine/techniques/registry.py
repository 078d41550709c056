"""The scan types PyScan can perform. A new one is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.spec.ping import PingKind
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.ack import TCP_ACK
from engine.techniques.connect import CONNECT
from engine.techniques.fin import TCP_FIN
from engine.techniques.icmp_ping import REQUESTS, IcmpPing
from engine.techniques.idle import TCP_IDLE
from engine.techniques.maimon import TCP_MAIMON
from engine.techniques.null import TCP_NULL
from engine.techniques.packet_probe import Carried, PacketProbe, over_both
from engine.techniques.protocol import IP_PROTOCOL, PROTOCOL_PACKETS
from engine.techniques.sctp_echo import SCTP_ECHO
from engine.techniques.sctp_init import SCTP_INIT
from engine.techniques.syn import TCP_SYN
from engine.techniques.tcp import TcpProbe
from engine.techniques.technique import Technique
from engine.techniques.udp import UDP
from engine.techniques.window import TCP_WINDOW
from engine.techniques.xmas import TCP_XMAS

_ALL = (
    CONNECT,
    TCP_SYN,
    UDP,
    TCP_ACK,
    TCP_WINDOW,
    TCP_MAIMON,
    TCP_NULL,
    TCP_FIN,
    TCP_XMAS,
    SCTP_INIT,
    SCTP_ECHO,
    IP_PROTOCOL,
    TCP_IDLE,
)

TECHNIQUES: Mapping[ScanType, Technique] = MappingProxyType(
    {technique.scan_type: technique for technique in _ALL}
)
"""The technique of each scan type."""

PACKET_TYPES: tuple[ScanType, ...] = tuple(
    scan_type for scan_type, technique in TECHNIQUES.items() if technique.build is not None
)
"""The scan types whose probes are packets of our own making."""

_NUMBERS = {Protocol.TCP: 6, Protocol.UDP: 17, Protocol.SCTP: 132}
"""IP protocol numbers (IANA)."""
_ICMP = {4: 1, 6: 58}

_PINGS_LIKE: Mapping[PingKind, ScanType] = {
    PingKind.SYN: ScanType.SYN,
    PingKind.ACK: ScanType.ACK,
    PingKind.UDP: ScanType.UDP,
    PingKind.SCTP: ScanType.SCTP_INIT,
    PingKind.PROTOCOL: ScanType.PROTOCOL,
}
"""Pings that are the very probes of a scan type."""


def _scan_probes() -> dict[int, PacketProbe]:
    return {
        int(one.scan_type): PROTOCOL_PACKETS
        if one is IP_PROTOCOL
        else over_both(one.protocol, _NUMBERS[one.protocol], one.build)
        for one in _ALL
        if one.build is not None
    }


def _icmp_ping(kind: PingKind) -> PacketProbe:
    over = {
        version: Carried(_ICMP[version], IcmpPing(request))
        for version, requests in REQUESTS.items()
        for request in requests
        if request.kind is kind
    }
    return PacketProbe(kind.facts.protocol, over)


def _probes() -> dict[int, PacketProbe]:
    probes = _scan_probes()
    pings = {int(kind): probes[scan_type] for kind, scan_type in _PINGS_LIKE.items()}
    icmp = (PingKind.ECHO, PingKind.TIMESTAMP, PingKind.MASK)
    return probes | pings | {int(kind): _icmp_ping(kind) for kind in icmp}


PACKET_PROBES: Mapping[int, PacketProbe] = MappingProxyType(_probes())
"""How probes are made, by technique number. The order is that of their source ports."""

TCP_SCANS = frozenset(
    number
    for number in PACKET_TYPES
    for carried in PACKET_PROBES[number].over.values()
    if isinstance(carried.build, TcpProbe)
)
"""The scan types whose probes are TCP segments of our own making."""

PACKET_PINGS = frozenset(PingKind(number) for number in PACKET_PROBES if number in set(PingKind))
"""The kinds of ping whose probes are packets of our own making."""

PROTOCOL_TECHNIQUES = frozenset(
    number
    for number, probe in PACKET_PROBES.items()
    if any(carried.number is None for carried in probe.over.values())
)
"""The techniques whose ports are IP protocol numbers."""


def technique(scan_type: ScanType) -> Technique:
    """The technique that performs ``scan_type``. Raises KeyError for a number that is none."""
    return TECHNIQUES[scan_type]

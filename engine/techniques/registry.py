"""The scan types PyScan can perform. A new one is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.ack import TCP_ACK
from engine.techniques.connect import CONNECT
from engine.techniques.fin import TCP_FIN
from engine.techniques.maimon import TCP_MAIMON
from engine.techniques.null import TCP_NULL
from engine.techniques.packet_probe import PacketProbe, over_both
from engine.techniques.syn import TCP_SYN
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
)

TECHNIQUES: Mapping[ScanType, Technique] = MappingProxyType(
    {technique.scan_type: technique for technique in _ALL}
)
"""The technique of each scan type."""

PACKET_TYPES: tuple[ScanType, ...] = tuple(
    scan_type for scan_type, technique in TECHNIQUES.items() if technique.build is not None
)
"""The scan types whose probes are packets of our own making."""

_NUMBERS = {Protocol.TCP: 6, Protocol.UDP: 17}
"""IP protocol numbers (IANA)."""


def _scan_probes() -> dict[int, PacketProbe]:
    return {
        int(one.scan_type): over_both(one.protocol, _NUMBERS[one.protocol], one.build)
        for one in _ALL
        if one.build is not None
    }


PACKET_PROBES: Mapping[int, PacketProbe] = MappingProxyType(_scan_probes())
"""How probes are made, by technique number. The order is that of their source ports."""


def technique(scan_type: ScanType) -> Technique:
    """The technique that performs ``scan_type``. Raises KeyError for a number that is none."""
    return TECHNIQUES[scan_type]

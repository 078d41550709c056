"""The scan types PyScan can perform. A new one is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.spec.scan_type import ScanType
from engine.techniques.ack import TCP_ACK
from engine.techniques.connect import CONNECT
from engine.techniques.fin import TCP_FIN
from engine.techniques.maimon import TCP_MAIMON
from engine.techniques.null import TCP_NULL
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


def technique(scan_type: ScanType) -> Technique:
    """The technique that performs ``scan_type``. Raises KeyError for a number that is none."""
    return TECHNIQUES[scan_type]

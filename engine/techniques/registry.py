"""The scan types PyScan can perform. A new one is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.spec.scan_type import ScanType
from engine.techniques.connect import CONNECT
from engine.techniques.syn import TCP_SYN
from engine.techniques.technique import Technique
from engine.techniques.udp import UDP

TECHNIQUES: Mapping[ScanType, Technique] = MappingProxyType(
    {technique.scan_type: technique for technique in (CONNECT, TCP_SYN, UDP)}
)
"""The technique of each scan type."""


def technique(scan_type: ScanType) -> Technique:
    """The technique that performs ``scan_type``. Raises KeyError for a number that is none."""
    return TECHNIQUES[scan_type]

"""PacketOptions: what the user wants different about the packets themselves."""

from __future__ import annotations

from msgspec import Struct


class PacketOptions(Struct, frozen=True):
    """Wishes about every packet of a scan.

    Attributes:
        tcp_flags: control bits of TCP probes instead of the scan type's own (``--scanflags``);
            the scan type still says how answers are read.
        source_port: the port all probes come from (``--source-port``).
        ttl: time to live or hop limit, 1 to 255.
        data_length: random bytes appended to every probe.
        interface: name of the interface packets leave by (``-e``).
        source_address: our address on the packets (``-S``).
    """

    tcp_flags: int | None = None
    source_port: int | None = None
    ttl: int | None = None
    data_length: int = 0
    interface: str = ""
    source_address: str = ""


AS_USUAL = PacketOptions()
"""Packets as the scan types make them."""

"""ScanSpec: one scan as it was asked for, frozen."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from engine.spec.error import SpecError
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import DiscoverySpec
from engine.spec.ports import PortSet
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import TargetSet
from engine.spec.timing import DEFAULT_TEMPLATE, TimingTemplate


class Shard(Struct, frozen=True):
    """Part ``index`` of ``count`` equal parts of the work (1-based, as in ``2/4``)."""

    index: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE = Shard()
"""All the work."""


def parse_shard(text: str) -> Shard:
    """The shard written as ``i/n``. Raises SpecError."""
    match = re.fullmatch(r"\s*(\d{1,6})/(\d{1,6})\s*", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise SpecError("shard", text, 0, "is not a shard", "write i/n, for example 2/4")
    return Shard(int(match[1]), int(match[2]))


class ScanSpec(Struct, frozen=True):
    """Everything the engine needs to start one scan.

    Attributes:
        targets: the addresses, resolved and free of duplicates.
        ports: ports per protocol. Only protocols of ``scan_types`` are probed.
        scan_types: at most one per protocol, e.g. ``(SYN, UDP)``.
        timing: the bounds the pace moves in.
        seed: fixes the order of probes and every random choice; None takes a fresh one.
        shard: the part of the work this run does.
        transport: ``auto``, ``packet``, ``sockets`` or ``scapy``.
        command: the equivalent command line, for logs and exports.
        discovery: how hosts that are up are found first; None scans every target unasked.
        scan_ports: False ends the work with discovery (``-sn``, ``-sL``).
        packets: what the packets themselves shall look like.
        zombie: ``host[:port]`` that an idle scan goes through; empty for none.
        defeat_reset_ration: do not wait for hosts that ration RSTs.
        defeat_icmp_ration: do not wait for hosts that ration ICMP errors; UDP ports that stay
            silent are closed|filtered.
    """

    targets: TargetSet
    ports: PortSet
    scan_types: tuple[ScanType, ...] = (ScanType.CONNECT,)
    timing: TimingTemplate = DEFAULT_TEMPLATE
    seed: int | None = None
    shard: Shard = WHOLE
    transport: str = "auto"
    command: str = "pyscan"
    discovery: DiscoverySpec | None = None
    scan_ports: bool = True
    packets: PacketOptions = AS_USUAL
    zombie: str = ""
    defeat_reset_ration: bool = False
    defeat_icmp_ration: bool = False

    def __post_init__(self) -> None:
        seen: set[Protocol] = set()
        for scan_type in self.scan_types:
            if scan_type.protocol in seen:
                raise SpecError(
                    "scan type",
                    scan_type.option,
                    None,
                    f"is a second {scan_type.protocol.label} scan type",
                    "choose one per protocol",
                )
            seen.add(scan_type.protocol)

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols that are probed, in the order of the scan types."""
        return tuple(scan_type.protocol for scan_type in self.scan_types)

    @property
    def defeated(self) -> frozenset[Protocol]:
        """The protocols whose closed ports are not waited for where their answers are rationed."""
        chosen = ((Protocol.TCP, self.defeat_reset_ration), (Protocol.UDP, self.defeat_icmp_ration))
        return frozenset(protocol for protocol, wanted in chosen if wanted)

    def with_timing(self, timing: TimingTemplate) -> ScanSpec:
        """The same scan under another timing template."""
        return replace(self, timing=timing)

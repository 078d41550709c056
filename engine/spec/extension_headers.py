"""IPv6 extension headers: numbers that an IP protocol scan cannot ask for over IPv6."""

from __future__ import annotations

from engine.spec.error import SpecError
from engine.spec.octets import V4Box
from engine.spec.port_set import PortSet
from engine.spec.scan_type import Protocol
from engine.spec.target_set import TargetSet

EXTENSION_HEADERS = frozenset({0, 43, 44, 50, 51, 60, 135, 139, 140, 253, 254})
"""Next header values that are no protocol over IPv6 (IANA's list of IPv6 extension header types):
a host reads the bytes behind as part of the header and answers by other rules."""


def askable_ports(ports: PortSet, targets: TargetSet) -> tuple[PortSet, tuple[str, ...]]:
    """The ports that can be asked of all targets, and a note on what is left out, if anything.

    Raises SpecError when nothing is left.
    """
    if all(isinstance(piece, V4Box) for piece in targets.pieces):
        return ports, ()
    numbers = [number for number in ports.ports(Protocol.IP) if number in EXTENSION_HEADERS]
    if not numbers:
        return ports, ()
    left = ports.minus(PortSet.of_ports(Protocol.IP, numbers))
    listed = ",".join(map(str, numbers))
    if not left:
        raise SpecError(
            "ports", listed, None, "are headers and no protocols over IPv6",
            "scan IPv4 targets only, or other protocols",
        )  # fmt: skip
    note = f"left out protocols {listed}: over IPv6 they are headers; -4 asks IPv4 targets for them"
    return left, (note,)

"""PacketProbe: how the probes of one technique become packets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from engine.spec.scan_type import Protocol
from engine.techniques.technique import SegmentBuilder


class Carried(NamedTuple):
    """What the IP packets of one IP version carry.

    ``number`` is the IP protocol number of the segments ``build`` makes; None when each probe's
    port is that number.
    """

    number: int | None
    build: SegmentBuilder


class PacketProbe(Struct, frozen=True):
    """The packets of one technique.

    Attributes:
        protocol: what the probes' ports belong to.
        over: what the packets carry, by IP version; a version that is missing cannot be probed.
    """

    protocol: Protocol
    over: Mapping[int, Carried]


def over_both(protocol: Protocol, number: int | None, build: SegmentBuilder) -> PacketProbe:
    """A PacketProbe whose segments are the same over IPv4 and IPv6."""
    carried = Carried(number, build)
    return PacketProbe(protocol, {4: carried, 6: carried})

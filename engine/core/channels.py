"""Port sets as channels: ``protocol << 16 | port`` numbers in the order they are probed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.ports import PortSet
from engine.spec.scan_type import Protocol
from engine.spec.services import popularity

_PORTS = 65_536


def channels_of(ports: PortSet, protocols: tuple[Protocol, ...]) -> NDArray[np.uint32]:
    """Channels (uint32) of the ports of ``protocols``, one protocol after the other: ports most
    often open first, the rest in numeric order."""
    parts = [_by_popularity(ports, protocol) for protocol in protocols]
    return np.concatenate([np.empty(0, np.uint32), *parts])


def _by_popularity(ports: PortSet, protocol: Protocol) -> NDArray[np.uint32]:
    chosen = np.zeros(_PORTS, bool)
    for owner, first, last in ports.ranges:
        if owner is protocol:
            chosen[first : last + 1] = True
    popular = np.array(popularity(protocol), np.int64)
    popular = popular[chosen[popular]]
    chosen[popular] = False
    numbers = np.concatenate([popular, np.flatnonzero(chosen)])
    return (numbers | int(protocol) << 16).astype(np.uint32)

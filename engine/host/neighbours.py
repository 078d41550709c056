"""The kernel's neighbour table: link-layer addresses it has confirmed lately (RTM_GETNEIGH)."""

from __future__ import annotations

import struct

from engine.host.netlink import NetlinkSocket, attributes

_RTM_GETNEIGH = 30
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_NDA_DST = 1
_NDA_LLADDR = 2

_CONFIRMED = 0x02 | 0x08 | 0x40 | 0x80
"""NUD_REACHABLE, DELAY, NOARP and PERMANENT. STALE entries are left out: the host may have gone,
and what is sent to a host that has gone would make its ports look filtered."""


def confirmed_neighbours(netlink: NetlinkSocket, family: int) -> dict[tuple[int, bytes], bytes]:
    """Ethernet addresses by (interface index, packed IP address), of one AF_ family.

    Raises OSError when the kernel refuses.
    """
    table: dict[tuple[int, bytes], bytes] = {}
    for message in netlink.dump(_RTM_GETNEIGH, _NEIGHBOUR.pack(family, 0, 0, 0, 0)):
        if len(message.body) < _NEIGHBOUR.size:
            continue
        _family, interface, state, _flags, _kind = _NEIGHBOUR.unpack_from(message.body)
        found = attributes(message.body, _NEIGHBOUR.size)
        address, hardware = found.get(_NDA_DST, b""), found.get(_NDA_LLADDR, b"")
        if state & _CONFIRMED and len(hardware) == 6 and address:
            table[interface, address] = hardware
    return table

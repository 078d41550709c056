"""Where in the address space the way may change: the edges of all entries the kernel routes by.

Between two neighbouring edges every address is routed alike, whatever tables and rules there are,
so one look-up (engine.host.routes) answers for all of them.
"""

from __future__ import annotations

import contextlib
import struct

from engine.host.netlink import NetlinkSocket, attributes

_RTM_GETROUTE, _RTM_GETRULE = 26, 34
_ENTRY = struct.Struct("=BB10x")
"""``struct rtmsg`` and ``struct fib_rule_hdr`` both start with family and prefix length, are 12
bytes long, and put the prefix into attribute 1 (linux/rtnetlink.h, linux/fib_rules.h)."""
_DESTINATION = 1


def route_edges(family: int, size: int) -> list[int]:
    """The first address, as a number, of every stretch but the lowest, ascending.

    ``family`` is AF_INET or AF_INET6, ``size`` the bytes of its addresses. Raises OSError when the
    kernel refuses.
    """
    edges: set[int] = set()
    with contextlib.closing(NetlinkSocket()) as netlink:
        for table in (_RTM_GETROUTE, _RTM_GETRULE):
            for message in netlink.dump(table, _ENTRY.pack(family, 0)):
                if len(message.body) >= _ENTRY.size:
                    edges.update(_sides(message.body, size))
    return sorted(edges - {0, 1 << 8 * size})


def _sides(body: bytes, size: int) -> tuple[int, int]:
    """First address of an entry's prefix, and the first one behind it."""
    _family, length = _ENTRY.unpack_from(body)
    prefix = attributes(body, _ENTRY.size).get(_DESTINATION, b"")
    first = int.from_bytes(prefix[:size].ljust(size, b"\0"), "big")
    span = 1 << 8 * size - min(length, 8 * size)
    first -= first % span
    return first, first + span

"""Network links of this machine: what RTM_GETLINK tells about one interface (rtnetlink(7))."""

from __future__ import annotations

import struct
import sys

from msgspec import Struct

from engine.host.netlink import Message, NetlinkSocket, attribute, attributes

_RTM_GETLINK = 18
_INFO = struct.Struct("=BxHiII")
_IFLA_ADDRESS = 1
_IFLA_IFNAME = 3
_IFLA_MTU = 4
_IFLA_EXT_MASK = 29
_SKIP_STATISTICS = struct.pack("=I", 8)
_ARPHRD_ETHER = 1
_IFF_UP = 0x1
_IFF_NOARP = 0x80
_IFF_LOWER_UP = 0x10000


class Link(Struct, frozen=True):
    """One interface at the moment it was asked for.

    Attributes:
        index: the kernel's number for it.
        name: e.g. ``eth0``; printable.
        hardware: its link-layer address, empty when it has none.
        mtu: largest IP packet in bytes.
        ethernet: frames carry Ethernet headers and neighbours are found with ARP or NDP.
        up: switched on by the administrator.
        running: up, and the other side is there (the carrier itself, IFF_LOWER_UP; IFF_RUNNING
            follows it up to a second later).
    """

    index: int
    name: str
    hardware: bytes
    mtu: int
    ethernet: bool
    up: bool
    running: bool


def read_link(netlink: NetlinkSocket, index: int) -> Link | None:
    """The interface numbered ``index``, or None when there is none (any more)."""
    request = _INFO.pack(0, 0, index, 0, 0) + attribute(_IFLA_EXT_MASK, _SKIP_STATISTICS)
    (answer,) = netlink.ask(_RTM_GETLINK, [request])
    return _parse(answer) if isinstance(answer, Message) else None


def _parse(message: Message) -> Link | None:
    if len(message.body) < _INFO.size:
        return None
    _family, hardware_type, index, flags, _change = _INFO.unpack_from(message.body)
    found = attributes(message.body, _INFO.size)
    name = found.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode("ascii", "replace")
    hardware = found.get(_IFLA_ADDRESS, b"")
    mtu = found.get(_IFLA_MTU, b"")
    return Link(
        index=index,
        name="".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name),
        hardware=hardware,
        mtu=int.from_bytes(mtu, sys.byteorder),
        ethernet=hardware_type == _ARPHRD_ETHER and not flags & _IFF_NOARP and len(hardware) == 6,
        up=bool(flags & _IFF_UP),
        running=flags & (_IFF_UP | _IFF_LOWER_UP) == _IFF_UP | _IFF_LOWER_UP,
    )

"""IP headers of received packets, read as columns (RFC 791; RFC 8200 with extension headers)."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.transport.packet.headers import IPV4, IPV6

UNREADABLE = 255
"""Upper-layer number of packets that end too early or contradict themselves (IANA: reserved)."""

_EXTENSIONS = frozenset({0, 43, 60})
"""Hop-by-hop options, routing, destination options: all say their length in the same way."""
_FRAGMENT = 44
_MOST_EXTENSIONS = 8


class IpHeaders(Struct, frozen=True):
    """Columns of n packets of one IP version.

    Attributes:
        source, destination: uint8 (n, 4) or (n, 16).
        ttl: uint8 (n,), the time to live or hop limit left.
        upper: uint8 (n,), the IP protocol number of what follows; UNREADABLE where unknown.
        offset: int64 (n,), where it starts.
        end: int64 (n,), where the packet ends, link padding and cut-off bytes left out.
    """

    source: NDArray[np.uint8]
    destination: NDArray[np.uint8]
    ttl: NDArray[np.uint8]
    upper: NDArray[np.uint8]
    offset: NDArray[np.int64]
    end: NDArray[np.int64]

    def take(self, rows: NDArray[np.intp]) -> IpHeaders:
        """The columns of some of the packets."""
        return IpHeaders(
            self.source[rows],
            self.destination[rows],
            self.ttl[rows],
            self.upper[rows],
            self.offset[rows],
            self.end[rows],
        )


def read_ipv4(packets: NDArray[np.uint8], lengths: NDArray[np.int64]) -> IpHeaders:
    """Headers of IPv4 packets (n, at least 20 wide). Later fragments, which hold no upper-layer
    header, say so as they do in IPv6: 44."""
    header = np.ascontiguousarray(packets[:, : IPV4.itemsize]).view(IPV4)[:, 0]
    offset = (header["version_length"] & 15).astype(np.int64) * 4
    end = np.minimum(lengths, header["total_length"])
    broken = (lengths < IPV4.itemsize) | (offset < IPV4.itemsize) | (end < offset)
    upper = np.where(header["fragment"] & 0x1FFF != 0, np.uint8(_FRAGMENT), header["protocol"])
    return IpHeaders(
        source=header["source"],
        destination=header["destination"],
        ttl=header["ttl"],
        upper=np.where(broken, np.uint8(UNREADABLE), upper),
        offset=np.where(broken, IPV4.itemsize, offset),
        end=end,
    )


def read_ipv6(packets: NDArray[np.uint8], lengths: NDArray[np.int64]) -> IpHeaders:
    """Headers of IPv6 packets (n, at least 40 wide); extension headers are walked one by one."""
    header = np.ascontiguousarray(packets[:, : IPV6.itemsize]).view(IPV6)[:, 0]
    end = np.minimum(lengths, header["payload_length"].astype(np.int64) + IPV6.itemsize)
    upper = header["next_header"].copy()
    offset = np.full(len(packets), IPV6.itemsize, np.int64)
    upper[lengths < IPV6.itemsize] = UNREADABLE
    for row in np.flatnonzero(np.isin(upper, (*_EXTENSIONS, _FRAGMENT))):
        upper[row], offset[row] = _upper_layer(packets[row, : end[row]].tobytes(), int(upper[row]))
    return IpHeaders(
        source=header["source"],
        destination=header["destination"],
        ttl=header["hop_limit"],
        upper=upper,
        offset=offset,
        end=end,
    )


def _upper_layer(packet: bytes, kind: int) -> tuple[int, int]:
    """Protocol number and offset behind a packet's extension headers, the first being ``kind``."""
    offset = IPV6.itemsize
    for _header in range(_MOST_EXTENSIONS):
        if kind not in _EXTENSIONS and kind != _FRAGMENT:
            return kind, offset
        if offset + 8 > len(packet):
            break
        if kind == _FRAGMENT and int.from_bytes(packet[offset + 2 : offset + 4], "big") >> 3:
            return _FRAGMENT, offset
        size = 8 if kind == _FRAGMENT else 8 * (packet[offset + 1] + 1)
        kind, offset = packet[offset], offset + size
        if offset > len(packet):
            break
    return UNREADABLE, IPV6.itemsize

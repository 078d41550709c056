"""AddressGrid: the hosts of an IPv4 pattern of many short runs, by arithmetic on its octets.

``*.*.*.1`` is 16 million runs of one address, but only four lists of octet values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.octets import V4Box, values


class AddressGrid:
    """The addresses of one box, ascending; its first host has index ``first``.

    Attributes:
        first: index of the first host; count: how many hosts.
    """

    def __init__(self, box: V4Box, first: int) -> None:
        self.first = first
        self.count = box.count
        self._values = [np.array(values(mask), np.uint32) for mask in box.octets]
        self._ranks = [np.full(256, -1, np.int64) for _ in range(4)]
        for ranks, octets in zip(self._ranks, self._values, strict=True):
            ranks[octets] = np.arange(len(octets))

    def addresses(self, hosts: NDArray[np.integer]) -> NDArray[np.uint32]:
        """Addresses of hosts of this grid."""
        left = hosts.astype(np.int64) - self.first
        addresses = np.zeros(len(hosts), np.uint32)
        for place in (3, 2, 1, 0):
            left, at = np.divmod(left, len(self._values[place]))
            addresses |= self._values[place][at] << np.uint32(24 - 8 * place)
        return addresses

    def find(self, addresses: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Host index of each address; -1 for strangers."""
        found = np.zeros(len(addresses), np.int64)
        inside = np.ones(len(addresses), bool)
        for place in range(4):
            rank = self._ranks[place][addresses >> np.uint32(24 - 8 * place) & np.uint32(255)]
            inside &= rank >= 0
            found = found * len(self._values[place]) + rank
        return np.where(inside, found + self.first, -1)

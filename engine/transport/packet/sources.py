"""Which address of ours each host is probed from: the address its answers must be sent to."""

from __future__ import annotations

import ipaddress

import numpy as np
from numpy.typing import NDArray


def packed(address: str) -> bytes:
    """An address as 4 or 16 bytes; empty for empty text."""
    return ipaddress.ip_address(address).packed if address else b""


class SourceAddresses:
    """One source address per host index; grows as needed. Hosts never probed have none."""

    def __init__(self) -> None:
        self._rows = np.zeros((0, 16), np.uint8)

    def grow(self, count: int) -> None:
        """Make room for hosts 0 .. count - 1."""
        missing = count - len(self._rows)
        if missing > 0:
            self._rows = np.concatenate([self._rows, np.zeros((missing, 16), np.uint8)])

    def note(self, host: int, packed: bytes) -> None:
        """Host ``host`` is probed from the address ``packed`` (4 or 16 bytes)."""
        self.grow(host + 1)
        self._rows[host, : len(packed)] = np.frombuffer(packed, np.uint8)

    def of(self, hosts: NDArray[np.integer], size: int) -> NDArray[np.uint8]:
        """Source addresses (n, size), size 4 or 16; zeros for hosts that have none or are -1."""
        known = (hosts >= 0) & (hosts < len(self._rows))
        if known.all():
            return self._rows[hosts, :size]
        addresses = np.zeros((len(hosts), size), np.uint8)
        addresses[known] = self._rows[hosts[known], :size]
        return addresses

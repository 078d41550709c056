"""Which address of ours each host is probed from: the address its answers must be sent to."""

from __future__ import annotations

import ipaddress

import numpy as np
from numpy.typing import NDArray

from engine.core.paged import PagedArray


def packed(address: str) -> bytes:
    """An address as 4 or 16 bytes; empty for empty text."""
    return ipaddress.ip_address(address).packed if address else b""


_ADDRESS = np.dtype("V16")


class SourceAddresses:
    """One source address per host index; grows as needed. Hosts never probed have none."""

    def __init__(self) -> None:
        self._rows = PagedArray(0, _ADDRESS)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self._rows.nbytes

    def note(self, hosts: NDArray[np.integer] | int, packed: bytes) -> None:
        """These hosts, or this one, are probed from the address ``packed`` (4 or 16 bytes)."""
        hosts = np.atleast_1d(hosts)
        self._rows.grow(int(hosts.max()) + 1)
        self._rows[hosts] = np.frombuffer(packed.ljust(16, b"\0"), _ADDRESS)
        self._rows.fold(hosts)

    def of(self, hosts: NDArray[np.integer], size: int) -> NDArray[np.uint8]:
        """Source addresses (n, size), size 4 or 16; zeros for hosts that have none or are -1."""
        known = (hosts >= 0) & (hosts < self._rows.count)
        if known.all():
            return self._take(hosts, size)
        addresses = np.zeros((len(hosts), size), np.uint8)
        addresses[known] = self._take(hosts[known], size)
        return addresses

    def _take(self, hosts: NDArray[np.integer], size: int) -> NDArray[np.uint8]:
        rows: NDArray[np.uint8] = self._rows[hosts].view(np.uint8).reshape(len(hosts), 16)
        return np.ascontiguousarray(rows[:, :size])

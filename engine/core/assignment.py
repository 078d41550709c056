"""Assignment: which technique probes a cell.

That is the scan's type for the cell's protocol, unless the user had some cells probed with another
one. These are kept as a sorted list, which costs nothing while there are none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch
from engine.core.distinct import distinct, distinct_bytes
from engine.spec.scan_type import Protocol, ScanType

_NO_KEYS = np.empty(0, np.int64)
_NO_TYPES = np.empty(0, np.uint8)


class Assignment:
    """Techniques of cells, as ScanType numbers (uint8); 0 where the protocol is not scanned.

    Attributes:
        by_protocol: the scan's own types, by protocol.
    """

    def __init__(self, scan_types: tuple[ScanType, ...]) -> None:
        self.use(scan_types)

    def use(self, scan_types: tuple[ScanType, ...]) -> None:
        """These types for all cells, at most one per protocol; every exception is forgotten."""
        self.by_protocol = np.zeros(len(Protocol), np.uint8)
        for scan_type in scan_types:
            self.by_protocol[scan_type.protocol] = scan_type
        self._keys, self._types = _NO_KEYS, _NO_TYPES

    def assign(
        self,
        hosts: NDArray[np.uint32],
        channels: NDArray[np.uint32],
        scan_type: ScanType | None,
    ) -> None:
        """Probe these cells with ``scan_type``, which must be one of their protocol, and that must
        be scanned; None: with the scan's own again."""
        fresh = distinct(_keys(hosts, channels))
        kept = ~np.isin(self._keys, fresh, assume_unique=True)
        keys, types = self._keys[kept], self._types[kept]
        if scan_type is not None and scan_type != self.by_protocol[scan_type.protocol]:
            keys = np.concatenate([keys, fresh])
            types = np.concatenate([types, np.full(len(fresh), scan_type, np.uint8)])
            order = np.argsort(keys)
            keys, types = keys[order], types[order]
        self._keys, self._types = keys, types

    def of(self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """The techniques of cells, named by host and channel (``protocol << 16 | port``)."""
        found: NDArray[np.uint8] = self.by_protocol[channels >> 16]
        return self._except(found, _keys(hosts, channels)) if len(self._keys) else found

    def of_probes(self, cells: ProbeBatch) -> NDArray[np.uint8]:
        """The techniques of the cells that PROBE records name."""
        found: NDArray[np.uint8] = self.by_protocol[cells["protocol"]]
        if not len(self._keys):
            return found
        channels = cells["protocol"].astype(np.uint32) << 16 | cells["port"]
        return self._except(found, _keys(cells["host"], channels))

    def _except(self, found: NDArray[np.uint8], keys: NDArray[np.int64]) -> NDArray[np.uint8]:
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        techniques: NDArray[np.uint8] = np.where(self._keys[at] == keys, self._types[at], found)
        return techniques

    @property
    def scan_types(self) -> frozenset[ScanType]:
        """Every type in use."""
        numbers = [*self.by_protocol[self.by_protocol > 0].tolist(), *distinct_bytes(self._types)]
        return frozenset(map(ScanType, numbers))


def _keys(hosts: NDArray[np.uint32], channels: NDArray[np.uint32]) -> NDArray[np.int64]:
    """``host << 18 | protocol << 16 | port``."""
    return hosts.astype(np.int64) << 18 | channels.astype(np.int64)

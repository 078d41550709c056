"""The host table: one record per host, written by the engine thread only.

Snapshots are cut into blocks; only blocks that changed since the last one are copied. A record of
zeros knows nothing, so hosts nobody asked take no memory: the operating system fills in pages when
they are written to, and blocks without a verdict are one and the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.results.host_view import HOST_RECORD, HOSTS_PER_BLOCK, HostBlock, HostView
from engine.spec.reason import Reason

_VERDICT_FIELDS = ("state", "reason", "ttl", "kind", "port", "rtt")


_UNKNOWN = HostBlock(np.zeros(HOSTS_PER_BLOCK, HOST_RECORD))


class HostTable:
    """What is known about ``host_count`` hosts, by host index."""

    def __init__(self, host_count: int = 0) -> None:
        self._records = np.zeros(0, HOST_RECORD)
        self._names: list[dict[int, str]] = []
        self._hardware: list[dict[int, bytes]] = []
        self._blocks: list[HostBlock] = []
        self._dirty = np.zeros(0, bool)
        self._view = HostView()
        self.grow(host_count)

    @property
    def host_count(self) -> int:
        """Number of hosts."""
        return len(self._records)

    @property
    def states(self) -> NDArray[np.uint8]:
        """HostState of each host as it is now; not to be kept."""
        return self._records["state"]

    def reason(self, host: int) -> Reason:
        """Why a host has its state as it is now."""
        return Reason(int(self._records["reason"][host]))

    def grow(self, host_count: int) -> None:
        """Make room for more hosts; nothing is known about the new ones."""
        before = self.host_count
        if host_count <= before:
            return
        records = np.zeros(host_count, HOST_RECORD)
        records[:before] = self._records
        self._records = records
        old, count = len(self._blocks), -(-host_count // HOSTS_PER_BLOCK)
        self._names += [{} for _ in range(count - old)]
        self._hardware += [{} for _ in range(count - old)]
        self._blocks += [_UNKNOWN] * (count - old)
        self._dirty = np.concatenate([self._dirty, np.zeros(count - old, bool)])
        self._dirty[max(old - 1, 0) : old] = True  # the block that is filled up
        self._dirty[-1] = True  # it may be shorter than the others

    def note(self, verdicts: NDArray[np.void]) -> None:
        """Write HOST_VERDICTs down; a later one about the same host replaces the earlier."""
        hosts = verdicts["host"]
        for name in _VERDICT_FIELDS:
            self._records[name][hosts] = verdicts[name]
        self._records["stale"][hosts] = False
        self._dirty[hosts // HOSTS_PER_BLOCK] = True

    def reopen(self, hosts: NDArray[np.uint32]) -> None:
        """Hosts are asked again: what is known stays visible, marked stale."""
        decided = hosts[self._records["state"][hosts] != 0]
        self._records["stale"][decided] = True
        self._dirty[decided // HOSTS_PER_BLOCK] = True

    def close(self, hosts: NDArray[np.uint32]) -> None:
        """Hosts are asked no more (the user skipped them): what was known counts again."""
        self._records["stale"][hosts] = False
        self._dirty[hosts // HOSTS_PER_BLOCK] = True

    def set_name(self, host: int, name: str) -> None:
        """The DNS calls a host ``name`` (made safe to show)."""
        block = host // HOSTS_PER_BLOCK
        self._names[block][host] = name
        self._dirty[block] = True

    def set_hardware(self, host: int, hardware: bytes) -> None:
        """A host's hardware address is ``hardware``."""
        block = host // HOSTS_PER_BLOCK
        self._hardware[block][host] = hardware
        self._dirty[block] = True

    def snapshot(self) -> HostView:
        """An immutable view of now: the same object as before while nothing changed."""
        changed = np.flatnonzero(self._dirty).tolist()
        if changed:
            for block in changed:
                start = block * HOSTS_PER_BLOCK
                self._blocks[block] = HostBlock(
                    self._records[start : start + HOSTS_PER_BLOCK].copy(),
                    self._names[block].copy(),
                    self._hardware[block].copy(),
                )
            self._dirty[:] = False
            self._view = HostView(self._view.version + 1, tuple(self._blocks))
        return self._view

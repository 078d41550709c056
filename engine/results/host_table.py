"""The host table: one record per host, written by the engine thread only.

Hosts that nothing is known of, and hosts alike of which all that is known is that they stayed
silent, take no memory (engine.core.paged). Snapshots copy what changed since the last one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import firsts
from engine.core.paged import PagedArray
from engine.results.host_view import (
    HOST_RECORD,
    HOSTS_PER_BLOCK,
    NO_NAMES,
    HostBlock,
    HostView,
)
from engine.spec.host_state import HostState
from engine.spec.reason import Reason

_VERDICT_FIELDS = ("state", "reason", "ttl", "kind", "port", "rtt")


class HostTable:
    """What is known about ``host_count`` hosts, by host index."""

    def __init__(self, host_count: int = 0) -> None:
        self._values = PagedArray(0, HOST_RECORD)
        self._stale = self._values.field("stale")
        self._states = self._values.field("state")
        self._decided = np.zeros(len(HostState), np.int64)
        self._blocks: list[HostBlock] = []
        self._names: dict[int, dict[int, str]] = {}
        self._hardware: dict[int, dict[int, bytes]] = {}
        self._changed_names: set[int] = set()
        self._changed = False
        self._view = HostView()
        self.grow(host_count)

    @property
    def host_count(self) -> int:
        """Number of hosts."""
        return self._values.count

    @property
    def nbytes(self) -> int:
        """Memory of the records in bytes."""
        return self._values.nbytes

    def records(self, hosts: NDArray[np.uint32]) -> NDArray[np.void]:
        """HOST_RECORDs of these hosts (n,) as they are now."""
        found: NDArray[np.void] = self._values[hosts]
        return found

    def reason(self, host: int) -> Reason:
        """Why a host has its state as it is now."""
        return Reason(int(self._values.field("reason")[host]))

    def grow(self, host_count: int) -> None:
        """Make room for more hosts; nothing is known about the new ones."""
        fresh = host_count - self.host_count
        if fresh > 0:
            self._values.grow(host_count)
            self._decided[HostState.UNKNOWN] += fresh
            blocks = -(-host_count // HOSTS_PER_BLOCK)
            self._blocks += [NO_NAMES] * (blocks - len(self._blocks))
            self._changed = True

    def note(self, verdicts: NDArray[np.void]) -> None:
        """Write HOST_VERDICTs down; a later one about the same host replaces the earlier."""
        last = len(verdicts) - 1 - firsts(verdicts["host"][::-1].astype(np.int64))
        hosts = verdicts["host"][last]
        records = np.zeros(len(hosts), HOST_RECORD)
        for name in _VERDICT_FIELDS:
            records[name] = verdicts[name][last]
        kinds = len(HostState)
        self._decided += np.bincount(records["state"], minlength=kinds)
        self._decided -= np.bincount(self._states[hosts], minlength=kinds)
        self._values[hosts] = records
        self._values.fold(hosts)
        self._changed = True

    def reopen(self, hosts: NDArray[np.uint32]) -> None:
        """Hosts are asked again: what is known stays visible, marked stale."""
        self._stale[hosts[self._states[hosts] != 0]] = True
        self._changed = True

    def close(self, hosts: NDArray[np.uint32]) -> None:
        """Hosts are asked no more (the user skipped them): what was known counts again."""
        self._stale[hosts[self._stale[hosts]]] = False
        self._changed = True

    def set_name(self, host: int, name: str) -> None:
        """The DNS calls a host ``name`` (made safe to show)."""
        self._names.setdefault(self._rename(host), {})[host] = name

    def set_hardware(self, host: int, hardware: bytes) -> None:
        """A host's hardware address is ``hardware``."""
        self._hardware.setdefault(self._rename(host), {})[host] = hardware

    def _rename(self, host: int) -> int:
        block = host // HOSTS_PER_BLOCK
        self._changed_names.add(block)
        self._changed = True
        return block

    def snapshot(self) -> HostView:
        """An immutable view of now: the same object as before while nothing changed."""
        if self._changed:
            for block in self._changed_names:
                names, hardware = self._names.get(block, {}), self._hardware.get(block, {})
                self._blocks[block] = HostBlock(names.copy(), hardware.copy())
            self._changed_names.clear()
            self._changed = False
            self._view = HostView(
                self._view.version + 1,
                self._values.frozen(),
                tuple(self._blocks),
                tuple(self._decided.tolist()),
            )
        return self._view

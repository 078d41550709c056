"""AddressBook: which host index stands for which address, both ways, for whole arrays at once.

Host indices are handed out in the order of the target set and never change; a book only grows. No
address is written down: both ways are arithmetic on the runs of neighbouring addresses that the set
is made of, so a book of 10.0.0.0/8 is as small as that of one host.
"""

from __future__ import annotations

import copy
import ipaddress

import numpy as np
from numpy.typing import NDArray

from engine.core.address_grid import AddressGrid
from engine.core.address_runs import RUN, AddressRuns, box_runs, run_number, span_runs, words
from engine.spec.error import SpecError
from engine.spec.targets import TargetSet, V4Box, V6Span

MAX_HOSTS = (1 << 32) - 1
"""A probe names its host in 32 bits, and the last number stands for nobody."""
_MOST_RUNS = 1 << 16
"""A pattern of more runs than this is a grid."""

_STRETCH = np.dtype([("run", RUN), ("version", np.uint8), ("scope", np.uint16), ("grid", np.int32)])
"""Hosts with neighbouring indices: a run or, where ``grid`` is not -1, a whole grid by number."""


class AddressBook:
    """The addresses of a scan.

    Raises SpecError when the set has more than MAX_HOSTS addresses.
    """

    def __init__(self, targets: TargetSet) -> None:
        self.targets = TargetSet.empty()
        self._count = 0
        self._stretches = np.empty(0, _STRETCH)
        self._grids: tuple[AddressGrid, ...] = ()
        self._scopes: tuple[str, ...] = ("",)
        self._names: dict[int, str] = {}
        self.extend(targets)

    @property
    def count(self) -> int:
        """Number of hosts."""
        return self._count

    def frozen(self) -> AddressBook:
        """The book as it is now; it does not grow with the original."""
        frozen = copy.copy(self)
        frozen._names = self._names.copy()
        return frozen

    def extend(self, targets: TargetSet) -> int:
        """Add the addresses that are not in the book yet; returns how many that were."""
        fresh = targets.minus(self.targets)
        if self._count + fresh.count > MAX_HOSTS:
            raise SpecError(
                "targets",
                targets.text,
                None,
                f"means {fresh.count:,} addresses, more than one scan can hold ({MAX_HOSTS:,})",
                "scan a smaller range at a time",
            )
        self._add(fresh)
        self._index()
        self.targets = self.targets.union(targets)
        self._note_names(targets)
        return fresh.count

    def _add(self, fresh: TargetSet) -> None:
        """Give the next host indices to the addresses of ``fresh``, in order."""
        parts = [self._stretches]
        spans: list[tuple[V6Span, int]] = []
        for piece in fresh.pieces:
            if isinstance(piece, V6Span):
                spans.append((piece, self._count))
            elif run_number(piece) > _MOST_RUNS:
                parts.append(self._grid(piece))
            else:
                parts.append(_stretches(box_runs(piece, self._count), 4))
            self._count += piece.count
        if spans:
            parts.append(_stretches(span_runs(spans), 6))
            parts[-1]["scope"] = [self._scope_number(span.scope) for span, _ in spans]
        self._stretches = np.concatenate(parts)

    def _grid(self, box: V4Box) -> NDArray[np.void]:
        stretch = _stretches(np.zeros(1, RUN), 4)
        stretch["run"]["first"], stretch["run"]["count"] = self._count, box.count
        stretch["grid"] = len(self._grids)
        self._grids += (AddressGrid(box, self._count),)
        return stretch

    def _scope_number(self, scope: str) -> int:
        if scope not in self._scopes:
            self._scopes += (scope,)
        return self._scopes.index(scope)

    def _index(self) -> None:
        table = self._stretches
        six = table["version"] == 6
        self._firsts = np.ascontiguousarray(table["run"]["first"])
        self._versions = frozenset(np.flatnonzero(np.bincount(table["version"])).tolist())
        self._v4_runs = AddressRuns(table["run"][~six & (table["grid"] < 0)])
        self._v6_runs = tuple(
            AddressRuns(table["run"][six & (table["scope"] == number)])
            for number in range(len(self._scopes))
        )
        counts = np.array([runs.count for runs in self._v6_runs], np.int64)
        self._v6_keys_from = (1 << 32) + np.cumsum(counts) - counts

    def _note_names(self, targets: TargetSet) -> None:
        for text, name in targets.names:
            address = ipaddress.ip_address(text.partition("%")[0])
            if address.version == 4:
                found = self.find_v4(np.array([int(address)], np.uint32))
            else:
                found = self.find_v6(np.frombuffer(address.packed, np.uint8)[None, :])
            if found[0] >= 0:
                self._names.setdefault(int(found[0]), name)

    @property
    def versions(self) -> frozenset[int]:
        """The IP versions that have hosts: of 4 and 6."""
        return self._versions

    def _stretch(self, hosts: NDArray[np.uint32]) -> NDArray[np.intp]:
        """The number of the stretch each host is in."""
        if len(self._firsts) == 1:
            return np.zeros(len(hosts), np.intp)
        return np.searchsorted(self._firsts, hosts, side="right") - 1

    def families(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """4 or 6 for each host."""
        return self._stretches["version"][self._stretch(hosts)]

    def v4(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """IPv4 addresses as numbers (host byte order). Only for hosts of family 4."""
        stretch = self._stretch(hosts)
        run = self._stretches["run"]
        offset = hosts.astype(np.int64) - run["first"][stretch]
        addresses: NDArray[np.uint32] = (run["low"][stretch].astype(np.int64) + offset).astype(
            np.uint32
        )
        if self._grids:
            grid = self._stretches["grid"][stretch]
            for number in np.flatnonzero(np.bincount(grid + 1)[1:]).tolist():
                mine = grid == number
                addresses[mine] = self._grids[number].addresses(hosts[mine])
        return addresses

    def v6(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """IPv6 addresses, shape (n, 16). Only for hosts of family 6."""
        stretch = self._stretch(hosts)
        run = self._stretches["run"]
        offset = hosts.astype(np.int64) - run["first"][stretch]
        start = run["low"][stretch]
        low = start + offset.astype(np.uint64)
        halves = np.empty((len(hosts), 2), ">u8")
        halves[:, 0], halves[:, 1] = run["high"][stretch] + (low < start), low
        return halves.view(np.uint8)

    def find_v4(self, addresses: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Host index of each IPv4 address (a number, host byte order); -1 for strangers."""
        low = addresses.astype(np.uint64)
        found = self._v4_runs.find(np.zeros_like(low), low)
        for grid in self._grids:
            found = np.maximum(found, grid.find(addresses))
        return found

    def find_v6(self, addresses: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Host index of each IPv6 address, shape (n, 16); -1 for strangers. Of the hosts that have
        one address in several scopes, that of the scope named first."""
        high, low = words(addresses)
        found = self._v6_runs[0].find(high, low)
        for runs in self._v6_runs[1:]:
            found = np.where(found < 0, runs.find(high, low), found)
        return found

    def text(self, host: int) -> str:
        """The host's address as text, without scope."""
        one = np.array([host], np.uint32)
        if self.families(one)[0] == 4:
            return str(ipaddress.IPv4Address(int(self.v4(one)[0])))
        return str(ipaddress.IPv6Address(self.v6(one).tobytes()))

    def scope(self, host: int) -> str:
        """The IPv6 scope (interface) typed with the address; empty if none."""
        if len(self._scopes) == 1:
            return ""
        stretch = self._stretch(np.array([host], np.uint32))[0]
        return self._scopes[int(self._stretches["scope"][stretch])]

    def name(self, host: int) -> str:
        """The host name the user typed for the address; empty if none."""
        return self._names.get(host, "")

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        """Numbers below 2**34 that sort hosts by address, IPv4 before IPv6, scope by scope; of all
        hosts, in the order of their indices, or only of these."""
        if hosts is None:
            hosts = np.arange(self._count, dtype=np.uint32)
        chosen = hosts.astype(np.uint32)
        keys = np.empty(len(chosen), np.int64)
        four = self.families(chosen) == 4
        keys[four] = self.v4(chosen[four])
        keys[~four] = self._v6_sort_keys(chosen[~four])
        return keys

    def _v6_sort_keys(self, hosts: NDArray[np.uint32]) -> NDArray[np.int64]:
        keys = np.empty(len(hosts), np.int64)
        scope = self._stretches["scope"][self._stretch(hosts)]
        for number in np.flatnonzero(np.bincount(scope)).tolist():
            mine = scope == number
            ranks = self._v6_runs[number].ranks(*words(self.v6(hosts[mine])))
            keys[mine] = ranks + self._v6_keys_from[number]
        return keys


def _stretches(runs: NDArray[np.void], version: int) -> NDArray[np.void]:
    """RUNs as stretches without a scope."""
    found = np.zeros(len(runs), _STRETCH)
    found["run"], found["version"], found["grid"] = runs, version, -1
    return found

"""AddressBook: which host index stands for which address, both ways, for whole arrays at once.

Host indices are handed out in the order of the target set and never change; a book only grows.
"""

from __future__ import annotations

import copy
import ipaddress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.spec.error import SpecError
from engine.spec.targets import TargetSet, V4Box, V6Span

MAX_HOSTS = 1 << 22


class AddressBook:
    """The addresses of a scan.

    Raises SpecError when the set has more than MAX_HOSTS addresses.
    """

    def __init__(self, targets: TargetSet) -> None:
        self.targets = TargetSet.empty()
        self._v4 = np.empty(0, np.uint32)
        self._v6 = np.empty((0, 16), np.uint8)
        self._family = np.empty(0, np.uint8)
        self._slot = np.empty(0, np.int64)
        self._scopes: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self.extend(targets)

    @property
    def count(self) -> int:
        """Number of hosts."""
        return len(self._family)

    def frozen(self) -> AddressBook:
        """The book as it is now; it does not grow with the original."""
        frozen = copy.copy(self)
        frozen._scopes, frozen._names = self._scopes.copy(), self._names.copy()
        return frozen

    def extend(self, targets: TargetSet) -> int:
        """Add the addresses that are not in the book yet; returns how many that were."""
        fresh = targets.minus(self.targets)
        if self.count + fresh.count > MAX_HOSTS:
            raise SpecError(
                "targets",
                targets.text,
                None,
                f"means {fresh.count:,} addresses, more than one scan can hold ({MAX_HOSTS:,})",
                "scan a smaller range at a time",
            )
        first = self.count
        v4 = [_expand_box(piece) for piece in fresh.pieces if isinstance(piece, V4Box)]
        spans = [piece for piece in fresh.pieces if isinstance(piece, V6Span)]
        v6 = [_expand_span(span) for span in spans]
        families = [
            np.full(piece.count, 4 if isinstance(piece, V4Box) else 6, np.uint8)
            for piece in fresh.pieces
        ]
        family = np.concatenate([self._family, *families])
        slot = np.empty(len(family), np.int64)
        slot[family == 4] = np.arange(np.count_nonzero(family == 4))
        slot[family == 6] = np.arange(np.count_nonzero(family == 6))
        self._v4 = np.concatenate([self._v4, *v4])
        self._v6 = np.concatenate([self._v6, *v6])
        self._slot = slot
        self._family = family
        self._note_scopes(fresh, first)
        self._index()
        self.targets = self.targets.union(targets)
        self._note_names(targets)
        return self.count - first

    def _note_scopes(self, fresh: TargetSet, first: int) -> None:
        at = first
        for piece in fresh.pieces:
            if isinstance(piece, V6Span) and piece.scope:
                self._scopes.update(dict.fromkeys(range(at, at + piece.count), piece.scope))
            at += piece.count

    def _note_names(self, targets: TargetSet) -> None:
        for text, name in targets.names:
            address = ipaddress.ip_address(text.partition("%")[0])
            if address.version == 4:
                found = self.find_v4(np.array([int(address)], np.uint32))
            else:
                found = self.find_v6(np.frombuffer(address.packed, np.uint8)[None, :])
            if found[0] >= 0:
                self._names.setdefault(int(found[0]), name)

    def _index(self) -> None:
        present = ((4, len(self._v4)), (6, len(self._v6)))
        self._versions = frozenset(version for version, count in present if count)
        self._v4_order = np.argsort(self._v4, kind="stable")
        self._v4_sorted = self._v4[self._v4_order]
        self._v4_hosts = np.flatnonzero(self._family == 4)
        keys = np.ascontiguousarray(self._v6).view("S16").reshape(-1)
        self._v6_order = np.argsort(keys, kind="stable")
        self._v6_sorted = keys[self._v6_order]
        self._v6_hosts = np.flatnonzero(self._family == 6)
        ranks = np.empty(self.count, np.int64)
        ranks[self._v4_hosts[self._v4_order]] = np.arange(len(self._v4))
        ranks[self._v6_hosts[self._v6_order]] = np.arange(len(self._v6)) + len(self._v4)
        self._ranks = ranks

    @property
    def versions(self) -> frozenset[int]:
        """The IP versions that have hosts: of 4 and 6."""
        return self._versions

    def families(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """4 or 6 for each host."""
        return self._family[hosts]

    def v4(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """IPv4 addresses as numbers (host byte order). Only for hosts of family 4."""
        return self._v4[self._slot[hosts]]

    def v6(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """IPv6 addresses, shape (n, 16). Only for hosts of family 6."""
        return self._v6[self._slot[hosts]]

    def find_v4(self, addresses: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Host index of each IPv4 address (a number, host byte order); -1 for strangers."""
        return _find(addresses, self._v4_sorted, self._v4_order, self._v4_hosts)

    def find_v6(self, addresses: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Host index of each IPv6 address, shape (n, 16); -1 for strangers."""
        keys = np.ascontiguousarray(addresses).view("S16").reshape(-1)
        return _find(keys, self._v6_sorted, self._v6_order, self._v6_hosts)

    def text(self, host: int) -> str:
        """The host's address as text, without scope."""
        slot = self._slot[host]
        if self._family[host] == 4:
            return str(ipaddress.IPv4Address(int(self._v4[slot])))
        return str(ipaddress.IPv6Address(self._v6[slot].tobytes()))

    def scope(self, host: int) -> str:
        """The IPv6 scope (interface) typed with the address; empty if none."""
        return self._scopes.get(host, "")

    def name(self, host: int) -> str:
        """The host name the user typed for the address; empty if none."""
        return self._names.get(host, "")

    def sort_keys(self) -> NDArray[np.int64]:
        """Rank of each host in address order, IPv4 before IPv6."""
        return self._ranks


def _find(
    wanted: NDArray[Any], known: NDArray[Any], order: NDArray[np.intp], hosts: NDArray[np.intp]
) -> NDArray[np.int64]:
    if not len(known):
        return np.full(len(wanted), -1, np.int64)
    at = np.searchsorted(known, wanted)
    at[at == len(known)] = 0
    found = hosts[order[at]].astype(np.int64)
    found[known[at] != wanted] = -1
    return found


def _expand_box(box: V4Box) -> NDArray[np.uint32]:
    octets = [
        np.array([value for value in range(256) if mask >> value & 1], np.uint32)
        for mask in box.octets
    ]
    a, b, c, d = octets
    grid = (
        (a << np.uint32(24))[:, None, None, None]
        | (b << np.uint32(16))[None, :, None, None]
        | (c << np.uint32(8))[None, None, :, None]
        | d[None, None, None, :]
    )
    addresses: NDArray[np.uint32] = grid.reshape(-1)
    return addresses


def _expand_span(span: V6Span) -> NDArray[np.uint8]:
    packed = b"".join((span.first + i).to_bytes(16, "big") for i in range(span.count))
    return np.frombuffer(packed, np.uint8).reshape(-1, 16)

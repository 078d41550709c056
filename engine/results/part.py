"""Part: some rows or hosts of a report, chosen by the user, for a file that holds only these."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.results.cell import among
from engine.results.view import StoreView
from engine.spec.port_state import PortState


class Part(Struct, frozen=True, eq=False):
    """Chosen rows of a report: decided ports; or chosen hosts, of a scan that asks no ports.

    Attributes:
        words: which rows, for example ``the marked rows``. May be hostile text.
        keys: their cell keys, each once, ascending (int64).
        chosen_hosts: host indices; None where ports were chosen.
    """

    words: str
    keys: NDArray[np.int64]
    chosen_hosts: frozenset[int] | None = None

    @classmethod
    def of(cls, words: str, keys: NDArray[np.int64], view: StoreView) -> Part:
        """The part with these keys, in any order; those that are not decided in ``view`` are left
        out."""
        wanted, found = distinct(keys), [np.empty(0, np.int64)]
        for hosts, cells in view.parts():
            own = hosts.astype(np.int64)[:, None] << 18 | view.channels
            decided = own[cells["state"][:, : own.shape[1]] != PortState.PENDING]
            found.append(decided[among(decided, wanted)])
        return cls(words, np.sort(np.concatenate(found)))

    @classmethod
    def of_hosts(cls, words: str, hosts: Iterable[int]) -> Part:
        """The part with these hosts, and no ports."""
        return cls(words, np.empty(0, np.int64), frozenset(hosts))

    def has(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these keys are in the part."""
        return among(keys, self.keys)

    def has_ports(self, host: int, channels: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which of a host's ports (``protocol << 16 | port``) are in the part."""
        return self.has(host << 18 | channels.astype(np.int64))

    @property
    def hosts(self) -> frozenset[int]:
        """The hosts that were chosen, or that have a row in it."""
        if self.chosen_hosts is not None:
            return self.chosen_hosts
        return frozenset(distinct(self.keys >> 18).tolist())

    def __len__(self) -> int:
        """How many ports there are in it."""
        return len(self.keys)

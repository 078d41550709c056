"""Part: some rows of a report, chosen by the user, for a file that holds only these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.results.cell import among
from engine.results.view import StoreView
from engine.spec.port_state import PortState


@dataclass(frozen=True, eq=False)
class Part:
    """Chosen rows of a report: decided ports.

    Attributes:
        words: which rows, for example ``the marked rows``. May be hostile text.
        keys: their cell keys, each once, ascending (int64).
    """

    words: str
    keys: NDArray[np.int64]

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

    def has(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these keys are in the part."""
        return among(keys, self.keys)

    def has_ports(self, host: int, channels: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which of a host's ports (``protocol << 16 | port``) are in the part."""
        return self.has(host << 18 | channels.astype(np.int64))

    @property
    def hosts(self) -> frozenset[int]:
        """The hosts that have a row in it."""
        return frozenset(distinct(self.keys >> 18).tolist())

    def __len__(self) -> int:
        return len(self.keys)

"""HostLoss: the loss of each host's path, and how many copies its silent ports deserve.

What engine.core.loss says of one path, for many: a host that answers to second copies only is no
reason to ask the silent ports of others seven times. A host's own answers count for what they
are, and ``_PRIOR`` more as if it were like the others. A host without answers gets what is usual:
the share over hosts that answered lately, without the worst of them, since one overloaded host says
nothing about the way to its neighbours.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import groups
from engine.core.loss import LEAST_COPIES, MISS_TARGET
from engine.core.paged import PagedArray
from engine.core.send_queue import LAST_ATTEMPT

_PRIOR = 12.0
"""Answers' worth of belief that a host is like the others."""
_MEMORY = 100_000.0
"""Answers of a host over which its loss is remembered."""
_WEIGHT = 64.0
"""Answers of one host that count at most in what is usual."""
_RECENT = 256
"""Hosts of which what is usual is made."""
_WORST = 0.2
"""Share of those hosts that is left out, the worst."""
_TELLING = 8
"""Losses of a host that make it worth a look."""
_APART = 0.1
_OLD = 12.0
"""Answers that those at another pace count for at most."""
_REFRESH = 32
"""Batches of answers after which what is usual is computed anew."""


class HostLoss:
    """Loss per copy, by host index."""

    def __init__(self, hosts: int) -> None:
        self._answered = PagedArray(hosts, np.float32)
        self._lost = PagedArray(hosts, np.float32)
        self._recent = np.full(_RECENT, -1, np.int64)
        self._next = 0
        self._usual = 0.0
        self._batches = 0

    def grow(self, hosts: int) -> None:
        """Make room for more hosts."""
        self._answered.grow(hosts)
        self._lost.grow(hosts)

    def note(self, hosts: NDArray[np.uint32], losses: NDArray[np.int64]) -> None:
        """Take in answers: their hosts, and how many copies were lost before each."""
        if not len(hosts):
            return
        if self._answered.count == 1:
            touched = np.zeros(1, np.int64)
            answered, gone = np.array([len(hosts)]), np.array([losses.sum()])
        else:
            distinct, inverse = groups(hosts.astype(np.uint64))
            touched = distinct.astype(np.int64)
            answered = np.bincount(inverse)
            gone = np.bincount(inverse, losses)
        answered = answered + gone
        fade = np.maximum(0.0, 1.0 - answered / _MEMORY)
        self._answered[touched] = self._answered[touched] * fade + answered
        self._lost[touched] = self._lost[touched] * fade + gone
        self._remember(touched[-_RECENT:])

    def _remember(self, hosts: NDArray[np.int64]) -> None:
        if self._answered.count == 1:
            fresh = hosts[: 1 - self._next]  # it is remembered once
        else:
            fresh = hosts[~np.isin(hosts, self._recent)]
        self._recent[(self._next + np.arange(len(fresh))) % _RECENT] = fresh
        self._next = (self._next + len(fresh)) % _RECENT
        if self._batches % _REFRESH == 0 or len(fresh):
            self._usual = self._typical()
        self._batches += 1

    def _typical(self) -> float:
        hosts = self._recent[self._recent >= 0]
        answered, lost = self._answered[hosts].astype(float), self._lost[hosts].astype(float)
        share = lost / np.maximum(answered, 1.0)
        kept = np.argsort(share)[: max(1, int(len(hosts) * (1 - _WORST)))]
        weight = np.minimum(answered[kept], _WEIGHT)
        total = float(weight.sum())
        return float((share[kept] * weight).sum()) / total if total else 0.0

    @property
    def usual(self) -> float:
        """Loss of a host nothing is known about, 0..1."""
        return self._usual

    def answered(self, hosts: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Answers of the hosts that are remembered."""
        answered: NDArray[np.float64] = self._answered[hosts].astype(float)
        return answered

    def counts(self, host: int) -> tuple[int, int]:
        """Copies to ports of the host that answered, as remembered, and how many were lost."""
        return int(self._answered[host]), round(float(self._lost[host]))

    def shares(self, hosts: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Loss of each host, 0..1."""
        answered, lost = self._answered[hosts].astype(float), self._lost[hosts].astype(float)
        shares: NDArray[np.float64] = (lost + _PRIOR * self._usual) / (answered + _PRIOR)
        return shares

    def copies(self, hosts: NDArray[np.uint32], cap: int) -> NDArray[np.int64]:
        """How many copies a silent port of each host deserves: at least LEAST_COPIES, at most
        ``cap`` + 1 (``cap`` counts re-sends, as timing templates do), and no more than can be told
        apart."""
        share = np.clip(self.shares(hosts), 1e-12, 0.999)
        needed = np.ceil(math.log(MISS_TARGET) / np.log(share)).astype(np.int64)
        copies: NDArray[np.int64] = np.clip(
            np.maximum(needed, LEAST_COPIES), 1, min(cap, LAST_ATTEMPT) + 1
        )
        return copies

    def conspicuous(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Hosts that lose far more than the others do, so that it is not the common path's fault.
        None as long as no other host has answered."""
        if np.count_nonzero(self._recent >= 0) < 2:
            return np.zeros(len(hosts), bool)
        answered, lost = self._answered[hosts].astype(float), self._lost[hosts].astype(float)
        share = lost / np.maximum(answered, 1.0)
        conspicuous: NDArray[np.bool_] = (lost >= _TELLING) & (share > _APART + 3 * self._usual)
        return conspicuous

    def fade(self, hosts: NDArray[np.integer]) -> None:
        """These hosts are asked at another pace now: what was lost before counts little."""
        answered = self._answered[hosts]
        share = np.minimum(1.0, _OLD / np.maximum(answered, 1.0))
        self._answered[hosts], self._lost[hosts] = answered * share, self._lost[hosts] * share

    def forgive(self) -> None:
        """What was lost was the speed's doing, of the hosts that answered lately."""
        self.fade(self._recent[self._recent >= 0])
        self._usual = self._typical()

    def forget(self, host: int) -> None:
        """The conditions of a host have changed."""
        one = np.array([host], np.int64)
        self._answered[one] = self._lost[one] = 0.0
        self._usual = self._typical()

"""Round-trip times: smoothed per host and for the whole path, and the timeouts that follow.

RFC 6298: SRTT and RTTVAR with gains 1/8 and 1/4, timeout SRTT + 4 RTTVAR, clamped to the timing
template's bounds. A host without a sample borrows the group's estimate. Answers to a batch of
probes arrive together, so each batch counts as one sample per host (its mean) and its spread goes
into RTTVAR.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import groups
from engine.core.frozen_pages import FrozenPages
from engine.core.paged import PagedArray
from engine.spec.timing import TimingTemplate

_RECENT = 512
_VARIATION_FLOOR = 0.005
"""Seconds; the clock and the scheduler are not finer than this (nmap uses the same floor)."""


_ESTIMATE = np.dtype([("srtt", np.float32), ("var", np.float32)])
"""SRTT and RTTVAR of one host; no round trip takes no time, so 0 stands for unknown."""


class SmoothedTimes(Struct, frozen=True):
    """SRTT per host as it is now, in seconds."""

    estimates: PagedArray

    def __getitem__(self, hosts: NDArray[np.integer]) -> NDArray[np.float32]:
        """SRTT of each host; NaN where there is no sample."""
        known = self.estimates[hosts]["srtt"]
        srtt: NDArray[np.float32] = np.where(known > 0, known, np.float32(np.nan))
        return srtt


class FrozenTimes(Struct, frozen=True):
    """SRTT per host at one moment, in seconds."""

    estimates: FrozenPages

    def __len__(self) -> int:
        return len(self.estimates)

    def __getitem__(self, host: int) -> float:
        """SRTT of one host; NaN where there is no sample."""
        return float(self.estimates[host]["srtt"]) or float("nan")


class RttEstimator:
    """RTT estimates of ``hosts`` hosts. All times in seconds.

    Attributes:
        known: how many hosts there is a sample of.
    """

    def __init__(self, hosts: int) -> None:
        self._estimates = PagedArray(hosts, _ESTIMATE)
        self._group_srtt = float("nan")
        self._group_var = float("nan")
        self._recent = np.full(_RECENT, np.nan)
        self._next = 0
        self.known = 0

    @property
    def smoothed(self) -> SmoothedTimes:
        """SRTT by host: index it with hosts."""
        return SmoothedTimes(self._estimates)

    def frozen(self) -> FrozenTimes:
        """SRTT per host as it is now, for another thread."""
        return FrozenTimes(self._estimates.frozen())

    @property
    def group(self) -> float | None:
        """SRTT over all hosts; None before the first answer."""
        return None if np.isnan(self._group_srtt) else self._group_srtt

    def grow(self, hosts: int) -> None:
        """Make room for more hosts."""
        self._estimates.grow(hosts)

    def sample(self, hosts: NDArray[np.uint32], rtt: NDArray[np.float64]) -> None:
        """Take in the RTTs of answers that arrived together; one entry per answer."""
        if not len(rtt):
            return
        self._remember(rtt)
        self._group_srtt, self._group_var = _blend(
            self._group_srtt, self._group_var, float(rtt.mean()), float(rtt.max() - rtt.min()) / 2
        )
        if self._estimates.count == 1:
            self._estimates[np.zeros(1, np.intp)] = np.array(
                (self._group_srtt, self._group_var), _ESTIMATE
            )
            self.known = 1
            return
        distinct, inverse = groups(hosts.astype(np.uint64))
        counts = np.bincount(inverse)
        mean = np.bincount(inverse, rtt) / counts
        chosen = distinct.astype(np.int64)
        estimates = self._estimates[chosen]
        old, var = estimates["srtt"], estimates["var"]
        delta = mean - old
        known = old > 0
        self.known += len(known) - int(np.count_nonzero(known))
        estimates["var"] = np.where(
            known, var + (np.abs(delta) - var) / 4, np.maximum(mean / 2, _VARIATION_FLOOR)
        )
        estimates["srtt"] = np.where(known, old + delta / 8, mean)
        self._estimates[chosen] = estimates

    def _remember(self, rtt: NDArray[np.float64]) -> None:
        tail = rtt[-_RECENT:]
        at = (self._next + np.arange(len(tail))) % _RECENT
        self._recent[at] = tail
        self._next = int(at[-1] + 1) % _RECENT

    def percentiles(self) -> tuple[float, float] | None:
        """Median and 95th percentile of the last answers; None before the first."""
        known = self._recent[~np.isnan(self._recent)]
        if not len(known):
            return None
        known.sort()
        return float(known[len(known) // 2]), float(known[len(known) * 95 // 100])

    def group_timeout(self, timing: TimingTemplate) -> float:
        """Timeout of a host nothing is known about yet."""
        if np.isnan(self._group_srtt):
            return timing.initial_timeout
        timeout = self._group_srtt + 4 * max(self._group_var, _VARIATION_FLOOR)
        return min(max(timeout, timing.min_timeout), timing.max_timeout)

    def timeouts(self, hosts: NDArray[np.uint32], timing: TimingTemplate) -> NDArray[np.float64]:
        """Timeout of each host."""
        estimates = self._estimates[hosts]
        variation = np.maximum(estimates["var"], _VARIATION_FLOOR)
        unknown = estimates["srtt"] == 0
        timeout: NDArray[np.float64] = (estimates["srtt"] + 4 * variation).astype(np.float64)
        np.clip(timeout, timing.min_timeout, timing.max_timeout, out=timeout)
        timeout[unknown] = self.group_timeout(timing)
        return timeout


def _blend(srtt: float, var: float, sample: float, spread: float) -> tuple[float, float]:
    """One RFC 6298 step (section 2), with the spread of the batch as a floor of the deviation."""
    if np.isnan(srtt):
        return sample, max(sample / 2, spread, _VARIATION_FLOOR)
    deviation = max(abs(sample - srtt), spread)
    return srtt + (sample - srtt) / 8, var + (deviation - var) / 4

"""Round-trip times: smoothed per host and for the whole path, and the timeouts that follow.

RFC 6298: SRTT and RTTVAR with gains 1/8 and 1/4, timeout SRTT + 4 RTTVAR, clamped to the timing
template's bounds. A host without a sample borrows the group's estimate. Answers to a batch of
probes arrive together, so each batch counts as one sample per host (its mean) and its spread goes
into RTTVAR.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import groups
from engine.spec.timing import TimingTemplate

_RECENT = 512
_VARIATION_FLOOR = 0.005
"""Seconds; the clock and the scheduler are not finer than this (nmap uses the same floor)."""


class RttEstimator:
    """RTT estimates of ``hosts`` hosts. All times in seconds."""

    def __init__(self, hosts: int) -> None:
        self._srtt = np.full(hosts, np.nan, np.float32)
        self._var = np.full(hosts, np.nan, np.float32)
        self._group_srtt = float("nan")
        self._group_var = float("nan")
        self._recent = np.full(_RECENT, np.nan)
        self._next = 0

    @property
    def smoothed(self) -> NDArray[np.float32]:
        """SRTT per host, NaN where there is no sample."""
        return self._srtt

    @property
    def group(self) -> float | None:
        """SRTT over all hosts; None before the first answer."""
        return None if np.isnan(self._group_srtt) else self._group_srtt

    def grow(self, hosts: int) -> None:
        """Make room for more hosts."""
        fresh = np.full(max(0, hosts - len(self._srtt)), np.nan, np.float32)
        self._srtt = np.concatenate([self._srtt, fresh])
        self._var = np.concatenate([self._var, fresh])

    def sample(self, hosts: NDArray[np.uint32], rtt: NDArray[np.float64]) -> None:
        """Take in the RTTs of answers that arrived together; one entry per answer."""
        if not len(rtt):
            return
        self._remember(rtt)
        self._group_srtt, self._group_var = _blend(
            self._group_srtt, self._group_var, float(rtt.mean()), float(rtt.max() - rtt.min()) / 2
        )
        if len(self._srtt) == 1:
            self._srtt[0], self._var[0] = self._group_srtt, self._group_var
            return
        distinct, inverse = groups(hosts.astype(np.uint64))
        counts = np.bincount(inverse)
        mean = np.bincount(inverse, rtt) / counts
        known = ~np.isnan(self._srtt[distinct])
        old, var = self._srtt[distinct], self._var[distinct]
        delta = mean - old
        self._srtt[distinct] = np.where(known, old + delta / 8, mean)
        self._var[distinct] = np.where(
            known, var + (np.abs(delta) - var) / 4, np.maximum(mean / 2, _VARIATION_FLOOR)
        )

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
        variation = np.maximum(self._var[hosts], _VARIATION_FLOOR)
        timeout: NDArray[np.float64] = (self._srtt[hosts] + 4 * variation).astype(np.float64)
        unknown = np.isnan(timeout)
        np.clip(timeout, timing.min_timeout, timing.max_timeout, out=timeout)
        timeout[unknown] = self.group_timeout(timing)
        return timeout


def _blend(srtt: float, var: float, sample: float, spread: float) -> tuple[float, float]:
    """One RFC 6298 step (section 2), with the spread of the batch as a floor of the deviation."""
    if np.isnan(srtt):
        return sample, max(sample / 2, spread, _VARIATION_FLOOR)
    deviation = max(abs(sample - srtt), spread)
    return srtt + (sample - srtt) / 8, var + (deviation - var) / 4

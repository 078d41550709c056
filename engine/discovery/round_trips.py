"""How long to wait for the answer to a ping.

Hosts nothing is known about are most of what discovery asks, so two estimates count: one for
neighbours on the own link, one for everybody else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.rtt import RttEstimator
from engine.spec.timing import TimingTemplate

NEIGHBOUR_INITIAL = 0.2
"""Seconds a neighbour gets before any neighbour has answered (nmap's figure)."""
NEIGHBOUR_LEAST = 0.1
"""Seconds every neighbour gets: sleeping radios and busy switches take as long."""
_UNHEARD = 0.1
"""Seconds that stand for the round trip while nobody has answered."""


class RoundTrips:
    """Timeouts of pings, in seconds.

    Attributes:
        hosts: the estimator that a port scan of the same hosts can go on with.
    """

    def __init__(self, timing: TimingTemplate) -> None:
        self.hosts = RttEstimator(0)
        self._routed = RttEstimator(1)
        self._neighbours = RttEstimator(1)
        self.set_timing(timing)

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move to another template's bounds, at once."""
        self._timing = timing

    def grow(self, hosts: int) -> None:
        """Make room for more hosts."""
        self.hosts.grow(hosts)

    @property
    def typical(self) -> float:
        """The round trip that the pace adapts in step with."""
        known = [one.group for one in (self._routed, self._neighbours) if one.group is not None]
        return max(known) if known else _UNHEARD

    @property
    def routed(self) -> float:
        """Timeout of a ping to a host that is not a neighbour."""
        return self._routed.group_timeout(self._timing)

    @property
    def neighbour(self) -> float:
        """Timeout of a ping to a neighbour."""
        if self._neighbours.group is None:
            usual = min(NEIGHBOUR_INITIAL, self._timing.initial_timeout)
            return min(max(usual, self._timing.min_timeout), self._timing.max_timeout)
        return max(self._neighbours.group_timeout(self._timing), NEIGHBOUR_LEAST)

    def sample(
        self,
        hosts: NDArray[np.uint32],
        neighbours: NDArray[np.bool_],
        seconds: NDArray[np.float64],
    ) -> None:
        """Take in the round trips of answers that arrived together; NaN is left out."""
        usable = ~np.isnan(seconds)
        self.hosts.sample(hosts[usable], seconds[usable])
        for estimator, mine in ((self._neighbours, neighbours), (self._routed, ~neighbours)):
            mine = mine & usable
            estimator.sample(hosts[mine], seconds[mine])

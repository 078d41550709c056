"""Backlog: which hosts keep a scan busy, those with most ports left first."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.view import StoreView
from engine.spec.port_state import PortState

MOST = 64
"""Hosts that are named; the others are only counted."""


class Backlog(Struct, frozen=True):
    """Hosts with ports left.

    Attributes:
        hosts: at most MOST of them, most ports left first, in the order of rows where equal.
        left: ports left on each of these.
        count: all hosts with ports left; ports: the ports left on all of them.
    """

    hosts: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    count: int = 0
    ports: int = 0


NO_BACKLOG = Backlog()


def backlog(view: StoreView, skipped: Set[int] = frozenset(), most: int = MOST) -> Backlog:
    """What is left to decide, without the hosts that were ``skipped``.

    It takes time in proportion to the hosts admitted: they are parted round the last one named
    (``np.partition``), and only those named are sorted.
    """
    left = view.row_counts[:, PortState.PENDING]
    if skipped:
        given_up = np.isin(view.hosts, np.fromiter(skipped, np.int64, len(skipped)))
        left = np.where(given_up, 0, left)
    count = int(np.count_nonzero(left))
    if not count:
        return NO_BACKLOG
    rows = _greatest(left, min(most, count))
    return Backlog(
        hosts=tuple(view.hosts[rows].tolist()),
        left=tuple(left[rows].tolist()),
        count=count,
        ports=int(left.sum()),
    )


def _greatest(values: NDArray[np.int64], number: int) -> NDArray[np.intp]:
    """Places of the ``number`` greatest values, greatest first, the earlier first where equal."""
    if number <= 0:
        return np.empty(0, np.intp)
    floor = np.partition(values, -number)[-number]
    above = np.flatnonzero(values > floor)
    equal = np.flatnonzero(values == floor)[: number - len(above)]
    found = np.sort(np.concatenate((above, equal)))
    return found[np.argsort(-values[found], kind="stable")]

"""Witnesses: ports of a host that are known to answer, asked to see whether the host still does."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.core.cells import Cells
from engine.core.ledger import Positions
from engine.spec.reason import Reason

MOST = 6
"""Witnesses named at once."""


class Trust(Enum):
    """What it means that a witness keeps silent: nothing but the path or the host explains it; or
    an empty bucket of RSTs may (engine.core.rounds)."""

    FULL = 0
    RATIONED = 1


_OPEN = (Reason.SYN_ACK, Reason.UDP_RESPONSE, Reason.PROTO_RESPONSE, Reason.INIT_ACK)
_RESETS = (Reason.RESET, Reason.CONN_REFUSED, Reason.ABORT)
_ERRORS = (Reason.PORT_UNREACH, Reason.PROTO_UNREACH)


def witnesses(cells: Cells, at: Positions, since: int, rested: bool) -> tuple[Trust, Positions]:
    """The best witnesses among a host's decided cells, and what their silence would mean.

    Those decided before ``since`` (decision time) may have been asked in another way. Where the
    bucket was ``rested``, ICMP errors, which nearly every host rations, will do.
    """
    at = at[cells.ledger.clocks(at) >= since]
    reasons = cells.ledger.reasons(at)
    kinds = [(Trust.FULL, _OPEN), (Trust.RATIONED, _RESETS)]
    if rested:
        kinds.append((Trust.RATIONED, _ERRORS))
    for trust, answers in kinds:
        good = at[np.isin(reasons, answers)]
        if len(good):
            return trust, _latest(cells, good)
    return Trust.FULL, np.empty(0, np.int64)


def answering(cells: Cells, at: Positions, since: int) -> tuple[Positions, Positions]:
    """Those of the decided cells that are open, and those that sent RSTs, decided after ``since``
    (decision time): they answer whenever they are asked."""
    at = at[cells.ledger.clocks(at) >= since]
    reasons = cells.ledger.reasons(at)
    return at[np.isin(reasons, _OPEN)], at[np.isin(reasons, _RESETS)]


def _latest(cells: Cells, at: Positions) -> NDArray[np.int64]:
    if len(at) <= MOST:
        return at
    times = cells.ledger.clocks(at)
    return at[np.argpartition(times, len(at) - MOST)[-MOST:]]

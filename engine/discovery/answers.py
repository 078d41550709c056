"""From answers to host states: the tables of engine.techniques.host_rules for a whole batch."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.distinct import firsts, groups
from engine.spec.host_state import HostState
from engine.spec.ping import PingKind
from engine.techniques.host_rules import host_outcome

_PINGS = frozenset(PingKind)


class Answers(Struct, frozen=True):
    """What answers say, one entry each: HostState and Reason (uint8). UNKNOWN says nothing, and
    ``ended`` (bool) is true where the question is not worth repeating all the same."""

    state: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    ended: NDArray[np.bool_]

    def of(self, places: NDArray[np.intp]) -> Answers:
        """What the answers at these places say."""
        return Answers(self.state[places], self.reason[places], self.ended[places])


def read_answers(records: NDArray[np.void], ignore_resets: bool) -> Answers:
    """What each REPLY record says. Few different answers arrive, so each is looked up once."""
    codes = records["technique"].astype(np.uint64) << np.uint64(32) | records["answer"]
    distinct, inverse = groups(codes)
    found = np.zeros((len(distinct), 3), np.uint8)
    for place, code in enumerate(distinct.tolist()):
        if code >> 32 not in _PINGS:
            continue
        outcome = host_outcome(PingKind(code >> 32), code & 0xFFFFFFFF, ignore_resets)
        if outcome is not None:
            found[place] = *outcome, outcome.state is HostState.UNKNOWN
    state, reason, ended = found[inverse].T
    return Answers(state, reason, ended.astype(bool))


def each_once(hosts: NDArray[np.uint32], chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places of the first chosen entry of each host."""
    at = np.flatnonzero(chosen)
    return at[firsts(hosts[at].astype(np.int64))]

"""Findings: what was decided about hosts, kept in the roster and reported once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.discovery.answers import Answers
from engine.discovery.roster import Cells, Roster
from engine.discovery.round_trips import RoundTrips
from engine.discovery.verdict import HOST_VERDICT
from engine.spec.host_state import HostState
from engine.spec.reason import Reason

SILENCE = (HostState.DOWN, Reason.NO_RESPONSE)
_BARRED = (HostState.UNKNOWN, Reason.PERM_DENIED)


class Findings:
    """Decides hosts of a roster. Every method takes each host once."""

    def __init__(self, roster: Roster, round_trips: RoundTrips) -> None:
        self._roster = roster
        self._round_trips = round_trips
        self._verdicts: list[NDArray[np.void]] = []

    def believe(
        self, records: NDArray[np.void], cells: Cells, ticks: NDArray[np.uint32], said: Answers
    ) -> None:
        """Decide hosts by answers: REPLY records that came at ``ticks``, and what they say."""
        if not len(records):
            return
        hosts = records["host"]
        verdicts = _verdicts(hosts, said.state, said.reason)
        verdicts["ttl"], verdicts["kind"] = records["ttl"], records["technique"]
        verdicts["port"], verdicts["time"] = records["port"], records["time"]
        seconds = self._roster.round_trips(cells, records["attempt"], ticks)
        verdicts["rtt"] = seconds
        up = said.state == HostState.UP
        self._round_trips.sample(hosts[up], self._roster.neighbours(hosts[up]), seconds[up])
        self._roster.state[hosts] = said.state
        self._roster.reason[hosts] = said.reason
        self._roster.close(hosts)
        self._verdicts.append(verdicts)

    def decide(
        self, now: float, hosts: NDArray[np.uint32], state: HostState, reason: Reason
    ) -> None:
        """Decide the open ones of these hosts without an answer. Those called down before, and
        only asked again to make sure, are not called down twice."""
        if not len(hosts):
            return
        roster = self._roster
        fresh = hosts[roster.is_open[hosts] & (roster.state[hosts] == HostState.UNKNOWN)]
        roster.state[fresh] = state
        roster.reason[fresh] = reason
        roster.close(hosts)
        self.tell(fresh, now)

    def finish(self, now: float, probes: NDArray[np.void], *, refused: bool = False) -> None:
        """These PROBEs (or REPLYs to them) are asked no more; ``refused``: somebody else said that
        it is no use. Hosts whose last one that was are down, or, where none was ever allowed to
        leave, unknown."""
        if not len(probes):
            return
        cells = self._roster.locate(probes)
        spent = self._roster.finish(probes["host"], cells, refused=refused)
        barred = self._roster.unasked(spent)
        self.decide(now, spent[~barred], *SILENCE)
        self.decide(now, spent[barred], *_BARRED)

    def tell(self, hosts: NDArray[np.uint32], now: float = float("nan")) -> None:
        """Report hosts as the roster has them."""
        if len(hosts):
            known = self._roster.hosts[hosts]
            verdicts = _verdicts(hosts, known["state"], known["reason"])
            verdicts["time"] = now
            self._verdicts.append(verdicts)

    def take(self) -> NDArray[np.void]:
        """HOST_VERDICTs since the last call, in the order they were reached."""
        taken = np.concatenate([np.empty(0, HOST_VERDICT), *self._verdicts])
        self._verdicts.clear()
        return taken


def _verdicts(
    hosts: NDArray[np.uint32], state: NDArray[np.uint8], reason: NDArray[np.uint8]
) -> NDArray[np.void]:
    verdicts = np.zeros(len(hosts), HOST_VERDICT)
    verdicts["host"], verdicts["state"], verdicts["reason"] = hosts, state, reason
    verdicts["rtt"] = np.nan
    return verdicts

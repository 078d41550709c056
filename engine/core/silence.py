"""Silence: whether it is to be believed.

When all probes to the hosts of a scan are answered or timed out, the ports that gave no answer are
looked at again. Some got fewer copies than the loss known by now asks for. Some may have been
asked too fast (engine.core.proof). Some may belong to hosts that ration their answers
(engine.core.rounds). All of these are asked again, until their silence has a meaning. Hosts with a
lane of their own are looked at when they are done, the others together.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.answers import Answers
from engine.core.batch import UNKNOWN_ATTEMPT
from engine.core.cells import TICKS_PER_SECOND, Cells
from engine.core.distinct import distinct
from engine.core.drying import dried_up
from engine.core.evidence import Evidence, Next
from engine.core.forecast import Measured
from engine.core.lane_outlook import Standing
from engine.core.lanes import Lane, Lanes
from engine.core.ledger import Positions
from engine.core.loss import LEAST_COPIES
from engine.core.pace import Pace
from engine.core.send_queue import LAST_ATTEMPT, SendQueue
from engine.core.steady import Steady
from engine.core.walks import name_cells
from engine.core.yields import Yields
from engine.spec.scan_type import Protocol
from engine.spec.timing import TimingTemplate

MOST_REVIEWS = 40
"""Rounds of asking silent ports again at the end of a scan whose answers went missing."""
_OVERFLOWING = 0.25
"""Share of answers that are missing where a queue may overflow."""
FEW_RETRIES = 3
"""Re-sends allowed below which nobody looks twice."""
MOST_WEIGHED = 512
"""Hosts whose silence is weighed one by one; beyond them what is known of all decides."""
_RATIONING = np.zeros(256, np.uint8)
"""The bit of each protocol in Answers.rationable."""
for _protocol in Protocol:
    _RATIONING[_protocol] = 1 << _protocol


_TCP = _RATIONING[Protocol.TCP]


class Silence:
    """Looks at the silent cells of one scan."""

    def __init__(
        self,
        cells: Cells,
        queue: SendQueue,
        lanes: Lanes,
        answers: Answers,
        pace: Pace,
        evidence: Evidence,
        defeat: frozenset[Protocol] = frozenset(),
    ) -> None:
        """``defeat``: protocols whose closed ports are not waited for."""
        self._defeat = defeat
        self._cells = cells
        self._ledger = cells.ledger
        self._queue = queue
        self._lanes = lanes
        self._answers = answers
        self._pace = pace
        self._evidence = evidence
        self._yields = Yields(cells.ledger, TICKS_PER_SECOND)
        self._answers_before = 0
        self._reviews = 0

    def begin_anew(self) -> None:
        """Ports are asked again by order of the user."""
        self._reviews = 0
        self._evidence.begin_anew()

    def watch(
        self,
        now: float,
        records: NDArray[np.void],
        timeouts: Callable[[NDArray[np.uint32]], NDArray[np.float64]],
    ) -> None:
        """Answers that decided cells: give hosts that turn out to ration their RSTs a lane, before
        their silent ports are asked any further. ``timeouts``: of hosts, in seconds."""
        if Protocol.TCP in self._defeat:
            return
        later = (records["attempt"] > 0) & (records["attempt"] != UNKNOWN_ATTEMPT)
        later &= records["protocol"] == Protocol.TCP
        for lane, mine in self._lanes.among(records["host"]):
            if not isinstance(lane.governor, Steady):
                later &= ~mine
        for host in self._yields.note(records["host"][later]) if later.any() else ():
            timeout = float(timeouts(np.array([host], np.uint32))[0])
            rate = self._yields.ration(host, now - self._cells.began, timeout)
            if rate:
                self._lanes.open(host, self._pace).follow(now, rate)
                self._answers.host_loss.forget(host)
                self._answers.rationable[host] |= _RATIONING[Protocol.TCP]
                self._pace.acquit(now)

    def review(self, now: float, timing: TimingTemplate) -> bool:
        """Look at the silent cells of hosts without a lane; True when nothing is asked again at the
        common pace. Hosts that may ration their answers, or were asked too fast, get a lane and are
        asked there."""
        gained = self._answers.total - self._answers_before
        self._answers_before = self._answers.total
        silent = self._ledger.silent()
        hosts, _ = self._ledger.name(silent)
        common = ~self._lanes.apart[hosts]
        silent, hosts = silent[common], hosts[common]
        done = self._weigh(now, silent, hosts, timing)
        common = ~self._lanes.apart[hosts]
        silent, hosts = silent[common], hosts[common]
        doubtful = self._ledger.tries(silent) < self.copies(hosts, timing)
        if self._pace.uncertain and gained and self._reviews < MOST_REVIEWS:
            heard = self._answers.host_loss.answered(hosts) > 0  # a dead host is not too slow
            heard &= ~np.isin(hosts, self._evidence.proven)
            doubtful |= heard & (self._ledger.tries(silent) <= timing.max_retries)
        self._reviews += 1
        if self._ask_again(silent[doubtful]) or not done:
            return False
        self._suspect_dried_up(silent)
        for host in distinct(hosts[self._may_be_rationed(silent, self._pace.explained)]).tolist():
            self.review_lane(now, self._lanes.open(host, self._pace), timing)
        return True

    def _weigh(
        self, now: float, silent: Positions, hosts: NDArray[np.uint32], timing: TimingTemplate
    ) -> bool:
        """Weigh the silence of hosts that have answered; False where answers must be waited for.
        Those to be asked slowly get a lane."""
        done = True
        for host in distinct(hosts[self._answers.host_loss.answered(hosts) > 0])[:MOST_WEIGHED]:
            mine = silent[hosts == host]
            advice = self._evidence.weigh(
                int(host), mine, self._pace.rate, self._pace.explains, timing
            )
            done &= advice.step is not Next.WAIT
            if advice.step is Next.ASK_SLOWLY and len(self._queue.counted(advice.doubtful)):
                self._lanes.open(int(host), Steady(now, max(advice.rate, timing.min_rate)))
                self._ask_again(advice.doubtful)
                self._pace.acquit(now)
        return done

    def review_lane(self, now: float, lane: Lane, timing: TimingTemplate) -> None:
        """Look at the silent cells of a host all of whose probes are answered or timed out: ask
        them again, or close the lane."""
        gained = lane.end_round()
        silent = self._ledger.positions(host=lane.host)
        silent = silent[self._cells.is_silent(silent)]
        if not lane.rounds.begun and lane.governor is not self._pace:
            rate = lane.governor.rate
            advice = self._evidence.weigh(lane.host, silent, rate, False, timing)
            if advice.step is Next.WAIT:
                self._lanes.stirred.add(lane.host)
                return
            steady = max(advice.rate, timing.min_rate)
            if advice.step is Next.ASK_SLOWLY and not isinstance(lane.governor, Steady):
                lane.governor = Steady(now, steady)
            elif advice.rate and isinstance(lane.governor, Steady):
                lane.governor.change(now, steady)
            if self._ask_again(advice.doubtful):
                return
            lane.fast = rate
        doubtful = self._may_be_rationed(silent)
        fast = lane.fast or self.fast_rate(timing)
        ration = None
        if doubtful.any():
            host = np.array([lane.host], np.uint32)
            resets = int(self._answers.rationable[lane.host]) == int(_RATIONING[Protocol.TCP])
            resets = resets and float(self._answers.host_loss.shares(host)[0]) < _OVERFLOWING
            ration = lane.rounds.next(now, gained, fast, timing.min_rate, resets)
        if ration is not None:
            lane.governor = ration
            if self._ask_again(silent[doubtful]):
                return
        self._answers.rationable[lane.host] = 0
        self._lanes.close(lane.host)

    def copies_first(self, hosts: NDArray[np.uint32], timing: TimingTemplate) -> NDArray[np.int64]:
        """How many copies silent ports of these hosts get before their silence is looked at. Where
        few ports answer it is not known why answers go missing, and more would go the same way."""
        copies = self.copies(hosts, timing)
        if timing.max_retries < FEW_RETRIES:
            return copies
        known = self._reviews or self._pace.explains or self._pace.mostly_answered
        early = np.full(len(hosts), not known)
        if self._lanes:
            apart = self._lanes.apart[hosts]
            early[apart] = ~np.isin(hosts[apart], self._evidence.on_path)
        # a ration of RSTs shows in the answers to further copies (engine.core.yields)
        early &= self._answers.opened[hosts] | (self._answers.rationable[hosts] & _TCP == 0)
        few: NDArray[np.int64] = np.where(early, np.minimum(copies, LEAST_COPIES), copies)
        return few

    def copies(self, hosts: NDArray[np.uint32], timing: TimingTemplate) -> NDArray[np.int64]:
        """How many copies silent ports of these hosts deserve."""
        return self._answers.host_loss.copies(hosts, timing.max_retries)

    @property
    def may_ask_in_rounds(self) -> bool:
        """Whether a host has given answers that hosts ration, so that silent ports will be asked
        in rounds."""
        kinds = self._answers.rationed_kinds
        if self._pace.explained or self._pace.speed_dependent:
            kinds &= int(_RATIONING[Protocol.UDP]) | int(_RATIONING[Protocol.IP])
        return kinds > 0

    def standing(
        self, lane: Lane, due: int, measured: Measured, timing: TimingTemplate
    ) -> Standing:
        """How it stands with a host that has a lane. ``due``: cells that will wait there soon."""
        host = lane.host
        decided = self._ledger.positions(host=host)
        silent = int(np.count_nonzero(self._cells.is_silent(decided)))
        flying = int(self._cells.flying_by_host[host])
        answered = len(decided) - silent
        ahead = self._evidence.rounds_ahead(host, timing)
        waiting, best = lane.waiting + due, measured.best_share
        return Standing(waiting, flying, silent, answered, ahead, best, measured.flowing)

    def _hosts(self, at: Positions) -> NDArray[np.uint32]:
        return self._ledger.name(at)[0]

    def _suspect_dried_up(self, silent: Positions) -> None:
        if Protocol.TCP in self._defeat:
            return
        began, ended = self._cells.first_copies
        hosts = dried_up(self._ledger, silent, ended - began, TICKS_PER_SECOND)
        self._answers.rationable[hosts] |= _RATIONING[Protocol.TCP]

    def fast_rate(self, timing: TimingTemplate) -> float:
        """How fast, in probes per second, a host may be asked that has not been too slow so far."""
        return self._pace.rate if self._pace.speed_dependent else timing.start_rate

    def _may_be_rationed(self, silent: Positions, explained: bool = False) -> NDArray[np.bool_]:
        """Silent cells whose hosts gave other ports the answer that would be missing here.
        ``explained``: answers are known to get lost, so that a lost RST means nothing."""
        hosts, channels = self._ledger.name(silent)
        suspects = self._answers.rationable[hosts]
        doubtful: NDArray[np.bool_] = (suspects & _RATIONING[channels >> 16]) != 0
        for protocol in self._defeat:
            doubtful &= channels >> 16 != protocol
        if explained:
            doubtful &= np.isin(channels >> 16, (Protocol.UDP, Protocol.IP))
        return doubtful

    def _ask_again(self, at: Positions) -> bool:
        """Send silent cells another copy; False when none qualifies."""
        at = self._queue.counted(at)
        if not len(at):
            return False
        cells = name_cells(*self._ledger.name(at))
        cells["technique"] = self._queue.assignment.of_probes(cells)
        cells["attempt"] = np.minimum(self._ledger.tries(at), LAST_ATTEMPT)
        self._cells.reopen(at, cells["attempt"])
        self._queue.add_resend(cells)
        return True

"""Answers: what a batch of answers changes.

Each answer is classified by its technique, decides its cell if the cell may be decided by it, and
tells something about the path: a round trip, a loss, that it still answers at this speed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import UNKNOWN_ATTEMPT, ReplyBatch, gather
from engine.core.cells import TICKS_PER_SECOND, Cells
from engine.core.distinct import distinct, firsts
from engine.core.host_loss import HostLoss
from engine.core.lanes import Governor, Lanes
from engine.core.ledger import Positions
from engine.core.loss import LossEstimate
from engine.core.pace import Pace
from engine.core.paged import PagedArray
from engine.core.rtt import RttEstimator
from engine.core.send_queue import SendQueue
from engine.core.verdict import Verdicts
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.upgrade import may_replace

_HASTE = 0.05
"""Seconds an answer may seem to come before its probe: the times of probes sent by one system call
are interpolated."""
_FINEST = 1e-5
"""Shortest round trip, in seconds, that is told apart from none."""


_SAYS_CLOSED = np.isin(np.arange(256), [PortState.CLOSED, PortState.UNFILTERED])
"""By state: the answers that hosts ration."""
_RATIONED_BY_DEFAULT = np.isin(np.arange(256), [Protocol.UDP, Protocol.IP])
"""By protocol: closed ports are told of by ICMP errors, which every Linux host rations."""

Timeouts = Callable[[NDArray[np.uint32]], NDArray[np.float64]]
"""Seconds that answers of hosts are waited for now."""
OnAnswers = Callable[[NDArray[np.uint32], NDArray[np.float64]], None]
"""Takes hosts, and when the probes left that they answered (NaN unknown)."""


class Answers:
    """Takes in the answers to one scan's probes.

    Attributes:
        loss: loss over all hosts; host_loss: the same by host.
        total: answers that decided a cell, late ones included.
        rationable: by host, a bit for each protocol some of whose ports said "closed" in a way that
            the host may ration: ICMP errors, and RSTs and ABORTs after others that went missing.
        rationed_kinds: the bits of all hosts together, since the scan began.
        by_copy: answers to first, to second and to third copies.
        opened: by host, whether a port is known to be open.
        on_answers: is told of the answers that decide cells.
    """

    def __init__(
        self,
        cells: Cells,
        queue: SendQueue,
        lanes: Lanes,
        rtt: RttEstimator,
        pace: Pace,
        timeouts: Timeouts,
        defeat: frozenset[Protocol] = frozenset(),
    ) -> None:
        """``defeat``: protocols whose closed ports are not waited for."""
        self._timeouts = timeouts
        self._defeated = np.isin(np.arange(256), list(defeat))
        self._cells = cells
        self._ledger = cells.ledger
        self._queue = queue
        self._lanes = lanes
        self._rtt = rtt
        self._pace = pace
        self.loss = LossEstimate()
        self.host_loss = HostLoss(cells.ledger.host_count)
        self.total = 0
        self.rationable = PagedArray(cells.ledger.host_count, np.uint8)
        self.rationed_kinds = 0
        self.by_copy = [0, 0, 0]
        self.opened = PagedArray(cells.ledger.host_count, bool)
        self.on_answers: OnAnswers = lambda hosts, departures: None

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self.host_loss.grow(self._ledger.host_count)
        self.rationable.grow(self._ledger.host_count)
        self.opened.grow(self._ledger.host_count)

    def forgive(self) -> None:
        """What was lost so far was the speed's doing."""
        self.loss.reset()
        self.host_loss.forgive()

    def feed(self, now: float, replies: ReplyBatch) -> NDArray[np.intp]:
        """Take in answers. Returns the places in ``replies`` of those that decided a cell."""
        if not len(replies):
            return np.empty(0, np.intp)
        at = self._ledger.locate(replies.records)
        verdicts = replies.verdicts
        useful = np.flatnonzero((at >= 0) & (verdicts.state != 0))
        taken = [np.empty(0, np.intp)]
        while len(useful):
            # One answer per cell at a time: a second one in the batch meets the state of the first.
            kinds = replies.records["technique"][useful]
            useful = useful[self._acceptable(at[useful], verdicts.state[useful], kinds)]
            if not len(useful):
                break
            first = firsts(at[useful])
            chosen, useful = useful[first], np.delete(useful, first)
            self._decide(now, at[chosen], gather(replies.records, chosen), verdicts.only(chosen))
            taken.append(chosen)
        return np.concatenate(taken)

    def _decide(
        self, now: float, at: Positions, records: NDArray[np.void], verdicts: Verdicts
    ) -> None:
        """Decide cells, each once, by answers."""
        awaited = self._ledger.open_questions(at)
        news = awaited | self._cells.is_silent(at)  # a second answer says nothing of the path
        rtt = self._round_trips(at, records, awaited)
        self._count(now, at[news], gather(records, news), verdicts.state[news])
        self._cells.answer(now, at, records, verdicts, rtt)
        self.on_answers(records["host"], records["time"] - rtt)

    def _acceptable(
        self, at: Positions, states: NDArray[np.uint8], techniques: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """Cells answers with these states, to these techniques, may decide: those that wait for
        one, those given up as silent, and those whose first answer says less (see UPGRADES).
        "Unfiltered" is no news after silence, unless the silence was an ACK scan's own: it says
        less than the type that the user switched to since."""
        wanted = may_replace(self._ledger.states(at), states, techniques)
        silent = np.flatnonzero(self._cells.is_silent(at))
        if len(silent):
            own = self._queue.assignment.of(*self._ledger.name(at[silent])) == ScanType.ACK
            wanted[silent] = (states[silent] != PortState.UNFILTERED) | own
        acceptable: NDArray[np.bool_] = wanted | self._ledger.open_questions(at)
        acceptable &= self._ledger.tries(at) > 0
        return acceptable

    def _round_trips(
        self, at: Positions, records: NDArray[np.void], awaited: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Seconds from probe to answer, NaN where the answered copy's time is not known.

        An answer to an earlier copy than the last counts the time between the two as well; leaving
        it out would let a timeout that is too short stay so for ever.
        """
        rtt = self._cells.ages(at, self._cells.microseconds(records["time"]))
        known = awaited & (records["attempt"] != UNKNOWN_ATTEMPT)
        behind = self._ledger.tries(at).astype(np.int64) - 1 - records["attempt"]
        if not awaited.all():
            self._learn_of_slow_hosts(at, records, ~awaited & self._cells.is_silent(at), behind)
        known &= behind >= 0  # copies are counted from 0 again where those before told nothing
        rtt[~known | (rtt < -_HASTE)] = np.nan
        np.maximum(rtt, _FINEST, out=rtt)  # NaN stays NaN
        earlier = known & (behind > 0)
        if earlier.any():
            # Copies of a port leave at about equal distances.
            share = behind[earlier] / (self._ledger.tries(at[earlier]) - 1.0)
            rtt[earlier] += self._ledger.spans(at[earlier]) * share
        usable = ~np.isnan(rtt)
        self._rtt.sample(records["host"][usable], rtt[usable])
        return rtt

    def _learn_of_slow_hosts(
        self,
        at: Positions,
        records: NDArray[np.void],
        late: NDArray[np.bool_],
        behind: NDArray[np.int64],
    ) -> None:
        """Hosts whose first answers come after the silence of their ports was believed take longer
        than the timeouts learnt from others. When the copies left is forgotten by then, but they
        were a timeout apart, and so was the decision."""
        hosts = records["host"]
        late = late & (behind >= 0) & np.isnan(self._rtt.smoothed[hosts])
        late &= records["attempt"] != UNKNOWN_ATTEMPT
        if late.any():
            decided = self._ledger.clocks(at[late]) / TICKS_PER_SECOND + self._cells.began
            waited = self._timeouts(hosts[late]) * (1 + behind[late])
            self._rtt.sample(hosts[late], np.maximum(records["time"][late] - decided, 0.0) + waited)

    def _count(
        self, now: float, at: Positions, records: NDArray[np.void], states: NDArray[np.uint8]
    ) -> None:
        hosts = records["host"]
        later = (records["attempt"] > 0) & (records["attempt"] != UNKNOWN_ATTEMPT)
        lost = later & (self._ledger.lost_lately(at) | self._cells.is_silent(at))
        lost &= ~(_SAYS_CLOSED[states] & self._defeated[records["protocol"]])
        for lane_of_some, mine in self._lanes.among(hosts):
            if lane_of_some.losses_known:
                lost &= ~mine
        telling = ~later | lost
        losses = np.where(lost, records["attempt"], 0)
        gone = int(losses.sum())
        self.loss.note(int(np.count_nonzero(telling)) + gone, gone)
        self.host_loss.note(hosts[telling], losses[telling])
        self.total += len(at)
        self.by_copy[0] += len(at) - int(np.count_nonzero(later))
        if later.any():
            for copy in (1, 2):
                self.by_copy[copy] += int(np.count_nonzero(records["attempt"] == copy))
        self._note_rationable(records, states, later)
        opened = states == PortState.OPEN
        if opened.any():
            self.opened[hosts[opened]] = True
        common = ~self._lanes.apart[hosts]
        for host in distinct(hosts[~common]).tolist() if not common.all() else ():
            mine = hosts == host
            lane = self._lanes.of(host)
            if lane is not None:
                lane.note_answers(int(np.count_nonzero(mine)))
                _tell(now, lane.governor, later[mine], lost[mine])
                self._lanes.stirred.add(host)
        _tell(now, self._pace, later[common], lost[common])

    def _note_rationable(
        self, records: NDArray[np.void], states: NDArray[np.uint8], later: NDArray[np.bool_]
    ) -> None:
        closed = _SAYS_CLOSED[states]
        closed &= ~self._defeated[records["protocol"]]
        closed &= later | _RATIONED_BY_DEFAULT[records["protocol"]]
        if closed.any():
            bits = np.left_shift(1, records["protocol"][closed], dtype=np.uint8)
            self.rationed_kinds |= int(np.bitwise_or.reduce(bits))
            self.rationable.combine(np.bitwise_or, records["host"][closed], bits)


def _tell(
    now: float, governor: Governor, later: NDArray[np.bool_], lost: NDArray[np.bool_]
) -> None:
    gone = int(np.count_nonzero(lost))
    governor.note_answers(now, len(later), len(later) - int(np.count_nonzero(later)) + gone, gone)

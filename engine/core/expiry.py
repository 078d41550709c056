"""Expiry: probes that are out, and what becomes of those whose time is up.

A probe without an answer in time says something about its port only if its host could be heard
(engine.core.vigil). If so, a further copy is sent, or silence is taken for the answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch
from engine.core.distinct import distinct, firsts
from engine.core.ledger import Positions
from engine.core.outstanding import Outstanding
from engine.core.parts import ScanParts
from engine.core.patience import PATIENCE
from engine.core.send_queue import LAST_ATTEMPT
from engine.core.walks import shuffled


class Expiry:
    """The probes of one scan that are out. Times are seconds."""

    def __init__(self, parts: ScanParts) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._cells = parts.cells
        self._queue = parts.queue
        self._lanes = parts.lanes
        self._vigil = parts.vigil
        self._outstanding = Outstanding()
        self._group_timeout = parts.timing.initial_timeout

    @property
    def next_look(self) -> float:
        """When a probe's time may be up; infinity when nothing is out."""
        return self._outstanding.next_look

    @property
    def timeout(self) -> float:
        """Seconds that the answers to the probes now sent are waited for, as a rule."""
        return self._group_timeout + float(PATIENCE[self._queue.techniques].max())

    def add(self, probes: ProbeBatch, sent_at: NDArray[np.float64]) -> None:
        """Probes left."""
        self._outstanding.add(probes, sent_at, self._parts.timeouts)

    def adapt(self) -> None:
        """Follow the round trip, once it has changed much."""
        timeout = self._parts.rtt.group_timeout(self._parts.timing)
        if not 0.8 < timeout / self._group_timeout < 1.25:
            self._reschedule(timeout)

    def follow_timing(self) -> None:
        """Another template's bounds hold."""
        self._reschedule(self._parts.rtt.group_timeout(self._parts.timing))

    def _reschedule(self, timeout: float) -> None:
        self._group_timeout = timeout
        self._outstanding.reschedule(self._parts.timeouts)

    # ---------------------------------------------------------------- time is up

    def expire(self, now: float) -> None:
        """Go on with probes whose time was up by ``now``."""
        late = self._outstanding.expired(now, self._parts.timeouts, self._still_waiting)
        if not len(late):
            return
        at = self._ledger.locate(late)
        once = np.sort(firsts(at))  # on a virtual clock two copies may leave in one microsecond
        late, at = late[once], at[once]
        self._cells.land(at)
        for lane, mine in self._lanes.among(late["host"]):
            lane.governor.note_silence(int(np.count_nonzero(mine)))
            self._lanes.serve(now, lane)
        telling = self._vigil.sift(now, late, at, self._exhausted(late))
        self._go_on(now, late[telling], at[telling])

    def _still_waiting(self, probes: ProbeBatch, sent_at: NDArray[np.float64]) -> NDArray[np.bool_]:
        return self._cells.flying(self._ledger.locate(probes), sent_at)

    def judge(self, now: float) -> None:
        """Go on with probes whose hosts were watched."""
        judged = self._vigil.judge(now)
        for late in judged.silent:
            late = late[self._wanted_still(late)]
            self._go_on(now, late, self._ledger.locate(late))
        for late in judged.anew:
            late = late[self._wanted_still(late) & ~self._ledger.flying(self._ledger.locate(late))]
            self._ledger.reopen(self._ledger.locate(late), 0)
            self._parts.sentinels.forget(distinct(late["host"]))  # they were not heard, either
            late["attempt"] = 0
            self._queue.add_resend(late)

    def _wanted_still(self, probes: ProbeBatch) -> NDArray[np.bool_]:
        """Probes that were kept back whose cells nobody has answered or given up meanwhile."""
        wanted: NDArray[np.bool_] = self._queue.assignment.of_probes(probes) != 0
        wanted &= ~self._queue.are_dropped(probes["host"])
        return wanted & self._ledger.open_questions(self._ledger.locate(probes))

    def _exhausted(self, late: ProbeBatch) -> NDArray[np.bool_]:
        """Probes without an answer whose cells get no further copy."""
        current: NDArray[np.bool_] = late["technique"] == self._queue.assignment.of_probes(late)
        first = self._parts.silence.copies_first(late["host"], self._parts.timing)
        return current & (late["attempt"] + 1 >= first)

    def _go_on(self, now: float, late: ProbeBatch, at: Positions) -> None:
        """Probes got no answer: send further copies, or take silence for the answer."""
        technique_now = self._queue.assignment.of_probes(late)
        exhausted = self._exhausted(late)
        self._cells.settle(now, at[exhausted], late["technique"][exhausted])
        unwanted = technique_now == 0
        self._cells.give_up(at[unwanted])
        again = shuffled(late[~exhausted & ~unwanted])
        again["attempt"] = np.minimum(again["attempt"] + 1, LAST_ATTEMPT)
        self._queue.add_resend(again)

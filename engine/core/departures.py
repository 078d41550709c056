"""Departures: which probes leave now, when the next may, and what became of them.

Questions whether hosts still answer go first, then probes whose lanes let them pass, then all
others at the common pace; among further copies travel questions what silence is worth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import REFUSED, ProbeBatch, SendReport, empty_probes, gather, joined
from engine.core.batch_size import BatchSize
from engine.core.expiry import Expiry
from engine.core.paces import Paces
from engine.core.parts import ScanParts
from engine.core.patience import LINGER
from engine.core.poll import RETRY_PAUSE

_WITNESS, _SENTINEL = 1, 2
"""Kinds of probes that are no copy of a port's probe: see engine.core.vigil and sentinels."""
_PLENTY = 8_192
"""Probes that wait to be sent, next to which those of one piece do not count."""


class Departures:
    """What leaves, of one scan. Times are seconds.

    Attributes:
        last_sent: when the last probe of a port left.
        leaving: cells whose first probe was handed out, and is not known to have left.
        sent_total, resent_total: probes that left, and those of them that were not the first.
    """

    def __init__(self, parts: ScanParts, paces: Paces, expiry: Expiry) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._cells = parts.cells
        self._queue = parts.queue
        self._lanes = parts.lanes
        self._pace = parts.pace
        self._vigil = parts.vigil
        self._sentinels = parts.sentinels
        self._paces = paces
        self._expiry = expiry
        self._batch_size = BatchSize()
        self._blocked_until = 0.0
        self._questioning: tuple[ProbeBatch, NDArray[np.uint8]] | None = None
        self.last_sent = 0.0
        self.leaving = 0
        self.sent_total = 0
        self.resent_total = 0

    # ---------------------------------------------------------------- before

    def take(self, now: float, most: int) -> ProbeBatch:
        """The probes that may leave now, ``most`` at most."""
        room = 0 if now < self._blocked_until else min(self._room(now), most)
        if not room:
            return empty_probes()
        batch = self._vigil.questions(now, room)
        witnesses = len(batch)
        batch = joined([batch, self._sentinels.take_volleys(room - len(batch))])
        questions = len(batch)
        room -= questions
        probes = self._take_probes(now, room - self._spare(room))
        probes, among = self._sentinels.mix(now, probes, room - len(probes))
        kinds = np.zeros(questions + len(probes), np.uint8)
        kinds[:witnesses] = _WITNESS
        kinds[witnesses:questions] = _SENTINEL
        kinds[questions:][among] = _SENTINEL
        batch = joined([batch, probes])
        self._questioning = (batch, kinds) if kinds.any() else None
        self.leaving += int(np.count_nonzero(batch["attempt"] == 0))
        return batch

    @property
    def cruising(self) -> bool:
        """Whether there are thousands of probes to send at a pace without bounds, and no questions
        or lanes of single hosts."""
        timing = self._parts.timing
        bounded = timing.max_rate or timing.scan_delay or self._pace.parallelism
        apart = len(self._lanes) or self._questioning or self._sentinels.under_way
        return not bounded and not apart and self._queue.waiting >= _PLENTY

    def _spare(self, room: int) -> int:
        """How much of the ``room`` is kept for sentinels among other probes."""
        if not self._sentinels.under_way:
            return 0
        return max(room // 3, 1 if self._sentinels.owing else 0)

    def _take_probes(self, now: float, room: int) -> ProbeBatch:
        """The next probes that are no questions."""
        passing = empty_probes()
        if len(self._lanes):
            passing = self._queue.wanted(self._lanes.take(now, room))
        cells = self._vigil.hold(self._queue.take(room - len(passing)))
        if not len(self._lanes):
            return cells
        apart = self._lanes.apart[cells["host"]]
        if apart.any():
            self._lanes.add(now, cells[apart])
        return joined([passing, gather(cells, ~apart)])

    def _room(self, now: float) -> int:
        timing = self._parts.timing
        room = min(self._pace.allowance(now), self._batch_size.most)
        if not (timing.max_rate or timing.scan_delay):
            room = max(room, timing.min_parallelism - self._parts.in_flight)
        if self._pace.parallelism:
            room = min(room, self._pace.parallelism - self._parts.in_flight)
        return max(room, 0)

    def next_due(self, now: float) -> float:
        """When a probe may leave or a question is over, if nothing happens before; infinity for
        never."""
        parallel = self._pace.parallelism
        wake = self._sentinels.next_over(now)
        due = min(self._lanes.next_due, self._vigil.next_due)
        if parallel and self._parts.in_flight >= parallel:
            freed = self._vigil.next_due  # then its question waits for an answer no more
            return min(wake, freed) if freed > now else wake
        if self._queue.waiting:
            wake = min(wake, self._opens(now, self._queue.waiting))
        if self._sentinels.unsent:
            due = now
        return min(wake, max(due, self._opens(now, 1)))

    def _opens(self, now: float, waiting: int) -> float:
        """When the common pace lets the first of ``waiting`` probes pass."""
        return max(self._pace.next_allowed(now, waiting), self._blocked_until)

    # ---------------------------------------------------------------- after

    def note(self, now: float, batch: ProbeBatch, report: SendReport) -> None:
        """Take in what became of the batch taken last, or of a part of it while cruising."""
        self.leaving -= int(np.count_nonzero(batch["attempt"] == 0))
        self._batch_size.note(len(batch), now - self._parts.polled_at)
        if self._questioning is not None and self._questioning[0] is batch:
            batch, report = self._note_questions(now, batch, report)
        refused = report.sent_at == REFUSED
        if refused.any():
            self._cells.give_up(self._ledger.locate(batch[refused]))
            batch, report = batch[~refused], SendReport(report.sent_at[~refused], report.problems)
        left = ~np.isnan(report.sent_at)
        for problem in report.problems:
            if not problem.lasting and problem.errno:
                self._pace.note_pressure(now)
        if not left.all():
            self._blocked_until = now + RETRY_PAUSE
            self._queue.put_back(batch[~left])
            batch = gather(batch, left)
        if len(batch):
            self._note_left(now, batch, report.sent_at[left])

    def _note_left(self, now: float, batch: ProbeBatch, sent_at: NDArray[np.float64]) -> None:
        """Probes of ports left: wait for their answers."""
        self.sent_total += len(batch)
        self.resent_total += int(np.count_nonzero(batch["attempt"]))
        self.last_sent = float(sent_at.max())
        steady = self._paces.note_sent(now, batch["host"])
        if self._parts.timing.host_timeout:
            self._parts.clock.begin(now, batch["host"])
        at = self._ledger.locate(batch)
        open_still = self._ledger.open_questions(at)  # a copy before may have been answered since
        if not open_still.all():
            batch, at = gather(batch, open_still), at[open_still]
            sent_at, steady = sent_at[open_still], steady[open_still]
        self._cells.fly(at, batch["attempt"], sent_at, steady)
        self._expiry.add(batch, sent_at)

    def _note_questions(
        self, now: float, batch: ProbeBatch, report: SendReport
    ) -> tuple[ProbeBatch, SendReport]:
        """Some probes of a batch asked ports that are known to answer: no cell waits for them.
        Returns the others."""
        assert self._questioning is not None
        kinds, self._questioning = self._questioning[1], None
        asked = kinds > 0
        questions, left = batch[asked], report.sent_at[asked] >= 0
        mine = kinds[asked] == _SENTINEL
        if mine.any():
            timeouts = self._parts.timeouts(questions[mine])
            timeouts[np.isnan(self._parts.rtt.smoothed[questions["host"][mine]])] += LINGER
            self._sentinels.note_sent(now, questions[mine], left[mine], timeouts)
        self._paces.note_sent(now, questions["host"][left])
        self.sent_total += int(np.count_nonzero(left))
        self.resent_total += int(np.count_nonzero(left))
        return batch[~asked], SendReport(report.sent_at[~asked], report.problems)

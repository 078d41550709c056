"""Ending: when everything asked is answered or timed out, what is asked again, and when it is over.

Hosts with a lane are looked at one by one when their probes are done, all others together
(engine.core.silence). Then the scan listens on for a while where an answer may still come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.departures import Departures
from engine.core.ledger import Positions
from engine.core.paces import Paces
from engine.core.parts import ScanParts
from engine.core.patience import LINGER
from engine.techniques.registry import technique

_TRUSTED = 30
"""Answers without loss after which the path counts as clean."""


class Ending:
    """The end of one scan. Times are seconds."""

    def __init__(self, parts: ScanParts, paces: Paces, departures: Departures) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._cells = parts.cells
        self._lanes = parts.lanes
        self._queue = parts.queue
        self._silence = parts.silence
        self._vigil = parts.vigil
        self._sentinels = parts.sentinels
        self._paces = paces
        self._departures = departures
        self._reviewed = False
        self._linger_until = 0.0

    @property
    def linger_until(self) -> float:
        """Until when to listen once everything is decided; for nothing where all has answered, at
        last in a lane."""
        return self._linger_until if self._cells.silent else 0.0

    def put_off(self) -> None:
        """There is work again: look at what is silent once more when that is done."""
        self._reviewed = False

    def hear(self, hosts: NDArray[np.uint32]) -> None:
        """Answers of these hosts decided cells: late ones may tell of losses."""
        if self._reviewed and not self._lanes.apart[hosts].all():
            self.put_off()

    def reached(self, now: float) -> bool:
        """Whether every cell is decided and nothing more is awaited."""
        over = self._parts.idle and not self._lanes
        return over and self._reviewed and now >= self.linger_until

    @property
    def over_at(self) -> float | None:
        """When listening ends; None while there is anything else to do."""
        return self.linger_until if self._reviewed and self._parts.idle else None

    # ---------------------------------------------------------------- looking at silence

    def review(self, now: float, *, expect_more: bool) -> None:
        """Whatever is sent and answered or timed out: is its silence to be believed?
        ``expect_more``: further hosts will come, so that this is not the end."""
        self._review_lanes(now)
        if self._reviewed or expect_more or self._queue.waiting or self._parts.common_in_flight:
            return
        if self._vigil.busy or self._sentinels.busy(now):
            return
        if self._silence.review(now, self._parts.timing):
            self._reviewed = True
            silent = self._ledger.silent()
            linger = self._needs_linger(silent)
            self._linger_until = self._departures.last_sent + LINGER if linger else now

    def _review_lanes(self, now: float) -> None:
        """Look at the hosts with a lane all of whose probes are answered or timed out."""
        stirred = self._lanes.take_stirred()
        idle = self._parts.idle
        if idle:
            stirred.update(self._lanes.hosts.tolist())  # nothing else will happen to them
        for host in stirred:
            lane = self._lanes.of(host)
            if lane is None or self._cells.flying_by_host[host] or (lane.waiting and not idle):
                continue
            waits = self._vigil.watches(host) or self._sentinels.awaits(now, host)
            if self._queue.waiting or waits:
                self._lanes.stirred.add(host)  # some of its probes may be among these
            else:
                self._silence.review_lane(now, lane, self._parts.timing)

    @property
    def may_lack_syn_acks(self) -> bool:
        """Whether a SYN/ACK may have been lost, which the target re-sends."""
        return self._awaits_syn_ack and not self._clean

    @property
    def will_lack_syn_acks(self) -> bool:
        """Whether one is expected to be: where few answers tell, questions will tell more
        (engine.core.sentinels)."""
        return self.may_lack_syn_acks and not self._questions_expected

    @property
    def _questions_expected(self) -> bool:
        loss = self._parts.answers.loss
        return loss.samples > 0 and loss.share == 0.0 and self._parts.asks_questions

    def _needs_linger(self, silent: Positions) -> bool:
        """Late answers are worth waiting for where a host gave none at all (its round trip may be
        longer than the others' timeouts), and where a SYN/ACK may have been lost: ports stayed
        silent and the path is not known to be clean."""
        if not len(silent):
            return False
        rtt = self._parts.rtt
        hosts, _ = self._ledger.name(silent)
        if rtt.group is not None and np.isnan(rtt.smoothed[hosts]).any():
            return True
        return self.may_lack_syn_acks

    @property
    def _clean(self) -> bool:
        """Whether the path is known to lose nothing."""
        loss = self._parts.answers.loss
        return loss.samples >= _TRUSTED and loss.share == 0.0

    @property
    def _awaits_syn_ack(self) -> bool:
        used = self._queue.assignment.scan_types
        return any(technique(scan_type).awaits_syn_ack for scan_type in used)

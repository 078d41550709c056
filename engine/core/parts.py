"""ScanParts: what one scan's core is made of, and what can only be said of several parts together.

The parts know no more of each other than they were given here. Who decides with them
(engine.core.departures, expiry, ending, ...) is given them all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.answers import Answers
from engine.core.batch import ProbeBatch
from engine.core.cells import Cells
from engine.core.evidence import Evidence
from engine.core.host_clock import HostClock
from engine.core.lanes import Lanes
from engine.core.ledger import Ledger
from engine.core.pace import Pace
from engine.core.patience import PATIENCE
from engine.core.quiet_hosts import QuietHosts
from engine.core.rtt import RttEstimator
from engine.core.send_queue import SendQueue
from engine.core.sentinels import Sentinels
from engine.core.silence import FEW_RETRIES, Silence
from engine.core.vigil import Vigil
from engine.spec.scan import Shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TimingTemplate

_SWIFT = 20.0
"""Probes per second from which on a few dozen more cost little time."""


class ScanParts:
    """The parts of one scan. Times are seconds.

    Attributes:
        ledger: the memory of each cell, and cells: what is counted of them.
        timing: the template whose bounds hold now.
        defeat: protocols whose closed ports are not waited for where hosts ration their answers.
        queue: which probes wait; lanes: those that wait for hosts with a pace of their own.
        pace, rtt: of the common path; answers: what answers tell.
        silence, vigil, sentinels, quiet: what is made of silence; see their modules.
        clock: how long each host has been scanned.
        polled_at: when it was last asked what to send.
    """

    def __init__(
        self,
        ledger: Ledger,
        scan_types: tuple[ScanType, ...],
        timing: TimingTemplate,
        *,
        seed: int,
        shard: Shard,
        defeat: frozenset[Protocol],
    ) -> None:
        self.ledger = ledger
        self.timing = timing
        self.defeat = defeat
        self.polled_at = 0.0
        self.pace = pace = Pace(timing)
        self.rtt = rtt = RttEstimator(ledger.host_count)
        self.cells = cells = Cells(ledger, defeat)
        self.queue = queue = SendQueue(ledger, scan_types, seed, shard)
        self.lanes = lanes = Lanes(ledger.host_count)
        self.answers = answers = Answers(
            cells, queue, lanes, rtt, pace, lambda hosts: rtt.timeouts(hosts, self.timing), defeat
        )
        resets = Protocol.TCP not in defeat
        self.sentinels = Sentinels(cells, queue, self._may_be_asked, resets)
        evidence = Evidence(cells, self.sentinels, answers)
        self.silence = Silence(cells, queue, lanes, answers, pace, evidence, defeat)
        self.vigil = Vigil(cells, queue, lanes, pace, rtt, answers, timing)
        self.quiet = QuietHosts(ledger, queue, self.copies)
        self.clock = HostClock(ledger.host_count)

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self.rtt.grow(self.ledger.host_count)
        self.cells.grow()
        self.clock.grow(self.ledger.host_count)
        self.lanes.grow(self.ledger.host_count)
        self.answers.grow()
        self.vigil.grow()
        self.queue.grow()

    def set_timing(self, timing: TimingTemplate) -> None:
        """Another template's bounds hold."""
        self.timing = timing
        self.pace.set_timing(timing)
        self.vigil.set_timing(timing)
        for lane in self.lanes:
            lane.governor.set_timing(timing)

    def timeouts(self, probes: ProbeBatch) -> NDArray[np.float64]:
        """Seconds each probe awaits its answer."""
        patience: NDArray[np.float64] = PATIENCE[probes["technique"]]
        return self.rtt.timeouts(probes["host"], self.timing) + patience

    def copies(self, hosts: NDArray[np.uint32]) -> NDArray[np.int64]:
        """How many copies silent ports of these hosts deserve."""
        return self.silence.copies(hosts, self.timing)

    def _may_be_asked(self, host: int) -> bool:
        """Whether ports of the host that answered may be asked what silence is worth. Who wants few
        copies gets none of these; in a slow scan they would take longer than they are worth, and
        its copies are far apart as it is. Where answers are rationed each costs one."""
        if not self.asks_questions:
            return False
        lane = self.lanes.of(host)
        if lane is not None and lane.rounds.begun:
            return False
        heard = self.answers.host_loss.answered(np.array([host], np.uint32))[0] > 0
        return bool(heard) and self.sentinels.possible(host)

    @property
    def asks_questions(self) -> bool:
        """Whether ports that answered are asked what silence is worth."""
        return self.timing.max_retries >= FEW_RETRIES and self.pace.rate >= _SWIFT

    @property
    def unsent(self) -> int:
        """Probes that wait to be sent, first copies and re-sends that are due."""
        return self.queue.waiting + self.lanes.waiting

    @property
    def in_flight(self) -> int:
        """Cells with a probe out whose time is not up, and questions whether hosts still answer."""
        questions = self.vigil.out(self.polled_at)
        questions += self.sentinels.out(self.polled_at)
        return self.cells.in_flight + questions

    @property
    def common_in_flight(self) -> int:
        """Probes in flight to hosts without a lane."""
        apart = int(self.cells.flying_by_host[self.lanes.hosts].sum()) if self.lanes else 0
        return self.cells.in_flight - apart

    @property
    def idle(self) -> bool:
        """Whether every cell is decided and none waits for an answer."""
        return self.cells.open == 0 and self.cells.in_flight == 0

"""Cells: what a scan's core knows of its cells beside the ledger: how many, and since when.

The ledger keeps the state of each cell. Here it is counted what is undecided, decided, silent and
in flight, so that nobody has to look through the ledger to know, and clocks are translated: the
ledger's are microseconds modulo 2**32 since the scan began.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct_bytes, firsts
from engine.core.ledger import FOREIGN, Ledger, Positions
from engine.core.paged import PagedArray
from engine.core.verdict import Verdicts
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import FROM_TARGET
from engine.techniques.registry import technique

TICKS_PER_SECOND = 10_000
"""Of the clock that tells when cells were decided."""
_LAST_TICK = 0xFFFFFFFF


class Cells:
    """The cells of one scan, counted.

    Attributes:
        open: cells to decide; decided: cells decided in the current pass.
        silent: decided cells that never answered; in_flight: cells with a probe out, and
        flying_by_host the same by host index.
        first_copies: when the first and the last cell was asked for the first time, in seconds
            since the scan began.
    """

    def __init__(self, ledger: Ledger, defeat: frozenset[Protocol] = frozenset()) -> None:
        """``defeat``: protocols whose closed ports are not waited for; where silence would mean
        open|filtered, it then means closed|filtered."""
        self.ledger = ledger
        self._defeat = defeat
        self._began: float | None = None
        self._newly: list[Positions] = []
        self.open = 0
        self.decided = 0
        self.silent = 0
        self.in_flight = 0
        self.first_copies = (math.inf, -math.inf)
        self.flying_by_host = PagedArray(ledger.host_count, np.int32)

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self.flying_by_host.grow(self.ledger.host_count)

    # ---------------------------------------------------------------- clocks

    def begin(self, now: float) -> None:
        """The scan's clock starts, unless it runs already."""
        if self._began is None:
            self._began = now

    @property
    def began(self) -> float:
        """When the clock started; 0 while it has not."""
        return self._began or 0.0

    def microseconds(self, times: NDArray[np.float64]) -> NDArray[np.uint32]:
        """Times (seconds) on the ledger's clock."""
        began = self._began or 0.0
        ticks: NDArray[np.uint32] = (((times - began) * 1e6).astype(np.int64) & 0xFFFFFFFF).astype(
            np.uint32
        )
        return ticks

    def ages(self, at: Positions, ticks: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Seconds from the cells' last probe to ``ticks`` (32-bit clocks: up to 35 minutes)."""
        ages: NDArray[np.float64] = (ticks - self.ledger.clocks(at)).view(np.int32) / 1e6
        return ages

    def decision_time(self, now: float) -> int:
        """A time (seconds) on the clock that tells when cells were decided, TICKS_PER_SECOND."""
        return min(int((now - (self._began or 0.0)) * TICKS_PER_SECOND), _LAST_TICK)

    # ---------------------------------------------------------------- probes

    def fly(
        self,
        at: Positions,
        attempts: NDArray[np.uint8],
        sent_at: NDArray[np.float64],
        steady: NDArray[np.float64],
    ) -> None:
        """Copies number ``attempts`` (from 0) left at ``sent_at``. ``steady``: for how long the
        pace has been what it is, in seconds."""
        ticks = self.microseconds(sent_at)
        again, gaps = attempts > 0, self.ages(at, ticks)
        spans = np.where(again, self.ledger.spans(at) + gaps, 0.0)
        at_this_pace = again & ~np.isnan(spans) & (gaps < steady)
        self.ledger.note_sent(at, attempts + np.uint8(1), ticks, at_this_pace, spans)
        self._count_flying(at, 1)
        if not again.all():
            earliest, latest = self.first_copies
            times = sent_at[~again] - (self._began or 0.0)
            self.first_copies = (
                min(earliest, float(times.min())),
                max(latest, float(times.max())),
            )

    def land(self, at: Positions) -> None:
        """The probes' time is up."""
        self.ledger.land(at)
        self._count_flying(at, -1)

    def _count_flying(self, at: Positions, step: int) -> None:
        self.in_flight += step * len(at)
        if self.flying_by_host.count == 1:
            self.flying_by_host[0] = self.in_flight
        else:
            self.flying_by_host.combine(np.add, self.ledger.name(at)[0], step)

    def flying(self, at: Positions, sent_at: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Probes that are the last copy of their cell, still out. The time tells, not the number of
        the copy: a rescan counts its copies from 0 again while earlier ones may be outstanding."""
        flying: NDArray[np.bool_] = self.ledger.flying(at) & (at >= 0)  # -1: let go since
        flying &= self.ledger.clocks(at) == self.microseconds(sent_at)
        return flying

    # ---------------------------------------------------------------- decisions

    def is_silent(self, at: Positions) -> NDArray[np.bool_]:
        """Cells decided by the lack of an answer."""
        silent: NDArray[np.bool_] = self.ledger.reasons(at) == Reason.NO_RESPONSE
        return silent

    def settle(self, now: float, at: Positions, techniques: NDArray[np.uint8]) -> None:
        """Decide cells by silence."""
        for number in distinct_bytes(techniques):
            mine = at[techniques == number]
            scan_type = ScanType(number)
            outcome = technique(scan_type).silence
            state = outcome.state
            if scan_type is ScanType.UDP and Protocol.UDP in self._defeat:
                state = PortState.CLOSED_FILTERED
            self.ledger.decide(
                mine,
                state=state,
                reason=outcome.reason,
                technique=number,
                ttl=0,
                flags=0,
                rtt=float("nan"),
                clock=self.decision_time(now),
            )
            self.silent += len(mine)
            self._count_decided(mine)

    def answer(
        self,
        now: float,
        at: Positions,
        records: NDArray[np.void],
        verdicts: Verdicts,
        rtt: NDArray[np.float64],
    ) -> None:
        """Decide cells, each once, by answers. ``rtt``: seconds, NaN unknown."""
        awaited = self.ledger.open_questions(at)
        late = ~awaited & self.is_silent(at)
        landed = at[awaited | late]
        self._count_flying(landed[self.ledger.flying(landed)], -1)
        foreign = (records["answer"] & FROM_TARGET) == 0
        self.ledger.decide(
            at,
            state=verdicts.state,
            reason=verdicts.reason,
            technique=records["technique"],
            ttl=records["ttl"],
            flags=np.where(foreign, FOREIGN, 0).astype(np.uint8),
            rtt=rtt * 1e3,
            clock=self.decision_time(now),
        )
        self._count_decided(at[awaited])
        self._newly.append(at[~awaited])
        self.silent -= int(np.count_nonzero(late))

    def _count_decided(self, at: Positions) -> None:
        self.open -= len(at)
        self.decided += len(at)
        self._newly.append(at)

    def reopen(
        self, at: Positions, tries: NDArray[np.uint8] | int, *, new_pass: bool = False
    ) -> None:
        """Send decided cells back to undecided, as after ``tries`` copies."""
        self.silent -= int(np.count_nonzero(self.is_silent(at)))
        self.ledger.reopen(at, tries, new_pass=new_pass)
        self.open += len(at)
        self.decided -= len(at)

    def give_up(self, at: Positions) -> None:
        """Ask about undecided cells no more. An earlier answer counts again."""
        self._count_flying(at[self.ledger.flying(at)], -1)
        self.open -= len(at)
        self.decided += int(np.count_nonzero(self.ledger.states(at)))
        self.silent += int(np.count_nonzero(self.is_silent(at)))
        self.ledger.close(at)

    def take_newly_decided(self) -> Positions:
        """Positions decided since the last call, each once, even if silence and a late answer both
        decided it."""
        if not self._newly:
            return np.empty(0, np.int64)
        newly = np.concatenate(self._newly)
        if len(self._newly) > 1:
            newly = newly[np.sort(firsts(newly))]
        self._newly.clear()
        return newly

"""Traffic: what leaves and what comes in one turn of a scan, ports and host discovery together.

Both share one transport, and where the user bounds the whole scan, one bound: hosts are found
first then, and what one of them sends counts against the other's pace, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from engine.admission import Admission
from engine.core.batch import ProbeBatch, ReplyBatch, SendReport
from engine.core.poll import NO_BOUND
from engine.core.scan_core import ScanCore
from engine.doubts import Doubts
from engine.finder import HostFinder
from engine.overlap import Overlap
from engine.rest import Rest
from engine.spec.ping import PingKind
from engine.transport.base import Transport

LONGEST_WAIT = 0.05
"""Seconds the engine sleeps at most while a scan runs, so that its figures stay fresh."""
_FIRST_PING = min(PingKind)

Prober: TypeAlias = HostFinder | ScanCore


class Traffic:
    """The exchange of one scan with its transport."""

    def __init__(
        self,
        core: ScanCore,
        finder: HostFinder | None,
        doubts: Doubts,
        admission: Admission,
        transport: Transport,
        *,
        note_problems: Callable[[SendReport, Prober], None],
        take_in: Callable[[float, ReplyBatch], None],
    ) -> None:
        """``finder`` is None for scans without host discovery. ``note_problems`` is told what
        became of the probes of either; ``take_in`` gets the answers of ports, and their time."""
        self._core = core
        self._finder = finder
        self._doubts = doubts
        self._admission = admission
        self._transport = transport
        self._note_problems = note_problems
        self._take_in = take_in
        self._overlap = Overlap(lambda batch, report: self._note_sent(core, batch, report))
        self._rest = Rest()
        self._heard = 0

    # ---------------------------------------------------------------- a turn

    def settle(self) -> None:
        """Note what became of the batch that is leaving, so that the next one can be chosen. At
        full speed its last probes may still be on their way."""
        if self._core.cruising:
            self._overlap.settle_most()
        else:
            self._overlap.settle()

    def exchange(self, now: float) -> ReplyBatch:
        """Send what may leave, and return what has come, or comes before there is something else
        to do: after LONGEST_WAIT at the latest. The answers are for hear()."""
        if not self._core.paused:
            bounded = self._rate_bounded
            self._doubts.ask(now, self._transport, self._core.pace, bounded=bounded)
        if not self._overlap.holding:
            self._core.heard = now
        wake_at, sent = self._let_leave(now)
        self._overlap.settle_rest()
        self._take_in_held(now)
        return self._receive(now, wake_at, sent)

    def hear(self, now: float, replies: ReplyBatch) -> None:
        """Take in answers, but hold back those that may be to probes just leaving: when these left
        is not known yet."""
        if not len(replies):
            return
        pings = replies.records["technique"] >= _FIRST_PING
        if self._finder is not None and pings.any():
            self._finder.feed(now, replies.only(pings))
        replies = replies.only(~pings)
        if not self._overlap.hold(now, replies):
            self._take_in(now, replies)

    def catch_up(self) -> None:
        """Wait for the batch that is leaving and take in what has come."""
        self._overlap.settle()
        self._take_in_held(self._transport.now())

    def over(self, now: float) -> bool:
        """Whether nothing leaves or is waited for any more."""
        return not self._overlap.under_way and self._all_known(now)

    def _all_known(self, now: float) -> bool:
        found = self._finder is None or self._finder.finished(now)
        return found and self._core.finished(now) and not self._doubts.busy

    # ---------------------------------------------------------------- what leaves

    @property
    def _rate_bounded(self) -> bool:
        return bool(self._core.timing.max_rate or self._core.timing.scan_delay)

    def _let_leave(self, now: float) -> tuple[float, int]:
        """Send what may leave now. Returns when there will be more to do at the latest, and how
        many probes left."""
        wake_at, sent = min(now + LONGEST_WAIT, self._doubts.wake_at), 0
        for prober, most in self._probers():
            poll = prober.poll(now, most)
            if not prober.finished(now):  # else it has nothing to be woken for
                wake_at = min(wake_at, poll.wake_at)
            if len(poll.batch):
                sent += len(poll.batch)
                self._send(prober, poll.batch)
        return wake_at, sent

    def _probers(self) -> Iterator[tuple[Prober, int]]:
        """Who may send now, and how many probes at most. Where the template bounds the rate or the
        parallelism of the whole scan, hosts are found first, and the bound is for both together."""
        core, finder, timing = self._core, self._finder, self._core.timing
        if finder is None:
            yield core, NO_BOUND
            return
        parallel = timing.max_parallelism or NO_BOUND
        yield finder, max(0, parallel - core.in_flight - finder.core.in_flight)
        alone = (self._rate_bounded or timing.max_parallelism) and finder.asking
        yield core, 0 if alone else max(0, parallel - core.in_flight - finder.core.in_flight)

    def _send(self, prober: Prober, batch: ProbeBatch) -> None:
        """Let a batch leave: the probes of ports while answers are taken in; see catch_up()."""
        if prober is self._core and not self._admission.huge:
            self._overlap.begin(batch, self._transport.begin(batch))
        else:
            self._note_sent(prober, batch, self._transport.send(batch))

    def _note_sent(self, prober: Prober, batch: ProbeBatch, report: SendReport) -> None:
        now = self._transport.now()
        prober.sent(now, batch, report)
        self._charge(now, prober, report)
        self._note_problems(report, prober)

    def _charge(self, now: float, prober: Prober, report: SendReport) -> None:
        """Where the rate is bounded, count what left against the pace of the other side, too."""
        if self._finder is None or not self._rate_bounded:
            return
        other = self._finder.core if prober is self._core else self._core
        other.pace.allowance(now)  # up to date, so that the debt is not forgotten
        other.pace.note_sent(0, int(np.count_nonzero(~np.isnan(report.sent_at))))

    # ---------------------------------------------------------------- what comes

    def _receive(self, now: float, wake_at: float, sent: int) -> ReplyBatch:
        if self._overlap.under_way or self._all_known(now):
            replies = self._transport.receive(now)
        else:
            awaited = self._core.pace.parallelism > 0
            rest = self._rest.after(sent, self._heard, awaited=awaited)
            replies = self._transport.receive(wake_at, rest)
        self._heard = len(replies)
        return replies

    def _take_in_held(self, now: float) -> None:
        """Take in the answers that came while the batch before was leaving."""
        if self._overlap.holding:
            held, read_at = self._overlap.take_held()
            for replies in held:
                self._take_in(now, replies)
            self._core.heard = read_at

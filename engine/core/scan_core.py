"""ScanCore: decides what to send and when, and what an answer changes.

Sans-I/O: no socket, no clock, no thread. The owner calls, in a loop,

1. ``poll(now)``: what may be sent at once, and when to come back at the latest;
2. ``sent(now, batch, report)``: what became of it;
3. ``feed(now, replies)``: what came back; also between 1 and 2, for batches before;

and the commands whenever the user gives them. Times are seconds on any monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.answers import Answers
from engine.core.batch import (
    REFUSED,
    ProbeBatch,
    ReplyBatch,
    SendReport,
    empty_probes,
    gather,
    joined,
)
from engine.core.batch_size import BatchSize
from engine.core.cells import Cells
from engine.core.distinct import distinct, firsts
from engine.core.forecast import Measured
from engine.core.host_clock import HostClock
from engine.core.lane_outlook import lanes_remaining
from engine.core.lanes import Lanes
from engine.core.ledger import Ledger, Positions
from engine.core.loss import LossEstimate, copies_needed
from engine.core.outlook import Outlook
from engine.core.outstanding import Outstanding
from engine.core.pace import Pace
from engine.core.patience import PATIENCE
from engine.core.quiet_hosts import QuietHosts
from engine.core.rounds import REFILL
from engine.core.rtt import RttEstimator
from engine.core.send_queue import LAST_ATTEMPT, SendQueue
from engine.core.sentinels import Sentinels
from engine.core.silence import Silence
from engine.core.vigil import Vigil
from engine.core.walks import name_cells, shuffled
from engine.spec.scan import WHOLE, Shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TimingTemplate
from engine.techniques.registry import technique

LINGER = 1.2
"""Seconds to listen on after the last probe when a SYN/ACK may have been lost: Linux re-sends it
after 1 s (tcp_synack_retries; RFC 6298 section 2 gives the initial timeout)."""
_SLOW_START = 1 / 16
"""Share of the template's start rate at which a host that cannot follow is asked at first."""
NO_BOUND = 1 << 30
"""More probes than ever leave at once."""
_SWIFT = 20.0
"""Probes per second from which on a few dozen more cost little time."""
_MANY_COPIES = 3
"""Re-sends allowed from which on answered ports may be asked again as well."""
RETRY_PAUSE = 0.01
"""Seconds before a probe that could not leave is tried again."""
_TRUSTED = 30
"""Answers without loss after which the path counts as clean."""


class Poll(NamedTuple):
    """What to send now, and the time of the next poll at the latest."""

    batch: ProbeBatch
    wake_at: float


class ScanCore:
    """One scan's decisions. Cells live in ``ledger``; host indices belong to an AddressBook."""

    def __init__(
        self,
        ledger: Ledger,
        scan_types: tuple[ScanType, ...],
        timing: TimingTemplate,
        *,
        seed: int,
        shard: Shard = WHOLE,
        defeat: frozenset[Protocol] = frozenset(),
        name: Callable[[int], str] = "host {}".format,
    ) -> None:
        """``defeat``: protocols whose closed ports are not waited for where hosts ration their
        answers. ``name`` names a host in what limit() says."""
        self._ledger = ledger
        self._timing = timing
        self._queue = SendQueue(ledger, scan_types, seed, shard)
        self.rtt = RttEstimator(ledger.host_count)
        self.pace = Pace(timing)
        self._cells = Cells(ledger, defeat)
        self._defeat = defeat
        self._name = name
        self._clock = HostClock(ledger.host_count)
        self._timed_out: list[int] = []
        self._lanes = Lanes(ledger.host_count)
        self._answers = Answers(self._cells, self._queue, self._lanes, self.rtt, self.pace, defeat)
        self._silence = Silence(
            self._cells, self._queue, self._lanes, self._answers, self.pace, defeat
        )
        self._vigil = Vigil(
            self._cells, self._queue, self._lanes, self.pace, self.rtt, self._answers, timing
        )
        self._sentinels = Sentinels(self._cells, self._queue)
        self.quiet = QuietHosts(ledger, self._queue, self._copies)
        self._outstanding = Outstanding()
        self._last_sent = 0.0
        self._blocked_until = 0.0
        self._batch_size = BatchSize()
        self._polled_at = 0.0
        self._group_timeout = timing.initial_timeout
        self._reviewed = False
        self._linger_until = 0.0
        self.heard = math.inf  # answers that came later are not taken in yet
        self.paused = False
        self.expect_more = False  # whether hosts may still be admitted: no end before
        self._questions = 0  # how many of the probes handed out last are such
        self.sent_total = 0
        self.resent_total = 0

    # ---------------------------------------------------------------- work

    def admit(
        self,
        hosts: NDArray[np.uint32],
        channels: NDArray[np.uint32],
        *,
        sharded: bool = False,
        rtt: NDArray[np.float64] | None = None,
    ) -> None:
        """Probe hosts (indices, each once) on channels (uint32, of one protocol, most wanted first)
        that were not asked of them before. Other hosts may follow at any time.

        ``sharded`` leaves the cells of other shards out; channels beyond the first such list of
        the protocol are not shared out, so that ports a user adds are all probed here.
        ``rtt`` are round trips in seconds that are known already, NaN where not. Raises
        StoreFullError when the ledger cannot hold so many cells.
        """
        self._ledger.admit(hosts)
        if rtt is not None:
            known = ~np.isnan(rtt)
            self.rtt.sample(hosts[known], rtt[known])
        self._cells.open += self._queue.admit(hosts, channels, sharded=sharded)
        self._reviewed = False

    @property
    def unsent(self) -> int:
        """Probes that wait to be sent, first copies and re-sends that are due."""
        return self._queue.waiting + self._lanes.waiting

    @property
    def ready(self) -> int:
        """Those of the unsent that the pace alone holds back: of hosts without a lane."""
        return self._queue.waiting

    @property
    def open_cells(self) -> int:
        """Cells to decide."""
        return self._cells.open

    @property
    def decided(self) -> int:
        """Cells decided in the current pass."""
        return self._cells.decided

    @property
    def in_flight(self) -> int:
        """Cells with a probe out whose time is not up, and questions whether hosts still answer."""
        questions = self._vigil.out(self._polled_at)
        questions += self._sentinels.out(self._polled_at)
        return self._cells.in_flight + questions

    @property
    def answered_total(self) -> int:
        """Answers that decided a cell."""
        return self._answers.total

    @property
    def answered_copies(self) -> tuple[int, int]:
        """Answers to first and to second copies."""
        return self._answers.firsts, self._answers.seconds

    @property
    def loss(self) -> LossEstimate:
        """Loss over all hosts."""
        return self._answers.loss

    @property
    def silent_share(self) -> float:
        """Share of the decided cells that never answered, 0..1."""
        return self._cells.silent / self.decided if self.decided else 0.0

    @property
    def _idle(self) -> bool:
        return self.open_cells == 0 and self._cells.in_flight == 0

    def limit(self) -> str:
        """What limits the speed right now, in plain words."""
        if self.paused:
            return "paused"
        if self._lanes and not self._queue.waiting:
            slow = self._lanes.describe(self._name)
            if slow:
                return slow
        quiet = self._vigil.quiet
        if quiet and not self._queue.waiting:
            others = f" and {len(quiet) - 1:,} more" if quiet[1:] else ""
            return f"waiting for {self._name(quiet[0])}{others} to answer again"
        if not self.unsent and self.in_flight:
            return f"waiting for {self.in_flight:,} silent ports"
        if not self.unsent and not self.open_cells:
            return "waiting for hosts" if self.expect_more else "listening for late answers"
        parallel = self.pace.parallelism
        if parallel and self.in_flight >= parallel and not self.pace.limit:
            return f"T{self._timing.number} allows {parallel} probe at a time"
        return self.pace.limit

    def finished(self, now: float) -> bool:
        """True when every cell is decided and nothing more is awaited."""
        idle = self._idle and not self.expect_more and not self._lanes
        return idle and self._reviewed and now >= self._linger_until

    # ---------------------------------------------------------------- sending

    def poll(self, now: float, most: int = NO_BOUND) -> Poll:
        """What may be sent now, ``most`` probes at most: 0 while somebody else has the turn. Call
        again at ``wake_at`` or when something happened."""
        self._polled_at = now
        self._cells.begin(now)
        self._expire(min(now, self.heard))
        self._adapt(now)
        if self.paused:
            self._clock.stop(now)
            return Poll(empty_probes(), self._outstanding.next_look)
        self._clock.go(now)
        self._give_up_late(now)
        self._judge(now)
        if not self.open_cells:
            self._queue.clear()  # what still waits belongs to hosts or protocols given up
        self._review(now)
        room = 0 if now < self._blocked_until else min(self._room(now), most)
        batch = self._take(now, room) if room else empty_probes()
        return Poll(batch, self._wake_at(now, bool(len(batch)), most))

    def _take(self, now: float, room: int) -> ProbeBatch:
        """The next probes: questions whether hosts still answer, those whose lanes let them pass,
        then others."""
        batch = self._vigil.questions(now, room)
        batch = joined([batch, self._sentinels.take(room - len(batch))])
        self._questions = len(batch)
        if len(self._lanes):
            passing = self._queue.wanted(self._lanes.take(now, room - len(batch)))
            batch = joined([batch, passing])
        cells = self._vigil.hold(self._queue.take(room - len(batch)))
        if not len(batch) and not len(self._lanes):
            return cells
        apart = self._lanes.apart[cells["host"]]
        if apart.any():
            self._lanes.add(now, cells[apart])
        return joined([batch, gather(cells, ~apart)])

    def _room(self, now: float) -> int:
        room = min(self.pace.allowance(now), self._batch_size.most)
        if not (self._timing.max_rate or self._timing.scan_delay):
            room = max(room, self._timing.min_parallelism - self.in_flight)
        if self.pace.parallelism:
            room = min(room, self.pace.parallelism - self.in_flight)
        return max(room, 0)

    def _give_up_late(self, now: float) -> None:
        """Drop the hosts whose time is over and that are not done."""
        timeout = self._timing.host_timeout
        for host in self._clock.over(now, timeout).tolist() if timeout else ():
            if len(self._queue.counted(self._ledger.pending(host=host))):
                self.drop_host(host)
                self._timed_out.append(host)

    def take_timed_out(self) -> list[int]:
        """Hosts given up since the last call because their time was over."""
        late, self._timed_out = self._timed_out, []
        return late

    def outlook(self, now: float, cells_left: int, measured: Measured) -> Outlook:
        """What is still to be done. ``cells_left``: cells of hosts that wait for admission."""
        began, unasked, timeout = self._cells.began, self._queue.unasked, self.timeout
        loss = max(self.loss.share, measured.loss)
        return Outlook(
            unasked=unasked + cells_left,
            due=self.ready - unasked,
            in_flight=self._common_in_flight,
            answered=self.answered,
            silent=self._cells.silent,
            first_ended=began + self._cells.first_copies[1],
            last_sent=self._last_sent,
            pace=self.pace.rate,
            parallelism=self.pace.parallelism,
            copies=copies_needed(loss, self._timing.max_retries),
            timeout=timeout,
            round_trip=self.rtt.group,
            loss=min(loss, 0.9),
            uncertain=self.pace.uncertain,
            linger=self._expected_linger(timeout),
            pause=REFILL if self._silence.may_ask_in_rounds else 0.0,
            round_rate=self._silence.fast_rate(self._timing),
            over_at=self._over_at,
            lanes=lanes_remaining(
                self._lanes,
                now,
                timeout,
                lambda host: self._silence.standing(host, measured.best_share),
            ),
        )

    @property
    def timeout(self) -> float:
        """Seconds that the answers to the probes now sent are waited for, as a rule."""
        return self._group_timeout + self._patience

    @property
    def _over_at(self) -> float | None:
        """When listening ends; None while there is anything else to do."""
        done = self._reviewed and self._idle and not self.expect_more
        return self._linger_until if done else None

    @property
    def silence_takes(self) -> float:
        """Seconds from a port's first copy until it is called silent, as a rule."""
        return self.loss.copies(self._timing.max_retries) * self.timeout

    def _expected_linger(self, timeout: float) -> float:
        """Seconds from the last probe to the end, if ports stay silent: SYN/ACKs get lost."""
        hosts = (self.open_cells + self.decided) / max(len(self._ledger.channels), 1)
        dark = self.answered and self.rtt.known < hosts
        return LINGER if dark or (self._awaits_syn_ack and not self._clean) else timeout

    @property
    def asked(self) -> int:
        """Cells of the current pass of whose probe a copy has left."""
        return self.open_cells + self.decided - self._queue.unasked - self._lanes.unasked

    @property
    def answered(self) -> int:
        """Cells of the current pass that were answered."""
        return self.decided - self._cells.silent

    def _wake_at(self, now: float, sending: bool, most: int) -> float:
        if sending:
            return now
        if self._idle and not self.expect_more and not self._sentinels.busy:
            return max(self._linger_until, now)
        wake = self._outstanding.next_look
        if self._timing.host_timeout:
            wake = min(wake, self._clock.next_over(self._timing.host_timeout))
        if most <= 0:
            return wake
        waiting = self._queue.waiting
        parallel = self.pace.parallelism
        if waiting and not (parallel and self.in_flight >= parallel):
            wake = min(wake, max(self.pace.next_allowed(now, waiting), self._blocked_until))
        wake = min(wake, max(self._sentinels.next_due, now))
        due = min(self._lanes.next_due, self._vigil.next_due)
        if self._sentinels.waiting:
            due = now
        if parallel and self.in_flight >= parallel:
            freed = self._vigil.next_due  # then its question waits for an answer no more
            wake = min(wake, self._sentinels.next_over(now))
            return min(wake, freed) if freed > now else wake
        if due < wake:
            soon = max(self.pace.next_allowed(now, 1), self._blocked_until)
            wake = min(wake, max(due, soon))
        return wake

    def sent(self, now: float, batch: ProbeBatch, report: SendReport) -> None:
        """Note what became of a batch from poll()."""
        self._batch_size.note(len(batch), now - self._polled_at)
        if self._questions:
            batch, report = self._note_questions(now, batch, report)
        refused = report.sent_at == REFUSED
        if refused.any():
            self._cells.give_up(self._ledger.locate(batch[refused]))
            batch, report = batch[~refused], SendReport(report.sent_at[~refused], report.problems)
        left = ~np.isnan(report.sent_at)
        for problem in report.problems:
            if not problem.lasting and problem.errno:
                self.pace.note_pressure(now)
        if not left.all():
            self._blocked_until = now + RETRY_PAUSE
            self._queue.put_back(batch[~left])
            batch = gather(batch, left)
        sent_at = report.sent_at[left]
        if not len(batch):
            return
        self.sent_total += len(batch)
        self.resent_total += int(np.count_nonzero(batch["attempt"]))
        self._last_sent = float(sent_at.max())
        steady = self._note_left(now, batch["host"])
        if self._timing.host_timeout:
            self._clock.begin(now, batch["host"])
        at = self._ledger.locate(batch)
        open_still = self._ledger.open_questions(at)  # a copy before may have been answered since
        if not open_still.all():
            batch, at = gather(batch, open_still), at[open_still]
            sent_at, steady = sent_at[open_still], steady[open_still]
        self._cells.fly(at, batch["attempt"], sent_at, steady)
        self._outstanding.add(batch, sent_at, self._timeouts)

    def _note_questions(
        self, now: float, batch: ProbeBatch, report: SendReport
    ) -> tuple[ProbeBatch, SendReport]:
        """The first probes of a batch asked whether hosts still answer: no cell waits for them.
        Returns the others."""
        count, self._questions = self._questions, 0
        left = report.sent_at[:count] >= 0
        if self._sentinels.busy:
            timeouts = self._timeouts(batch[:count])
            timeouts[np.isnan(self.rtt.smoothed[batch["host"][:count]])] += LINGER
            self._sentinels.note_sent(now, batch[:count], left, timeouts)
        self._note_left(now, batch["host"][:count][left])
        self.sent_total += int(np.count_nonzero(left))
        self.resent_total += int(np.count_nonzero(left))
        return batch[count:], SendReport(report.sent_at[count:], report.problems)

    def _note_left(self, now: float, hosts: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Tell the paces of these hosts' probes that they left; returns for how many seconds each
        probe's pace has been what it is."""
        steady = np.full(len(hosts), now - self.pace.changed_at)
        apart = 0
        for lane, mine in self._lanes.among(hosts):
            count = int(np.count_nonzero(mine))
            lane.governor.note_sent(count)
            steady[mine] = now - lane.governor.changed_at
            apart += count
        self.pace.note_sent(len(hosts) - apart, apart)
        return steady

    # ---------------------------------------------------------------- waiting

    def _timeouts(self, probes: ProbeBatch) -> NDArray[np.float64]:
        patience: NDArray[np.float64] = PATIENCE[probes["technique"]]
        return self.rtt.timeouts(probes["host"], self._timing) + patience

    def _still_waiting(self, probes: ProbeBatch, sent_at: NDArray[np.float64]) -> NDArray[np.bool_]:
        return self._cells.flying(self._ledger.locate(probes), sent_at)

    def _expire(self, now: float) -> None:
        late = self._outstanding.expired(now, self._timeouts, self._still_waiting)
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

    def _judge(self, now: float) -> None:
        """Go on with probes whose hosts were watched."""
        judged = self._vigil.judge(now)
        for late in judged.silent:
            late = late[self._wanted_still(late)]
            self._go_on(now, late, self._ledger.locate(late))
        for late in judged.anew:
            late = late[self._wanted_still(late) & ~self._ledger.flying(self._ledger.locate(late))]
            self._ledger.reopen(self._ledger.locate(late), 0)
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
        return current & (late["attempt"] + 1 >= self._copies(late["host"]))

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

    def _copies(self, hosts: NDArray[np.uint32]) -> NDArray[np.int64]:
        """How many copies silent ports of these hosts deserve."""
        return self._silence.copies(hosts, self._timing)

    def _adapt(self, now: float) -> None:
        timeout = self.rtt.group_timeout(self._timing)
        known = self.pace.speed_dependent
        self.pace.tick(now, self.rtt.group, timeout)
        if self.pace.speed_dependent and not known:
            self._answers.forgive()
        for lane in self._lanes.in_motion:
            mine = np.array([lane.host], np.uint32)
            trip = float(self.rtt.smoothed[mine][0])
            own = float(self.rtt.timeouts(mine, self._timing)[0])
            lane.governor.tick(now, None if math.isnan(trip) else trip, own)
        if not 0.8 < timeout / self._group_timeout < 1.25:
            self._group_timeout = timeout
            self._outstanding.reschedule(self._timeouts)

    def _review(self, now: float) -> None:
        """Whatever is sent and answered or timed out: is its silence to be believed?"""
        stirred = self._lanes.take_stirred()
        idle = self._idle
        if idle:
            stirred.update(self._lanes.hosts.tolist())  # nothing else will happen to them
        for host in stirred:
            lane = self._lanes.of(host)
            if lane is None or self._cells.flying_by_host[host] or (lane.waiting and not idle):
                continue
            if self._queue.waiting or self._vigil.watches(host):
                self._lanes.stirred.add(host)  # some of its probes may be among these
            else:
                self._silence.review_lane(now, lane, self._timing)
        for volley in self._sentinels.take_judged(now):
            if self._silence.learn(volley):
                self._slow(now, volley.host)
        if self._reviewed or self.expect_more or self._queue.waiting or self._common_in_flight:
            return
        if self._vigil.busy or self._sentinels.busy:
            return
        if self._silence.review(now, self._timing) and not self._post_sentinels():
            self._reviewed = True
            silent = self._ledger.silent()
            self._linger_until = self._last_sent + LINGER if self._needs_linger(silent) else now

    def _post_sentinels(self) -> bool:
        """Whether ports known to answer are asked what silence is worth. Who wants few copies gets
        none of these; in a slow scan they would take longer than they are worth, and its copies are
        far apart as it is."""
        if self._timing.max_retries < _MANY_COPIES or self.pace.rate < _SWIFT:
            return False
        return self._sentinels.post(
            self._silence.doubtful_hosts,
            self._vigil.valid_from,
            self.loss.samples,
            resets_matter=Protocol.TCP not in self._defeat,
        )

    @property
    def _common_in_flight(self) -> int:
        """Probes in flight to hosts without a lane."""
        apart = int(self._cells.flying_by_host[self._lanes.hosts].sum()) if self._lanes else 0
        return self._cells.in_flight - apart

    def _needs_linger(self, silent: Positions) -> bool:
        """Late answers are worth waiting for where a host gave none at all (its round trip may be
        longer than the others' timeouts), and where a SYN/ACK may have been lost, which the target
        re-sends: ports stayed silent and the path is not known to be clean."""
        if not len(silent):
            return False
        hosts, _ = self._ledger.name(silent)
        if self.rtt.group is not None and np.isnan(self.rtt.smoothed[hosts]).any():
            return True
        return not self._clean and self._awaits_syn_ack

    @property
    def _clean(self) -> bool:
        """Whether the path is known to lose nothing."""
        return self.loss.samples >= _TRUSTED and self.loss.share == 0.0

    @property
    def _awaits_syn_ack(self) -> bool:
        used = self._queue.assignment.scan_types
        return any(technique(scan_type).awaits_syn_ack for scan_type in used)

    @property
    def _patience(self) -> float:
        """Seconds that answers to the probes now sent may take beyond a round trip."""
        return float(PATIENCE[self._queue.techniques].max())

    # ---------------------------------------------------------------- answers

    def feed(self, now: float, replies: ReplyBatch) -> NDArray[np.intp]:
        """Take in answers. Returns the places in ``replies`` of those that decided a cell."""
        self.quiet.take_back(replies.records["host"])
        chosen = self._answers.feed(now, replies)
        self._vigil.hear_witnesses(now, replies.records)
        self._sentinels.hear(replies.records)
        decisive = gather(replies.records, chosen)
        if self._reviewed and not self._lanes.apart[decisive["host"]].all():
            self._reviewed = False  # late answers may tell of losses
        self._silence.watch(now, decisive, lambda hosts: self.rtt.timeouts(hosts, self._timing))
        self._set_apart(now, decisive["host"])
        return chosen

    def _set_apart(self, now: float, hosts: NDArray[np.uint32]) -> None:
        """Give hosts that lose much more than others a lane, before they slow everybody down."""
        loss = self._answers.host_loss
        hosts = hosts[loss.conspicuous(hosts) & ~self._lanes.apart[hosts]]
        for host in distinct(hosts).tolist():
            self._slow(now, host)

    def _slow(self, now: float, host: int) -> None:
        """Give a host that cannot follow a lane."""
        self._lanes.open(host, Pace(self._timing, start=_SLOW_START, now=now))
        self._answers.host_loss.fade(np.array([host]))

    def take_newly_decided(self) -> Positions:
        """Positions decided since the last call, each once."""
        return self._cells.take_newly_decided()

    # ---------------------------------------------------------------- commands

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move everything not yet finished under another template's bounds, at once."""
        if timing.host_timeout and not self._timing.host_timeout:
            self._begin_clocks()
        self._timing = timing
        self.pace.set_timing(timing)
        self._vigil.set_timing(timing)
        for lane in self._lanes:
            lane.governor.set_timing(timing)
        self._group_timeout = self.rtt.group_timeout(timing)
        self._outstanding.reschedule(self._timeouts)

    def _begin_clocks(self) -> None:
        """A host timeout is asked for: it runs for the hosts that are being scanned."""
        waiting = self._ledger.pending()
        asked = waiting[self._ledger.tries(waiting) > 0]
        for at in (asked, self._ledger.positions()):
            self._clock.begin(self._polled_at, self._ledger.name(at)[0])

    def set_scan_types(self, scan_types: tuple[ScanType, ...]) -> None:
        """Probe what is not decided with these types from now on.

        Probes in flight finish under the old type. Undecided cells of protocols no longer scanned
        are given up; undecided cells of protocols that are new become work.
        """
        before = self._queue.protocols
        after = {int(scan_type.protocol) for scan_type in scan_types}
        for protocol in before - after:
            waiting = self._queue.counted(self._ledger.pending(protocol=protocol))
            self._cells.give_up(waiting[~self._ledger.flying(waiting)])
            self._queue.discard(protocol)
        self._queue.use(scan_types)
        self._vigil.begin_anew(self._polled_at)
        for protocol in after - before:
            waiting = self._queue.counted(self._ledger.pending(protocol=protocol))
            self._take_up(waiting[~self._ledger.flying(waiting)])

    def _take_up(self, at: Positions) -> None:
        """Make undecided cells work again."""
        self._cells.open += len(at)
        self._queue.add_list(name_cells(*self._ledger.name(at)))
        self._reviewed = False

    def rescan(self, at: Positions, scan_type: ScanType | None = None) -> int:
        """Probe decided cells again, but none of dropped hosts; returns how many that are.

        With ``scan_type`` (one of a protocol that is scanned, and all cells are of) they are probed
        with it, and so are those of ``at`` that are undecided; else with the scan's own.
        """
        self._queue.assignment.assign(*self._ledger.name(at), scan_type)
        at = self._queue.counted(distinct(at[~self._ledger.open_questions(at)]))
        self._cells.reopen(at, 0)
        self._queue.add_list(name_cells(*self._ledger.name(at)))
        self._silence.begin_anew()
        self._sentinels.begin_anew()
        self._reviewed = False
        return len(at)

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self.rtt.grow(self._ledger.host_count)
        self._cells.grow()
        self._clock.grow(self._ledger.host_count)
        self._lanes.grow(self._ledger.host_count)
        self._answers.grow()
        self._vigil.grow()
        self._queue.grow()

    def let_go_quiet_hosts(self) -> None:
        """Let go the hosts that say nothing; see engine.core.quiet_hosts. Positions are void."""
        self._cells.flying_by_host.clear(self.quiet.let_go())

    def take_back(self, hosts: NDArray[np.uint32]) -> Positions:
        """Give those of the hosts that were let go their cells again; returns these that are
        decided."""
        return self.quiet.take_back(hosts)

    def revive_host(self, host: int) -> None:
        """Take a dropped host up again: its undecided cells become work."""
        self.revive_hosts(np.array([host], np.uint32))

    def revive_hosts(self, hosts: NDArray[np.uint32]) -> None:
        """As revive_host(), for those of the hosts (each once) that are dropped."""
        hosts = hosts[self._queue.are_dropped(hosts)]
        if not len(hosts):
            return
        self.quiet.take_back(hosts)
        self._queue.revive(hosts)
        self._clock.forget(hosts)
        self._take_up(self._queue.counted(self._ledger.pending_of(hosts)))

    def drop_host(self, host: int) -> None:
        """Send nothing more to a host; what is known of it stays."""
        self.drop_hosts(np.array([host], np.uint32))

    def drop_hosts(self, hosts: NDArray[np.uint32]) -> None:
        """As drop_host(), for many."""
        hosts = distinct(hosts[~self._queue.are_dropped(hosts)])
        if not len(hosts):
            return
        self._cells.give_up(self._queue.counted(self._ledger.pending_of(hosts)))
        self._queue.drop(hosts)
        for lane, _ in self._lanes.among(hosts):
            self._lanes.close(lane.host)
        self._vigil.drop(hosts)
        self._sentinels.drop(hosts)

"""DiscoveryCore: decides which host to ask next, and what an answer says about it.

Sans-I/O like ScanCore, and driven the same way: ``poll``, ``sent``, ``feed`` in a loop. Every host
gets all its pings at once; the first that is answered decides, and the others are forgotten. What
is not answered is sent again, as often as the loss of the path asks for. A late answer still counts
for a host already called down.
"""

from __future__ import annotations

import errno

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import (
    REFUSED,
    UNKNOWN_ATTEMPT,
    ProbeBatch,
    ReplyBatch,
    SendProblem,
    SendReport,
    empty_probes,
)
from engine.core.distinct import distinct, firsts
from engine.core.loss import LossEstimate
from engine.core.pace import Pace
from engine.core.poll import NO_BOUND, RETRY_PAUSE, Poll
from engine.core.rtt import RttEstimator
from engine.discovery.answers import each_once, read_answers
from engine.discovery.ask_queue import AskQueue
from engine.discovery.cell_times import LAST_ATTEMPT
from engine.discovery.findings import SILENCE, Findings
from engine.discovery.review import Review
from engine.discovery.roster import Cells, Roster
from engine.discovery.suites import NO_SUITE, Suites
from engine.discovery.watch import Watch
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec, PingKind
from engine.spec.reason import Reason
from engine.spec.timing import TimingTemplate

_AT_ONCE = 2_048
"""Pings handed out at once: they leave within some 10 ms."""
SWEEP = 8.0
"""Times the template's start rate that a sweep may reach without answers: its pings spread over
many hosts, and a network where few are up is the usual case."""
_NO_WAY = (HostState.UNKNOWN, Reason.NO_ROUTE)
NOBODY_THERE = frozenset({errno.EHOSTUNREACH, errno.EHOSTDOWN})
"""Errors of a transport that asked the link for the host and got no answer."""


class DiscoveryCore:
    """One discovery's decisions, by host index. Times in seconds on any monotonic clock.

    Attributes:
        notes: lines for the user about pings that cannot be sent.
        queue: pings that wait; watch: pings that are out.
    """

    def __init__(
        self,
        spec: DiscoverySpec,
        timing: TimingTemplate,
        *,
        seed: int,
        pings: frozenset[PingKind] = frozenset(PingKind),
    ) -> None:
        """``pings``: the kinds the transport can send."""
        self._suites = Suites(spec, pings)
        self._ignore_resets = spec.ignore_resets
        self._timing = timing
        self._roster = Roster(self._suites.pings)
        self.queue = AskQueue(self._roster, shuffle=spec.shuffle, seed=seed)
        self.watch = Watch(self._roster, timing)
        self._findings = Findings(self._roster, self.watch.round_trips)
        self._blocked_until = 0.0
        self._linger_until = 0.0
        self._review = Review(self._roster)
        self._reviewed = True
        self.notes = self._suites.notes
        self.loss = LossEstimate()
        self.pace = Pace(timing, unheard=SWEEP)
        self.paused = False
        self.sent_total = 0
        self.resent_total = 0
        self.answered_total = 0

    @property
    def rtt(self) -> RttEstimator:
        """Round trips by host, for the port scan to start with."""
        return self.watch.round_trips.hosts

    @property
    def open_hosts(self) -> int:
        """How many hosts are being asked."""
        return self._roster.open_hosts

    @property
    def in_flight(self) -> int:
        """How many pings are out whose time is not up."""
        return self._roster.in_flight

    @property
    def waiting(self) -> int:
        """About how many pings wait to be sent."""
        return self.queue.waiting

    def finished(self, now: float) -> bool:
        """True when every host is decided and nothing more is awaited."""
        idle = self.open_hosts == 0 and self.in_flight == 0
        return idle and self._reviewed and now >= self._linger_until

    # ---------------------------------------------------------------- hosts

    def add(
        self,
        hosts: NDArray[np.uint32],
        versions: NDArray[np.uint8],
        whereabouts: NDArray[np.uint8],
    ) -> None:
        """Find out about hosts: their indices, IP versions and Whereabouts.

        Hosts that were added before are passed over. Raises SpecError, and adds none, when there
        is no ping for some of them.
        """
        chosen = np.sort(firsts(hosts.astype(np.int64)))
        chosen = chosen[~self._roster.known(hosts[chosen])]
        hosts = hosts[chosen]
        assigned = self._suites.assign(versions[chosen], whereabouts[chosen])
        self._roster.add(hosts, assigned.suite, assigned.state, assigned.reason)
        self.watch.round_trips.grow(self._roster.hosts.count)
        asked = assigned.suite != NO_SUITE
        self._findings.tell(hosts[~asked])
        self._open(hosts[asked], afresh=True)

    def drop(self, hosts: NDArray[np.uint32]) -> None:
        """Ask these hosts no more; what is known of them stays."""
        hosts = distinct(hosts[self._roster.known(hosts)])
        self._roster.dropped[hosts] = True
        self._roster.close(hosts)

    def ask_again(self, hosts: NDArray[np.uint32]) -> None:
        """Find out about these hosts anew. Those that need no asking are told again at once."""
        hosts = distinct(hosts[self._roster.known(hosts)])
        roster = self._roster
        roster.dropped[hosts] = False
        asked = roster.suite[hosts] != NO_SUITE
        self._findings.tell(hosts[~asked])
        hosts = hosts[asked]
        roster.close(hosts)
        roster.state[hosts] = HostState.UNKNOWN
        roster.reason[hosts] = Reason.NONE
        self._review = Review(roster)
        self._open(hosts, afresh=True)

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move everything not yet finished under another template's bounds, at once."""
        self._timing = timing
        self.pace.set_timing(timing)
        self.watch.set_timing(timing)

    def _open(self, hosts: NDArray[np.uint32], *, afresh: bool) -> None:
        if not len(hosts):
            return
        self._roster.open(hosts, afresh=afresh)
        self.queue.add(hosts)
        self._reviewed = False

    # ---------------------------------------------------------------- sending

    def poll(self, now: float, most: int = NO_BOUND) -> Poll:
        """What may be sent now, ``most`` pings at most. Call again at ``wake_at`` or when something
        happened."""
        self.watch.begin(now)
        self._expire(now)
        trips = self.watch.round_trips
        self.pace.tick(now, trips.typical, trips.routed)
        if self.paused:
            return Poll(empty_probes(), self.watch.next_look)
        if not self.open_hosts:
            self.queue.clear()  # what still waits belongs to hosts that are decided
            self._take_up_again(now)
        room = 0 if now < self._blocked_until else min(self._room(now), most)
        batch = self.queue.take(room) if room else empty_probes()
        return Poll(batch, self._wake_at(now, bool(len(batch)), most))

    def _room(self, now: float) -> int:
        room = min(self.pace.allowance(now), _AT_ONCE)
        if self.pace.next_allowed(now, self.queue.waiting) > now:
            return 0  # a handful is worth waiting for
        if self.pace.parallelism:
            room = min(room, self.pace.parallelism - self.in_flight)
        return max(room, 0)

    def _wake_at(self, now: float, sending: bool, most: int) -> float:
        if sending:
            return now
        if self.finished(now):
            return float("inf")
        if self.open_hosts == 0 and self.in_flight == 0:
            return max(self._linger_until, now)
        wake = self.watch.next_look
        if most <= 0:
            return wake
        waiting = self.queue.waiting
        parallel = self.pace.parallelism
        if waiting and not (parallel and self.in_flight >= parallel):
            wake = min(wake, max(self.pace.next_allowed(now, waiting), self._blocked_until))
        return wake

    def sent(self, now: float, batch: ProbeBatch, report: SendReport) -> None:
        """Note what became of a batch from poll()."""
        refused = report.sent_at == REFUSED
        left = ~np.isnan(report.sent_at) & ~refused
        if left.any():
            self.watch.note_sent(batch[left], report.sent_at[left])
            sent = int(np.count_nonzero(left))
            self.sent_total += sent
            self.resent_total += int(np.count_nonzero(batch["attempt"][left]))
            self.pace.note_sent(sent)
        for problem in report.problems:
            self._note_problem(now, problem)
        if refused.any():
            self._findings.finish(now, batch[refused])
        unsent = batch[~left & ~refused]
        if len(unsent):
            self._blocked_until = now + RETRY_PAUSE
            self.queue.put_back(unsent)

    def _note_problem(self, now: float, problem: SendProblem) -> None:
        if not problem.lasting:
            if problem.errno:
                self.pace.note_pressure(now)
            return
        if problem.whole_host:
            hosts = np.array(problem.hosts, np.uint32)
            hosts = distinct(hosts[self._roster.known(hosts)])
            nobody = problem.errno in NOBODY_THERE
            self._roster.exhaust(hosts)
            self._findings.decide(now, hosts, *(SILENCE if nobody else _NO_WAY))

    # ---------------------------------------------------------------- waiting

    def _expire(self, now: float) -> None:
        late = self.watch.expired(now)
        exhausted = late["attempt"] + 1 >= self.loss.copies(self._timing.max_retries)
        self._findings.finish(now, late[exhausted])
        again = late[~exhausted]
        again["attempt"] = np.minimum(again["attempt"] + 1, LAST_ATTEMPT)
        self.queue.add_copies(again)

    def _take_up_again(self, now: float) -> None:
        """Every host is decided: ask silent ones that got fewer copies than is now known to be
        needed once more, then listen for late answers."""
        if self._reviewed:
            return
        again = self._review.take(self.loss.copies(self._timing.max_retries))
        if len(again):
            self._open(again, afresh=False)
        elif self._review.over:
            self._reviewed = True
            self._linger_until = max(self.watch.last_listen(), now)

    # ---------------------------------------------------------------- answers

    def feed(self, now: float, replies: ReplyBatch) -> NDArray[np.intp]:
        """Take in answers. Returns the places in ``replies`` of those that decided a host."""
        at, cells = self._roster.answered(replies.records)
        if not len(at):
            return at
        records = replies.records[at]
        hosts = records["host"]
        said = read_answers(records, self._ignore_resets)
        roster = self._roster
        news = roster.state[hosts] != said.state
        up = each_once(hosts, (said.state == HostState.UP) & news)
        self._count(now, records[up], cells[up])
        ticks = self.watch.ticks(records["time"])
        self._findings.believe(records[up], cells[up], ticks[up], said.of(up))
        undecided = roster.is_open[hosts] & (roster.state[hosts] == HostState.UNKNOWN)
        down = each_once(hosts, (said.state == HostState.DOWN) & undecided)
        self._findings.believe(records[down], cells[down], ticks[down], said.of(down))
        ended = np.flatnonzero(said.ended & roster.is_open[hosts])
        ended = ended[firsts(cells[ended])]
        self._findings.finish(now, records[ended], refused=True)
        return np.sort(at[np.concatenate([up, down])])

    def _count(self, now: float, records: NDArray[np.void], cells: Cells) -> None:
        """Take the answers of hosts that are up into the estimates of loss and speed."""
        later = (records["attempt"] > 0) & (records["attempt"] != UNKNOWN_ATTEMPT)
        first = len(records) - int(np.count_nonzero(later))
        self.loss.note(len(records), len(records) - first)
        ages = self._roster.ages(cells, self.watch.ticks(np.full(len(cells), now)))
        lately = int(np.count_nonzero(later & (ages < now - self.pace.changed_at)))
        self.pace.note_answers(now, len(records), first, lately)
        self.answered_total += len(records)

    def take_verdicts(self) -> NDArray[np.void]:
        """HOST_VERDICTs since the last call, in the order they were reached."""
        return self._findings.take()

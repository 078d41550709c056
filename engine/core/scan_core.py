"""ScanCore: decides what to send and when, and what an answer changes.

Sans-I/O: no socket, no clock, no thread. The owner calls, in a loop,

1. ``poll(now)``: what may be sent at once, and when to come back at the latest;
2. ``sent(now, batch, report)``: what became of it;
3. ``feed(now, replies)``: what came back; also between 1 and 2, for batches before;

and the commands whenever the user gives them. Times are seconds on any monotonic clock.

Here is the story of a scan; its chapters are files of their own. ``parts``: what a core is made
of. ``departures``: what leaves next, and when. ``paces``: the pace that hosts share, and those of
hosts that cannot follow it. ``expiry``: what becomes of probes whose time is up. ``answers``: what
answers change. ``ending``: what is asked again, and when it is over. ``live_changes`` and
``dropped_hosts``: what the user changes meanwhile. ``overview``: how far it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch, ReplyBatch, SendReport, empty_probes, gather
from engine.core.departures import Departures
from engine.core.dropped_hosts import DroppedHosts
from engine.core.ending import Ending
from engine.core.expiry import Expiry
from engine.core.forecast import Measured
from engine.core.ledger import Ledger, Positions
from engine.core.live_changes import LiveChanges
from engine.core.loss import LossEstimate
from engine.core.outlook import Outlook
from engine.core.overview import Overview
from engine.core.paces import Paces
from engine.core.parts import ScanParts
from engine.core.poll import NO_BOUND, Poll
from engine.spec.scan import WHOLE, Shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TimingTemplate


class ScanCore:
    """One scan's decisions. Cells live in ``ledger``; host indices belong to an AddressBook.

    Attributes:
        rtt, pace: round trips by host, and the pace that hosts share.
        quiet: the hosts that were let go.
        heard: answers that came later are not taken in yet.
        paused: nothing is sent.
        expect_more: whether hosts may still be admitted: no end before.
    """

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
        parts = ScanParts(ledger, scan_types, timing, seed=seed, shard=shard, defeat=defeat)
        self._parts = parts
        self._cells = parts.cells
        self._queue = parts.queue
        self._paces = Paces(parts)
        self._expiry = Expiry(parts)
        self._departures = Departures(parts, self._paces, self._expiry)
        self._ending = Ending(parts, self._paces, self._departures)
        self._dropped = DroppedHosts(parts)
        self._changes = LiveChanges(parts, self._expiry, self._ending)
        self._overview = Overview(parts, self._departures, self._expiry, self._ending, name)
        self.rtt = parts.rtt
        self.pace = parts.pace
        self.quiet = parts.quiet
        self.heard = math.inf
        self.paused = False
        self.expect_more = False

    # ---------------------------------------------------------------- the story

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
        self._parts.ledger.admit(hosts)
        if rtt is not None:
            known = ~np.isnan(rtt)
            self.rtt.sample(hosts[known], rtt[known])
        self._cells.open += self._queue.admit(hosts, channels, sharded=sharded)
        self._ending.put_off()

    def poll(self, now: float, most: int = NO_BOUND) -> Poll:
        """What may be sent now, ``most`` probes at most: 0 while somebody else has the turn. Call
        again at ``wake_at`` or when something happened."""
        self._parts.polled_at = now
        self._cells.begin(now)
        self._expiry.expire(min(now, self.heard))
        self._paces.adapt(now)
        self._expiry.adapt()
        if self.paused:
            self._parts.clock.stop(now)
            return Poll(empty_probes(), self._expiry.next_look)
        self._parts.clock.go(now)
        self._dropped.drop_late(now)
        self._expiry.judge(now)
        if not self.open_cells:
            self._queue.clear()  # what still waits belongs to hosts or protocols given up
        self._ending.review(now, expect_more=self.expect_more)
        batch = self._departures.take(now, most)
        return Poll(batch, now if len(batch) else self._wake_at(now, most))

    def _wake_at(self, now: float, most: int) -> float:
        """When to come back at the latest, as nothing may be sent now."""
        if self._parts.idle and not self.expect_more and not self._parts.sentinels.busy(now):
            return max(self._ending.linger_until, now)
        wake = min(self._expiry.next_look, self._dropped.next_late)
        return min(wake, self._departures.next_due(now)) if most > 0 else wake

    @property
    def cruising(self) -> bool:
        """Whether nothing matters now but speed: then poll() may come before all of the batch from
        the last one is noted."""
        return self._departures.cruising

    def sent(self, now: float, batch: ProbeBatch, report: SendReport) -> None:
        """Note what became of a batch from poll(), or of a part of it."""
        self._departures.note(now, batch, report)

    def feed(self, now: float, replies: ReplyBatch) -> NDArray[np.intp]:
        """Take in answers. Returns the places in ``replies`` of those that decided a cell."""
        parts = self._parts
        parts.quiet.take_back(replies.records["host"])
        chosen = parts.answers.feed(now, replies)
        parts.vigil.hear_witnesses(now, replies.records)
        parts.sentinels.hear(replies.records)
        decisive = gather(replies.records, chosen)
        self._ending.hear(decisive["host"])
        parts.silence.watch(now, decisive, lambda hosts: self.rtt.timeouts(hosts, parts.timing))
        self._paces.set_apart(now, decisive["host"])
        return chosen

    def take_newly_decided(self) -> Positions:
        """Positions decided since the last call, each once."""
        return self._cells.take_newly_decided()

    def take_timed_out(self) -> list[int]:
        """Hosts given up since the last call because their time was over."""
        return self._dropped.take_timed_out()

    def finished(self, now: float) -> bool:
        """True when every cell is decided and nothing more is awaited."""
        return not self.expect_more and self._ending.reached(now)

    # ---------------------------------------------------------------- commands

    @property
    def timing(self) -> TimingTemplate:
        """The template whose bounds hold now."""
        return self._parts.timing

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move everything not yet finished under another template's bounds, at once."""
        self._changes.set_timing(timing)

    def set_scan_types(self, scan_types: tuple[ScanType, ...]) -> None:
        """Probe what is not decided with these types from now on; see LiveChanges."""
        self._changes.set_scan_types(scan_types)

    def rescan(self, at: Positions, scan_type: ScanType | None = None) -> int:
        """Probe decided cells again, with ``scan_type`` if there is one; returns how many that are.
        See LiveChanges."""
        return self._changes.rescan(at, scan_type)

    def drop_host(self, host: int) -> None:
        """Send nothing more to a host; what is known of it stays."""
        self._dropped.drop(np.array([host], np.uint32))

    def drop_hosts(self, hosts: NDArray[np.uint32]) -> None:
        """As drop_host(), for many."""
        self._dropped.drop(hosts)

    def revive_host(self, host: int) -> None:
        """Take a dropped host up again: its undecided cells become work."""
        self.revive_hosts(np.array([host], np.uint32))

    def revive_hosts(self, hosts: NDArray[np.uint32]) -> None:
        """As revive_host(), for those of the hosts (each once) that are dropped."""
        hosts = hosts[self._queue.are_dropped(hosts)]
        if len(hosts):
            self._changes.take_up(self._dropped.revive(hosts))

    # ---------------------------------------------------------------- the ledger's hosts

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self._parts.grow()

    def let_go_quiet_hosts(self) -> None:
        """Let go the hosts that say nothing; see engine.core.quiet_hosts. Positions are void."""
        self._cells.flying_by_host.clear(self.quiet.let_go())

    def take_back(self, hosts: NDArray[np.uint32]) -> Positions:
        """Give those of the hosts that were let go their cells again; returns these that are
        decided."""
        return self.quiet.take_back(hosts)

    # ---------------------------------------------------------------- how far it is

    @property
    def unsent(self) -> int:
        """Probes that wait to be sent, first copies and re-sends that are due."""
        return self._parts.unsent

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
    def asked(self) -> int:
        """Cells of the current pass of whose probe a copy has left."""
        return self._overview.asked

    @property
    def answered(self) -> int:
        """Cells of the current pass that were answered."""
        return self._overview.answered

    @property
    def in_flight(self) -> int:
        """Cells with a probe out whose time is not up, and questions whether hosts still answer."""
        return self._parts.in_flight

    @property
    def sent_total(self) -> int:
        """Probes that left."""
        return self._departures.sent_total

    @property
    def resent_total(self) -> int:
        """Those of them that were not the first of their port."""
        return self._departures.resent_total

    @property
    def answered_total(self) -> int:
        """Answers that decided a cell."""
        return self._parts.answers.total

    @property
    def answered_copies(self) -> tuple[int, int, int]:
        """Answers to first, to second and to third copies."""
        first, second, third = self._parts.answers.by_copy
        return first, second, third

    @property
    def loss(self) -> LossEstimate:
        """Loss over all hosts."""
        return self._parts.answers.loss

    @property
    def timeout(self) -> float:
        """Seconds that the answers to the probes now sent are waited for, as a rule."""
        return self._expiry.timeout

    @property
    def silence_takes(self) -> float:
        """Seconds from a port's first copy until it is called silent, as a rule."""
        return self.loss.copies(self._parts.timing.max_retries) * self.timeout

    def outlook(self, now: float, cells_left: int, measured: Measured) -> Outlook:
        """What is still to be done. ``cells_left``: cells of hosts that wait for admission."""
        return self._overview.outlook(now, cells_left, measured, expect_more=self.expect_more)

    def leave_out(self, seconds: float) -> None:
        """Nobody worked on the scan for so long: this does not tell how long anything takes."""
        for lane in self._parts.lanes:
            lane.leave_out(seconds)

    def limit(self) -> str:
        """What limits the speed right now, in plain words."""
        return "paused" if self.paused else self._overview.limit(expect_more=self.expect_more)

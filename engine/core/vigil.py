"""Vigil: whether a port kept silent, or nothing could be heard of its host at that time.

Loss is bursty: links pause, hosts reboot. Copies of a probe that all fall into one bad moment say
nothing, however many they are. So a copy without an answer counts only if its host was heard of
after it left. Where ports answer anyway that is so, and costs nothing. Where they do not, a port
known to answer, the *witness*, is asked once more. Its answer proves the path. It is asked when the
first copies time out, so on a path that works its answer is there before the second copies do.

A witness that gives no answer is asked again at growing distances (_WAITS). When more have found
none than the usual loss explains (two at least, for a bad moment of a tenth of a second is loss
like other), the host is *quiet*: nothing else is sent to it, and nothing is made of its silence.
When it is heard again, all copies that left since it was heard last have told nothing, and their
ports start over. If it is not heard in about twelve seconds, it is gone: its silent ports are
called so after all, and are asked again should it come back while the scan runs.

Open ports are the best witnesses. RSTs may be rationed: a quiet moment shorter than _REFILL of a
host without open ports may be an empty bucket, which is for engine.core.rounds to find out. ICMP
errors are rationed nearly everywhere, so a port that gives them is a witness only in a fast round,
when the bucket holds a token. (nmap's timing pings are such questions, but only move its window.)

Times are seconds. A scan slower than _SLOWEST has its copies far enough apart as it is.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.answers import Answers
from engine.core.batch import ProbeBatch, empty_probes
from engine.core.cells import Cells
from engine.core.distinct import distinct
from engine.core.lanes import Lanes
from engine.core.ledger import Positions
from engine.core.pace import Pace
from engine.core.paged import PagedArray
from engine.core.quiet_spells import QuietSpells
from engine.core.rtt import RttEstimator
from engine.core.send_queue import LAST_ATTEMPT, SendQueue
from engine.core.walks import name_cells
from engine.core.watches import Watch, Watches
from engine.core.witness import MOST, Trust, witnesses
from engine.spec.scan_type import Protocol
from engine.spec.timing import TimingTemplate

_WAITS = (0.0, 0.2, 0.3, 0.3, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0)
"""Least seconds from one question to the next; at first a timeout is enough."""
_COPIES = LAST_ATTEMPT - 8
"""Source ports tell questions from copies of probes, of which this many are usual."""
_REFILL = 1.5
_SLOWEST = 0.5
"""Probes per second."""
_PROBES_BETWEEN = 8
"""Probes from one question to the next of a host whose answers keep coming, at least."""
_DOUBT = 0.01
"""Probability accepted that all questions asked together get lost on a path that works."""
_CHANCE = 1e-3
"""Probability accepted that a path that works, with loss in bursts, makes a host quiet."""
_LEAST_DOUBT, _MOST_DOUBT = 2, 7
"""Questions without an answer in a row that need not mean anything."""


class Judged(Struct):
    """Probes whose watch is over. ``silent``: their silence counts; ``anew``: it does not, and
    their cells start over."""

    silent: list[ProbeBatch] = field(default_factory=list)
    anew: list[ProbeBatch] = field(default_factory=list)


class Vigil:
    """Watches the hosts of one scan that have answered before."""

    def __init__(
        self,
        cells: Cells,
        queue: SendQueue,
        lanes: Lanes,
        pace: Pace,
        rtt: RttEstimator,
        answers: Answers,
        timing: TimingTemplate,
    ) -> None:
        self._cells = cells
        self._ledger = cells.ledger
        self._queue = queue
        self._lanes = lanes
        self._pace = pace
        self._rtt = rtt
        self._answers = answers
        self._timing = timing
        answers.on_answers = self._hear
        self._heard = PagedArray(cells.ledger.host_count, np.float64)
        self._watches = Watches()
        self._stirred: set[int] = set()
        self._gone: dict[int, float] = {}
        self._spells = QuietSpells()
        self._judged = Judged()
        self._valid_from = 0

    def grow(self) -> None:
        """The ledger has more hosts than before."""
        self._heard.grow(self._ledger.host_count)

    def drop(self, hosts: NDArray[np.uint32]) -> None:
        """Nobody wants to know of these hosts any more."""
        if not (self._watches or self._gone):
            return
        for host in hosts.tolist():
            watch = self._watches.of(host)
            if watch is not None:
                self._watches.end(watch)
            self._gone.pop(host, None)
            self._stirred.discard(host)

    def set_timing(self, timing: TimingTemplate) -> None:
        """Another template's bounds hold."""
        self._timing = timing

    def begin_anew(self, now: float) -> None:
        """Ports are asked in another way: what answered before is a witness no more."""
        self._valid_from = self._cells.decision_time(now)

    @property
    def valid_from(self) -> int:
        """Since when (decision time) ports are asked as they are now."""
        return self._valid_from

    def out(self, now: float) -> int:
        """Questions that wait for an answer."""
        return self._watches.out(now)

    @property
    def next_due(self) -> float:
        """When a host is to be asked next; infinity for never."""
        return self._watches.next_due

    @property
    def busy(self) -> bool:
        """Whether silent ports wait for a host to be heard of."""
        return any(watch.wanted for watch in self._watches)

    def watches(self, host: int) -> bool:
        """Whether ports of this host do."""
        watch = self._watches.of(host)
        return watch is not None and watch.wanted

    @property
    def quiet(self) -> list[int]:
        """Hosts that answer no more, for now."""
        return [watch.host for watch in self._watches.quiet]

    # ---------------------------------------------------------------- answers

    def _hear(self, hosts: NDArray[np.uint32], departures: NDArray[np.float64]) -> None:
        """Hosts have answered probes that left at these times (NaN unknown)."""
        times = np.fmax(departures, 1e-9)  # 0 stands for never
        if self._heard.count == 1:
            self._heard[0] = max(float(self._heard[0]), float(times.max(initial=0.0)))
        else:
            self._heard.combine(np.maximum, hosts, times)
        if self._watches or self._gone:
            self._stirred.update(distinct(hosts).tolist())

    def hear_witnesses(self, now: float, records: NDArray[np.void]) -> None:
        """Take in REPLY records, among which may be answers to questions."""
        if not self._watches or not (records["attempt"] > _COPIES).any():
            return
        hosts = records["host"][records["attempt"] > _COPIES]
        for host in distinct(hosts).tolist():
            watch = self._watches.of(host)
            if watch is not None and watch.asked:
                self._hear(np.array([host], np.uint32), np.array([watch.asked_at]))

    def judge(self, now: float) -> Judged:
        """What has come of the watches since the last call."""
        stirred, self._stirred = self._stirred, set()
        for host in stirred:
            if host in self._gone:
                self._take_back(now, host, self._gone.pop(host))
            watch = self._watches.of(host)
            if watch is not None and self._heard[host] > watch.since + 1e-6:
                self._end(now, watch)
        judged, self._judged = self._judged, Judged()
        return judged

    def _end(self, now: float, watch: Watch) -> None:
        """The host was heard."""
        self._watches.end(watch)
        if watch.quiet and watch.trust is Trust.RATIONED and now - watch.since < _REFILL:
            self._answers.rationable[watch.host] |= np.uint8(1 << Protocol.TCP)
        elif watch.quiet:
            self._spells.note(watch.host, watch.since, now)
            self._judged.anew += watch.landed + watch.held
            return
        self._believe(watch)

    def _believe(self, watch: Watch) -> None:
        self._judged.silent += watch.landed
        for probes in watch.held:
            self._queue.add_resend(probes)

    def _take_back(self, now: float, host: int, since: float) -> None:
        """A host that was gone is back: what was made of its silence meanwhile is void."""
        self._spells.note(host, since, now)
        at = self._ledger.positions(host=host)
        late = self._ledger.clocks(at) >= self._cells.decision_time(since)
        at = self._queue.counted(at[self._cells.is_silent(at) & late])
        self._cells.reopen(at, 0)
        self._queue.add_list(name_cells(*self._ledger.name(at)))

    # ---------------------------------------------------------------- silence

    def sift(
        self, now: float, late: ProbeBatch, at: Positions, last: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Keep back those of the ``late`` probes, without an answer in time, that say nothing yet;
        returns the places of the others. ``at``: their cells; ``last``: whose silence would decide
        the cell."""
        hosts = late["host"]
        heard = self._heard[hosts]
        left = now - self._cells.ages(at, self._cells.microseconds(np.array([now])))
        kept = np.zeros(len(late), bool)
        unheard = (heard > 0) & (heard < left - self._rtt.timeouts(hosts, self._timing) / 2)
        if unheard.any() and self._pace.rate >= _SLOWEST:
            for host in distinct(hosts[unheard]).tolist():
                watch = self._watch(now, host)
                if watch is not None:
                    mine = unheard & (hosts == host) & (last | watch.quiet)
                    watch.landed.append(late[mine])
                    kept |= mine
        if self._spells:
            lost = self._spells.cover(hosts, left) & ~kept
            self._judged.anew.append(late[lost])
            kept |= lost
        return ~kept

    def _watch(self, now: float, host: int) -> Watch | None:
        """The host's watch, begun if it may be; None if its silence is to be believed."""
        watch, lane = self._watches.of(host), self._lanes.of(host)
        if watch is not None or host in self._gone or not self._timing.max_retries:
            return watch
        if lane and lane.rounds.rationing:
            return None
        if self._spells.enough(host):
            return None
        trust, at = self._witnesses(host)
        if not len(at):
            return None
        since = float(self._heard[host])
        rate = lane.governor.rate if lane else self._pace.rate
        pause = max(_PROBES_BETWEEN / rate, self._timeout(host) / 4)
        share = self._share(host)
        doubt = math.ceil(math.log(_CHANCE) / math.log(share))
        doubt = min(max(doubt, _LEAST_DOUBT), _MOST_DOUBT)
        watch = Watch(host, since, max(now, since + pause), trust, doubt)
        self._watches.begin(watch)
        return watch

    def hold(self, probes: ProbeBatch) -> ProbeBatch:
        """Keep back those of the probes about to leave whose hosts are quiet; returns the
        others."""
        if not self._watches.quiet:
            return probes
        free = np.ones(len(probes), bool)
        for watch in self._watches.quiet:
            mine = probes["host"] == watch.host
            if mine.any():
                watch.held.append(probes[mine])
                free &= ~mine
        return probes[free]

    # ---------------------------------------------------------------- questions

    def questions(self, now: float, room: int) -> ProbeBatch:
        """Probes of witnesses that are due, ``room`` at most."""
        asked: list[ProbeBatch] = []
        while room > 0 and self._watches.next_due <= now:
            watch = self._watches.take_due()
            watch.trust, at = self._witnesses(watch.host)
            if watch.asked >= len(_WAITS) or not len(at):
                self._watches.end(watch)
                self._gone[watch.host] = watch.since
                self._believe(watch)
                continue
            probes = self._question(watch, at)[:room]
            wait = max(_WAITS[watch.asked], self._timeout(watch.host))
            watch.asked, watch.out, watch.asked_at = watch.asked + 1, len(probes), now
            self._watches.ask_at(watch, now + wait)
            room -= len(probes)
            asked.append(probes)
        return np.concatenate(asked) if asked else empty_probes()

    def _question(self, watch: Watch, at: Positions) -> ProbeBatch:
        """One probe, or as many as make it improbable that the path loses all; more every time,
        for the loss may not be known yet."""
        count = math.ceil(math.log(_DOUBT) / math.log(self._share(watch.host)))
        count = min(max(count, watch.asked + 1), MOST)
        probes = name_cells(*self._ledger.name(np.resize(at, count)))
        probes["technique"] = self._queue.assignment.of_probes(probes)
        probes["attempt"] = LAST_ATTEMPT - (watch.asked + np.arange(len(probes))) % 7
        return probes

    def _witnesses(self, host: int) -> tuple[Trust, Positions]:
        lane = self._lanes.of(host)
        at = self._queue.counted(self._ledger.positions(host=host))
        return witnesses(self._cells, at, self._valid_from, lane is not None and lane.rounds.begun)

    def _share(self, host: int) -> float:
        """Loss of the host's path, between 0 and 1."""
        share = float(self._answers.host_loss.shares(np.array([host], np.uint32))[0])
        return min(max(share, 1e-9), 0.999)

    def _timeout(self, host: int) -> float:
        return float(self._rtt.timeouts(np.array([host], np.uint32), self._timing)[0])

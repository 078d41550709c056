"""Figures: what a progress display shows, computed from the parts of a running scan."""

from __future__ import annotations

from msgspec.structs import replace

from engine.admission import Admission
from engine.core.course import Totals
from engine.core.following import Following, Times
from engine.core.forecast import expected_remaining
from engine.core.meter import Meter
from engine.core.progress import Progress
from engine.core.scan_core import ScanCore
from engine.finder import HostFinder
from engine.results.snapshot import Phase
from engine.spec.host_state import HostState
from engine.work_clock import WorkClock


class Figures:
    """Measures one scan. ``finder`` is None for scans without host discovery. ``work`` stands while
    nobody works on the scan."""

    def __init__(
        self, core: ScanCore, finder: HostFinder | None, admission: Admission, work: WorkClock
    ) -> None:
        self._core = core
        self._admission = admission
        self._finder = finder
        self._meter = Meter()
        self._following = Following()
        self._work = work
        self._unpaused = WorkClock()
        self._stood = 0.0
        self.rejected = 0

    def note(self, now: float) -> None:
        """Take in the totals at ``now``; cheap enough to call in every round."""
        self._meter.note(now, *self._totals())
        core = self._core
        at = self._note_busy(now)
        sent, heard = self._totals()[0], at - (now - core.heard)
        ports = core.asked, core.answered, core.decided
        totals = Totals(at, sent, *ports, heard, core.timeout, *core.answered_copies)
        self._following.note(totals, core.rtt.group or 0.0)
        if self._finder is not None:
            self._finder.note(now)

    def _note_busy(self, now: float) -> float:
        """See whether the scan stood still; the time as of _busy()."""
        at = self._work.at(now)
        if self._core.paused:
            self._unpaused.leave_out(at)
        else:
            self._unpaused.look(at)
        busy = self._unpaused.at(at)
        if now - busy > self._stood:
            self._core.leave_out(now - busy - self._stood)
            self._stood = now - busy
        return busy

    def _busy(self, when: float) -> float:
        """A time on the clock that stands while the scan does: paused, stopped or over."""
        return self._unpaused.at(self._work.at(when))

    def _totals(self) -> tuple[int, int, int]:
        core, finder = self._core, self._finder
        pinged, heard = (finder.core.sent_total, finder.core.answered_total) if finder else (0, 0)
        return core.sent_total + pinged, core.answered_total + heard, core.decided

    def progress(self, now: float, elapsed: float, phase: Phase, longest_wait: float) -> Progress:
        """The figures of now. ``longest_wait``: seconds the engine sleeps at most."""
        core = self._core
        sent, answered, _ = totals = self._totals()
        send_rate, answer_rate, _ = self._meter.rates(now, *totals)
        percentiles = core.rtt.percentiles()
        steady = core.unsent > send_rate * longest_wait
        running = phase is Phase.RUNNING
        hosts = self._finder.table.snapshot().counts if self._finder else {}
        return Progress(
            elapsed=elapsed,
            total=core.decided + core.open_cells + self._cells_left,
            decided=core.decided,
            remaining=self._remaining(now, steady=steady) if running else None,
            sent=sent,
            answered=answered,
            resent=core.resent_total,
            in_flight=core.in_flight,
            send_rate=0.0 if phase.over else send_rate,
            answer_rate=0.0 if phase.over else answer_rate,
            pace=core.pace.rate,
            loss=core.loss.share,
            rtt_median=percentiles[0] if percentiles else None,
            rtt_p95=percentiles[1] if percentiles else None,
            limit="" if phase.over else self._limit(),
            rejected=self.rejected,
            hosts_total=sum(hosts.values()),
            hosts_up=hosts.get(HostState.UP, 0),
            hosts_down=hosts.get(HostState.DOWN, 0),
        )

    @property
    def _cells_left(self) -> int:
        """Cells of hosts that are certain to be scanned and wait for it."""
        assumed = self._finder.assumed if self._finder is not None else 0
        return self._admission.cells_left + self._admission.cells_of(assumed)

    def _limit(self) -> str:
        finder, core = self._finder, self._core
        if finder is not None and not core.paused and not core.open_cells:
            if finder.unknown:
                return f"finding hosts: {finder.unknown:,} not known yet"
            if finder.naming:
                return f"looking up {finder.naming:,} names"
        return core.limit()

    def _remaining(self, now: float, *, steady: bool) -> float | None:
        """Expected seconds to the end. The pace says what may be sent; on a fast path the machine
        sends less, so once the rate has been measured for a while that is what counts."""
        core, timing = self._core, self._core.timing
        if not self._totals()[0]:
            return None
        changed_at = self._busy(core.pace.changed_at)
        grown_at = self._busy(core.pace.grown_at)
        times = Times(core.rtt.group or 0.0, core.silence_takes, changed_at, grown_at)
        measured = self._following.measured(self._busy(now), times, steady=steady)
        sweep = None if self._finder is None else self._finder.left(now, timing)
        hosts = round(sweep.hosts) if sweep is not None and core.expect_more else 0
        expected = self._admission.cells_of(hosts)
        outlook = core.outlook(now, self._cells_left + expected, measured)
        ports = expected_remaining(now, outlook, measured)
        if sweep is None or not sweep.over:
            return ports
        if timing.max_rate or timing.scan_delay or timing.max_parallelism:
            return sweep.over + ports  # hosts are found first
        if measured.sending is not None and measured.sending < core.pace.rate:
            ports += sweep.pings / measured.sending  # it is the machine that sends no faster
        cells = self._admission.cells_of(1) if expected else 0
        lone = replace(outlook, unasked=cells, due=0, in_flight=0, over_at=None, lanes=0.0)
        return max(ports, sweep.asked + expected_remaining(now, lone, measured), sweep.over)

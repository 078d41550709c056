"""ScanRunner: the engine thread's side of a session. Core, store and transport meet here.

Nothing in here is safe to call from another thread, except publish's result: an immutable Snapshot.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.admission import Admission
from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, UNKNOWN_ATTEMPT, ReplyBatch, SendReport
from engine.core.channels import channels_of
from engine.core.liars import LiarMark
from engine.core.progress import Progress
from engine.core.scan_core import ScanCore
from engine.core.token import ProbeTokens
from engine.doubts import Doubts
from engine.figures import Figures
from engine.finder import Found, HostFinder
from engine.narrator import Narrator, counted
from engine.pass_changes import PassChanges
from engine.problems import Problems
from engine.results.decided import DecidedBatch
from engine.results.evidence import Evidence, EvidenceStore
from engine.results.host_view import NO_HOSTS
from engine.results.log import ScanLog
from engine.results.row import Row
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store, StoreFullError
from engine.sanitize import clean
from engine.spec.error import SpecError
from engine.spec.ping import DiscoverySpec, Mode
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.traffic import LONGEST_WAIT, Prober, Traffic
from engine.transport.base import Recorder, Transport
from engine.transport.live import open_transport
from engine.work_clock import WorkClock

NO_ROUTE = "there is no route to it: check the address, and this machine's routes with ip route"
_DULL = np.isin(np.arange(len(Reason)), [Reason.RESET, Reason.CONN_REFUSED])

TransportMaker = Callable[[AddressBook], Transport]


class ScanRunner:
    """One scan, driven by whoever calls turn() again and again."""

    def __init__(
        self,
        spec: ScanSpec,
        log: ScanLog,
        *,
        make_transport: TransportMaker | None = None,
        on_decided: Callable[[DecidedBatch], None] | None = None,
        verbosity: int = 0,
        recorder: Recorder | None = None,
    ) -> None:
        self.spec = spec
        self.log = log
        self._narrator = Narrator(log, lambda: self.age)
        self._say = self._narrator.say
        self.phase = Phase.WAITING
        self.failure = ""
        self.verbosity = verbosity
        self.evidence = EvidenceStore()
        self._on_decided = on_decided
        self._recorder = recorder
        self._seed = int.from_bytes(os.urandom(7), "big") if spec.seed is None else spec.seed
        self.book = AddressBook(spec.targets)
        self._names = self.book.frozen()
        self._ports = spec.ports
        self._store = Store(self.book.count, channels_of(spec.ports, spec.protocols))
        self._core = ScanCore(
            self._store,
            spec.scan_types,
            spec.timing,
            seed=self._seed,
            shard=spec.shard,
            defeat=spec.defeated,
            name=self.book.text,
        )
        self._admission = Admission(self._core, self._store, spec.shard.count)
        self._finder: HostFinder | None = None
        self._scan_types = spec.scan_types
        self._make_transport = make_transport or self._live_transport
        self._transport: Transport | None = None
        self._changes = PassChanges(self._store)
        self._doubts = Doubts(self._store, spec.ports, self._seed)
        self._work = WorkClock()
        self._figures = Figures(self._core, None, self._admission, self._work)
        self._traffic: Traffic | None = None
        self._problems = Problems(self.book, self._say)
        self._skipped: set[int] = set()
        self._notices: tuple[str, ...] = ()
        self._started_at = 0.0
        self._began = self._elapsed_before = 0.0
        self._ended: float | None = None
        self._serial = 0

    # ---------------------------------------------------------------- life

    def start(self) -> None:
        """Open the transport and queue all the work. Raises TransportUnavailable."""
        transport = self._make_transport(self.book)
        self._transport = transport
        self._started_at = time.time()
        self._began = transport.now()
        self.phase = Phase.RUNNING
        self._say(1, f"{self._task()} of {counted(self.book.count, 'address')}{self._extent()}")
        self._notify(transport.notes)
        if self.spec.discovery is None:
            self._admission.add(0, self.book.count, self._admit)
        else:
            self._begin_discovery(self.spec.discovery, transport)
        self._traffic = Traffic(
            self._core,
            self._finder,
            self._doubts,
            self._admission,
            transport,
            note_problems=self._note_problems,
            take_in=self._take_in,
        )

    def _begin_discovery(self, discovery: DiscoverySpec, transport: Transport) -> None:
        finder = HostFinder(discovery, self._core.timing, self.book, transport, seed=self._seed)
        self._notify(finder.core.notes)
        self._finder = finder
        self._figures = Figures(self._core, finder, self._admission, self._work)
        self._core.expect_more = True
        self._core.quiet.keeps = finder.answered
        if self.spec.scan_ports:
            self._admission.expect(finder.assumed)

    def _notify(self, notes: tuple[str, ...]) -> None:
        """Tell the user what the scan does otherwise than asked."""
        self._notices += notes
        for note in notes:
            self._say(0, note)

    def _task(self) -> str:
        discovery = self.spec.discovery
        if self.spec.scan_ports:
            return f"{' and '.join(scan_type.title for scan_type in self._scan_types)} scan"
        return "list" if discovery and discovery.mode is Mode.LIST else "host discovery"

    def _extent(self) -> str:
        ports = counted(len(self._store.channels), "port")
        extent = f" x {ports}" if self.spec.scan_ports else ""
        return f"{extent} under {self._core.timing.label}"

    def _admit(
        self, hosts: NDArray[np.uint32], round_trips: NDArray[np.float64] | None = None
    ) -> None:
        """Scan the ports of these hosts. ``round_trips``: seconds, NaN unknown."""
        for scan_type in self._scan_types:
            channels = channels_of(self._ports, (scan_type.protocol,))
            self._core.admit(hosts, channels, sharded=True, rtt=round_trips)

    def _live_transport(self, book: AddressBook) -> Transport:
        return open_transport(self.spec, book, ProbeTokens(), self._recorder)

    def close(self) -> None:
        """Give back every descriptor."""
        if self._finder is not None:
            self._finder.close()
        if self._transport is not None:
            self._transport.close()

    @property
    def transport(self) -> Transport:
        """The open transport. Only after start()."""
        assert self._transport is not None
        return self._transport

    @property
    def elapsed(self) -> float:
        """Seconds the scan took so far: a rescan goes on where the scan ended."""
        if self._transport is None or not self._started_at:
            return 0.0
        now = self._transport.now() if self._ended is None else self._ended
        return self._work.at(now) - self._began

    @property
    def age(self) -> float:
        """Seconds since the start, by which lines of the log and ports are dated."""
        if self._transport is None or not self._started_at:
            return 0.0
        return self._transport.now() - self._began

    @property
    def traffic(self) -> Traffic:
        """The exchange with the transport. Only after start()."""
        assert self._traffic is not None
        return self._traffic

    def turn(self) -> None:
        """One round: send what may be sent, wait for answers (LONGEST_WAIT at most), take them
        in."""
        transport, traffic = self.transport, self.traffic
        traffic.settle()
        now = transport.now()
        if self._finder is not None:
            self._look_for_hosts(self._finder)
        replies = traffic.exchange(now)
        now = transport.now()
        self._work.look(now, time.process_time())
        self._figures.rejected += replies.rejected
        traffic.hear(now, replies)
        self._report_decided()
        self._note_late()
        self._admit_more()
        self._figures.note(now)
        self._narrator.pace(self._core.pace)
        if traffic.over(now):
            self._finish()

    def catch_up(self) -> None:
        """Wait for the batch that is leaving and take in what has come. Nothing but turn() and
        publish() may be done before."""
        self.traffic.catch_up()

    def _note_late(self) -> None:
        late = self._core.take_timed_out()
        if late:
            why = f"not done after {self._core.timing.host_timeout:g} s"
            self._problems.note(late, why, "all of ")

    def _admit_more(self) -> None:
        try:
            self._admission.step()
        except StoreFullError as error:
            self.fail(str(error))

    def _look_for_hosts(self, finder: HostFinder) -> None:
        """Hand hosts to discovery; scan the ports of those that came up."""
        finder.held = self._admission.full
        try:
            finder.step()
        except SpecError as error:
            self.fail(str(error))
            return
        found = finder.take_found()
        if len(found.up):
            self._narrator.hosts_up(finder.table, found.up, self.book)
            if self.spec.scan_ports:
                self._scan_ports_of(found)
        self._problems.note(found.unreachable.tolist(), NO_ROUTE)
        more = finder.unknown > 0 or self._admission.waiting
        self._core.expect_more = self.spec.scan_ports and more
        self._narrator.once(0, finder.trouble)

    def _scan_ports_of(self, found: Found) -> None:
        """Scan the ports of hosts that came up, unless they were only pinged again."""
        assert self._finder is not None
        fresh = ~self._store.knows(found.up)
        hosts, round_trips = found.up[fresh], found.round_trips[fresh]
        if not self._admission.huge:
            try:
                self._admit(hosts, round_trips)
            except StoreFullError as error:
                self.fail(str(error))
            return
        known = ~np.isnan(round_trips)
        self._core.rtt.sample(hosts[known], round_trips[known])
        self._admission.offer(hosts, self._admit)

    def _take_in(self, now: float, replies: ReplyBatch) -> None:
        replies = self._doubts.hear(now, replies)
        chosen = self._core.feed(now, replies)
        if not len(chosen):
            return
        reasons = replies.verdicts.reason[chosen]
        has_raw = len(replies.raw) == len(replies.records)
        self.evidence.add(
            replies.records,
            replies.raw if has_raw else replies.raw[:0],
            replies.raw_length,
            chosen,
            _DULL[reasons],
            began=self._began,
        )

    def _finish(self) -> None:
        self._admission.finish()
        self._end(Phase.FINISHED)
        took = self.elapsed - self._elapsed_before
        asked_again = self._changes.asked_again
        changes = self._changes.take(self.book)
        self._narrator.changed(changes)
        what = f"; {counted(len(changes), 'port')} changed" if asked_again else ""
        self._say(
            1,
            f"finished: {counted(self._core.decided, 'port')} decided in {took:.2f} s with "
            f"{self._core.sent_total:,} probes{what}",
        )

    def _end(self, phase: Phase) -> None:
        """There is nothing more to do, for now."""
        self.phase = phase
        if self._transport is not None and self._ended is None:
            self._ended = self._transport.now()
            self._work.look(self._ended, time.process_time())

    def cancel(self) -> None:
        """Stop; what is known stays."""
        if not self.phase.over:
            self._end(Phase.CANCELLED)
            undecided = self._core.open_cells + self._admission.cells_left
            self._say(0, f"cancelled: {undecided:,} ports are undecided")

    def fail(self, why: str) -> None:
        """Stop because nothing more can be done; what is known stays."""
        self._end(Phase.FAILED)
        self.failure = clean(why.partition("\n")[0])
        for line in why.splitlines():
            self._say(0, line)

    def _note_problems(self, report: SendReport, prober: Prober) -> None:
        for problem in report.problems:
            if not problem.lasting:
                self._narrator.pressure(problem)
                continue
            if not problem.hosts:
                self.fail(f"{problem.text} ({os.strerror(problem.errno)})")
                continue
            if prober is not self._core and self._finder and self._finder.explains(problem):
                self._narrator.once(1, problem.text)  # discovery calls such hosts down
                continue
            if problem.whole_host:
                self._core.drop_hosts(np.array(problem.hosts, np.uint32))
            part = "" if problem.whole_host else "a port of "
            self._problems.note(problem.hosts, problem.text, part)

    def _report_decided(self) -> None:
        at = self._core.take_newly_decided()
        hosts, channels = self._store.name(at)
        self._doubts.flag(hosts, self._tell_of_liar)
        if self._admission.huge:  # millions of silent ports are worth a number only
            told = self._store.reasons(at) != Reason.NO_RESPONSE
            at, hosts, channels = at[told], hosts[told], channels[told]
        if not len(at):
            return
        keys = hosts.astype(np.int64) << 18 | channels
        batch = DecidedBatch(keys, self._store.copy(at), self.book)
        self._changes.note(batch)
        self._narrator.decided(batch)
        if self._on_decided is not None:
            self._on_decided(batch)

    def _tell_of_liar(self, mark: LiarMark) -> None:
        self._say(0, f"{self.book.text(mark.host)}: {mark.text}")

    # ---------------------------------------------------------------- views

    def probe_packet(self, row: Row, evidence: Evidence | None) -> bytes:
        """The probe that decided a port, rebuilt; empty when the transport sends no packets."""
        if row.technique is None or self._transport is None:
            return b""
        probe = np.zeros(1, PROBE)[0]
        probe["host"], probe["port"], probe["protocol"] = row.host, row.port, row.protocol
        probe["technique"] = row.technique
        if evidence is not None and evidence.attempt != UNKNOWN_ATTEMPT:
            probe["attempt"] = evidence.attempt
        return self._transport.probe_packet(probe)

    def publish(self, *, last: bool = False) -> Snapshot:
        """An immutable picture of now; the ``last`` one costs no copies, and nothing may change
        after it."""
        self._serial += 1
        return Snapshot(
            serial=self._serial,
            phase=self.phase,
            view=self._store.snapshot(last=last),
            names=self._names,
            hosts=self._finder.table.snapshot() if self._finder else NO_HOSTS,
            scan_types=self._scan_types,
            timing=self._core.timing,
            progress=self.progress(),
            verbosity=self.verbosity,
            host_rtt=self._core.rtt.frozen(),
            problems=dict(self._problems.texts),
            skipped=frozenset(self._skipped),
            doubts=dict(self._doubts.texts),
            notices=self._notices,
            started_at=self._started_at,
            failure=self.failure,
        )

    def progress(self) -> Progress:
        """The figures of now."""
        now = self._transport.now() if self._transport else 0.0
        return self._figures.progress(now, self.elapsed, self.phase, LONGEST_WAIT)

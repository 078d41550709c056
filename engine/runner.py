"""ScanRunner: the engine thread's side of a session. Core, store and transport meet here.

Nothing in here is safe to call from another thread, except publish's result: an immutable Snapshot.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, UNKNOWN_ATTEMPT, ReplyBatch, SendReport
from engine.core.channels import channels_of
from engine.core.distinct import distinct
from engine.core.meter import Meter, expected_remaining
from engine.core.progress import Progress
from engine.core.scan_core import ScanCore
from engine.core.token import ProbeTokens
from engine.narrator import Narrator, counted
from engine.results.cell import record_keys
from engine.results.decided import DecidedBatch
from engine.results.evidence import Evidence, EvidenceStore
from engine.results.log import ScanLog
from engine.results.row import Row
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.sanitize import clean
from engine.spec.ports import PortSet
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import TargetSet
from engine.spec.timing import TimingTemplate
from engine.transport.base import Recorder, Transport
from engine.transport.live import STRAGGLERS, open_transport

LONGEST_WAIT = 0.05
"""Seconds the engine sleeps at most while a scan runs, so that its figures stay fresh."""
_SETTLED = 1.0
"""Seconds after which the measured send rate says more than the pace."""
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
        self._narrator = Narrator(log, lambda: self.elapsed)
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
        self._store.admit(np.arange(self.book.count, dtype=np.uint32))
        self._core = ScanCore(
            self._store, spec.scan_types, spec.timing, seed=self._seed, shard=spec.shard
        )
        self._scan_types = spec.scan_types
        self._timing = spec.timing
        self._make_transport = make_transport or self._live_transport
        self._transport: Transport | None = None
        self._meter = Meter()
        self._problems: dict[int, str] = {}
        self._skipped: set[int] = set()
        self._started_at = 0.0
        self._began = self._pass_began = 0.0
        self._ended: float | None = None
        self._rejected = 0
        self._serial = 0

    # ---------------------------------------------------------------- life

    def start(self) -> None:
        """Open the transport and queue all the work. Raises TransportUnavailable."""
        transport = self._make_transport(self.book)
        self._transport = transport
        self._started_at = time.time()
        self._began = self._pass_began = transport.now()
        self.phase = Phase.RUNNING
        hosts = np.arange(self.book.count, dtype=np.uint32)
        for protocol in self.spec.protocols:
            channels = channels_of(self.spec.ports, (protocol,))
            self._core.admit(hosts, channels, sharded=True)
        kinds = " and ".join(scan_type.title for scan_type in self._scan_types)
        self._say(
            1,
            f"{kinds} scan of {counted(self.book.count, 'address')} x "
            f"{counted(len(self._store.channels), 'port')} under {self._timing.label}",
        )

    def _live_transport(self, book: AddressBook) -> Transport:
        return open_transport(self.spec, book, ProbeTokens(), self._recorder)

    def close(self) -> None:
        """Give back every descriptor."""
        if self._transport is not None:
            self._transport.close()

    @property
    def transport(self) -> Transport:
        """The open transport. Only after start()."""
        assert self._transport is not None
        return self._transport

    @property
    def elapsed(self) -> float:
        """Seconds since the start, until the end of the scan."""
        if self._transport is None or not self._started_at:
            return 0.0
        now = self._transport.now() if self._ended is None else self._ended
        return now - self._began

    def turn(self) -> None:
        """One round: send what may be sent, wait for answers (LONGEST_WAIT at most), take them
        in."""
        transport, core = self.transport, self._core
        now = transport.now()
        poll = core.poll(now)
        if len(poll.batch):
            report = transport.send(poll.batch)
            core.sent(transport.now(), poll.batch, report)
            self._note_problems(report)
        replies = transport.receive(min(poll.wake_at, now + LONGEST_WAIT))
        now = transport.now()
        self._rejected += replies.rejected
        if len(replies):
            self._take_in(now, replies)
        self._report_decided()
        self._meter.note(now, core.sent_total, core.answered_total, core.decided)
        self._narrator.pace(core.pace)
        if core.finished(now):
            self._finish()

    def _take_in(self, now: float, replies: ReplyBatch) -> None:
        chosen = self._core.feed(now, replies)
        if not len(chosen):
            return
        records = replies.records[chosen]
        at = self._store.locate(records)
        has_raw = len(replies.raw) == len(replies.records)
        self.evidence.add(
            record_keys(records),
            records["answer"],
            records["attempt"],
            records["time"] - self._began,
            replies.raw[chosen] if has_raw else replies.raw[:0],
            replies.raw_length[chosen] if has_raw else replies.raw_length[:0],
            dull=_DULL[self._store.reasons(at)],
        )

    def _finish(self) -> None:
        self._ended = self.transport.now()
        self.phase = Phase.FINISHED
        core = self._core
        self._say(
            1,
            f"finished: {counted(core.decided, 'port')} decided in "
            f"{self._ended - self._pass_began:.2f} s with "
            f"{core.sent_total:,} probes",
        )

    def cancel(self) -> None:
        """Stop; what is known stays."""
        if not self.phase.over:
            self._ended = self.transport.now() if self._transport else None
            self.phase = Phase.CANCELLED
            self._say(0, f"cancelled: {self._core.open_cells:,} ports are undecided")

    def fail(self, why: str) -> None:
        """Stop because nothing more can be done; what is known stays."""
        self._ended = self._transport.now() if self._transport else None
        self.phase = Phase.FAILED
        self.failure = clean(why.partition("\n")[0])
        for line in why.splitlines():
            self._say(0, line)

    def _note_problems(self, report: SendReport) -> None:
        for problem in report.problems:
            if not problem.lasting:
                self._narrator.pressure(problem)
                continue
            for host in problem.hosts:
                if problem.whole_host:
                    self._core.drop_host(host)
                if host not in self._problems:
                    self._problems[host] = problem.text
                    what = self.book.text(host) if problem.whole_host else "a port"
                    self._say(0, f"{what} cannot be probed: {problem.text}")
            if not problem.hosts:
                self.fail(f"{problem.text} ({os.strerror(problem.errno)})")

    def _report_decided(self) -> None:
        at = self._core.take_newly_decided()
        if not len(at):
            return
        hosts, channels = self._store.name(at)
        keys = hosts.astype(np.int64) << 18 | channels
        batch = DecidedBatch(keys, self._store.copy(at), self.book)
        self._narrator.decided(batch)
        if self._on_decided is not None:
            self._on_decided(batch)

    # ---------------------------------------------------------------- commands

    def _restart(self) -> None:
        if self.phase.over:
            self.phase = Phase.RUNNING
            self._ended = None
            self._pass_began = self.transport.now()
            self._core.paused = False

    def pause(self) -> None:
        """Send nothing more until resume(); answers still count."""
        if self.phase is Phase.RUNNING:
            self._core.paused = True
            self.phase = Phase.PAUSED
            self._say(0, "paused: nothing is sent, answers to probes in flight still count")

    def resume(self) -> None:
        """Go on after pause()."""
        if self.phase is Phase.PAUSED:
            self._core.paused = False
            self.phase = Phase.RUNNING
            self._say(0, "resumed")

    def set_timing(self, timing: TimingTemplate) -> None:
        """Another timing template, at once."""
        before = self._core.pace.describe()
        self._timing = timing
        self._core.set_timing(timing)
        self.transport.await_answers_for(timing.max_timeout + STRAGGLERS)
        self._say(
            0,
            f"timing {timing.label}: {before} -> {self._core.pace.describe()}, at most "
            f"{timing.max_retries} re-sends; {self._core.open_cells:,} ports left",
        )

    def set_scan_types(self, scan_types: tuple[ScanType, ...], redo_decided: bool) -> None:
        """Other scan types for everything undecided, or for everything."""
        protocols = tuple(scan_type.protocol for scan_type in scan_types)
        ports = self._ports
        for protocol in protocols:
            if not ports.count(protocol):
                ports = ports.union(_same_numbers(ports, protocol))
        self._store.grow(self.book.count, channels_of(ports, protocols))
        self._ports = ports
        self._restart()
        self._scan_types = scan_types
        self._core.set_scan_types(scan_types)
        redone = self._core.rescan(self._store.positions()) if redo_decided else 0
        kinds = " and ".join(scan_type.title for scan_type in scan_types)
        again = f", {redone:,} of them decided before" if redone else ""
        self._say(0, f"scan type {kinds}: {self._core.open_cells:,} ports to probe{again}")

    def rescan(self, keys: NDArray[np.int64]) -> None:
        """Probe decided cells again."""
        records = np.zeros(len(keys), [("host", "u4"), ("port", "u2"), ("protocol", "u1")])
        records["host"], records["port"] = keys >> 18, keys & 0xFFFF
        records["protocol"] = keys >> 16 & 3
        at = self._store.locate(records)
        at = at[at >= 0]
        self._rescan(at, distinct(self._store.name(at)[0]).tolist())

    def rescan_host(self, host: int) -> None:
        """Probe all decided cells of a host again, and those given up when it was skipped."""
        if 0 <= host < self.book.count:
            self._rescan(self._store.positions(host=host), [host])

    def rescan_all(self) -> None:
        """Probe every decided cell again."""
        at = self._store.positions()
        self._rescan(at, distinct(self._store.name(at)[0]).tolist())

    def _rescan(self, at: NDArray[np.int64], hosts: list[int]) -> None:
        """Probe decided cells again; their hosts are taken up again, whatever became of them."""
        self._restart()
        count = 0
        for host in hosts:
            self._problems.pop(host, None)
            self._skipped.discard(host)
            count += self._core.revive_host(host)
        count += self._core.rescan(at)
        self._say(0, f"probing {count:,} ports again")

    def set_verbosity(self, level: int) -> None:
        """Which log lines readers want."""
        self.verbosity = level

    def skip_host(self, host: int) -> None:
        """Send nothing more to a host."""
        if 0 <= host < self.book.count and host not in self._skipped:
            self._skipped.add(host)
            self._core.drop_host(host)
            self._say(0, f"skipped {self.book.text(host)}; what is known of it stays")

    def add_targets(self, targets: TargetSet) -> None:
        """Scan more addresses, on the same ports. Raises SpecError or StoreFullError."""
        first = self.book.count
        fresh = targets.minus(self.book.targets).count
        self._store.require_room(first + fresh, len(self._store.channels))
        added = self.book.extend(targets)
        if not added:
            self._say(0, "nothing added: these addresses are already part of the scan")
            return
        self._restart()
        self._store.grow(self.book.count, self._store.channels)
        self._names = self.book.frozen()
        self._core.grow()
        hosts = np.arange(first, self.book.count, dtype=np.uint32)
        for scan_type in self._scan_types:
            mine = channels_of(self._ports, (scan_type.protocol,))
            self._core.admit(hosts, mine)
        self._say(0, f"added {added:,} addresses")

    def add_ports(self, ports: PortSet) -> None:
        """Scan more ports, on all hosts. Raises StoreFullError."""
        protocols = tuple(scan_type.protocol for scan_type in self._scan_types)
        unknown = ports.minus(self._ports)
        fresh = unknown.only(protocols)
        if not fresh.total:
            known = "these ports are already part of the scan"
            other = "the scan types in use do not probe these ports; choose another type first"
            self._say(0, f"nothing added: {other if unknown.total else known}")
            return
        self._store.grow(self.book.count, channels_of(fresh, protocols))
        self._ports = self._ports.union(fresh)
        self._restart()
        hosts = np.arange(self.book.count, dtype=np.uint32)
        for protocol in protocols:
            channels = channels_of(fresh, (protocol,))
            if len(channels):
                self._core.admit(hosts, channels)
        self._say(0, f"added {fresh.total:,} ports on every host")

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
            scan_types=self._scan_types,
            timing=self._timing,
            progress=self.progress(),
            verbosity=self.verbosity,
            host_rtt=self._core.rtt.smoothed.copy(),
            problems=dict(self._problems),
            skipped=frozenset(self._skipped),
            started_at=self._started_at,
            failure=self.failure,
        )

    def progress(self) -> Progress:
        """The figures of now."""
        core = self._core
        totals = (core.sent_total, core.answered_total, core.decided)
        now = self._transport.now() if self._transport else 0.0
        send_rate, answer_rate, _ = self._meter.rates(now, *totals)
        percentiles = core.rtt.percentiles()
        return Progress(
            elapsed=self.elapsed,
            total=core.decided + core.open_cells,
            decided=core.decided,
            remaining=None if self.phase is not Phase.RUNNING else self._remaining(send_rate),
            sent=core.sent_total,
            answered=core.answered_total,
            resent=core.resent_total,
            in_flight=core.in_flight,
            send_rate=0.0 if self.phase.over else send_rate,
            answer_rate=0.0 if self.phase.over else answer_rate,
            pace=core.pace.rate,
            loss=core.loss.share,
            rtt_median=percentiles[0] if percentiles else None,
            rtt_p95=percentiles[1] if percentiles else None,
            limit="" if self.phase.over else core.limit(),
            rejected=self._rejected,
        )

    def _remaining(self, send_rate: float) -> float | None:
        """Expected seconds to the end. The pace says what may be sent; on a fast path the machine
        sends less, so once the rate has been measured for a while that is what counts."""
        core = self._core
        if not core.sent_total:
            return None
        settled = self.elapsed > _SETTLED and core.unsent > send_rate * LONGEST_WAIT
        return expected_remaining(
            core.open_cells,
            core.unsent,
            min(core.pace.rate, send_rate * 1.1) if settled else core.pace.rate,
            core.silent_share,
            core.loss.copies(self._timing.max_retries),
            core.rtt.group_timeout(self._timing),
        )


def _same_numbers(ports: PortSet, protocol: Protocol) -> PortSet:
    """The port numbers of a set, all protocols together, as ports of ``protocol``."""
    return PortSet.of((protocol, low, high) for _, low, high in ports.ranges)

"""StreamedScan: stands in for a session; a thread decides every port of eight hosts once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.results.log import ScanLog
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from tui.door import EngineDoor

if TYPE_CHECKING:
    from engine.session import ScanSession

HOSTS = 8
PORTS = 65_535
TOTAL = HOSTS * PORTS
TICK = 0.01
"""Seconds between two batches of results."""
PUBLISH_EVERY = 0.04
"""Seconds between two snapshots at least, as the engine has it."""
SETTLED = 400
"""The first ports, all of the first host, which are decided before all others: the top of the
table is filled by them and does not change any more."""
STATES = (PortState.OPEN, PortState.CLOSED, PortState.CLOSED, PortState.FILTERED)


class EightHosts:
    """The address book."""

    count = HOSTS

    def text(self, host: int) -> str:
        return f"127.0.0.{host + 1}"

    def name(self, host: int) -> str:
        return ""

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        return np.arange(HOSTS) if hosts is None else hosts.astype(np.int64)


class StreamedScan:
    """TOTAL ports are decided in random order, ``rate`` a second; then the scan is finished.

    Snapshots are made as ScanSession makes them: when the last one was looked at.
    """

    def __init__(self, spec: ScanSpec, rate: int) -> None:
        self.log = ScanLog()
        self.spec = spec
        self.capture_failure = ""
        self._rate = rate
        self._store = Store(HOSTS, np.arange(1, PORTS + 1, dtype=np.uint32))
        self._store.admit(np.arange(HOSTS, dtype=np.uint32))
        self._random = np.random.default_rng(1)
        self._started = time.monotonic()
        self._serial = self._decided = 0
        self._stop = threading.Event()
        self._wanted = True
        self._publish_after = 0.0
        self._snapshot = self._make_snapshot(Phase.RUNNING)
        self._thread = threading.Thread(target=self._run, name="streamed scan", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def snapshot(self) -> Snapshot:
        self._wanted = True
        return self._snapshot

    def explain(self, key: int) -> None:
        return None

    def take_outcomes(self) -> tuple[str, ...]:
        return ()

    def _run(self) -> None:
        cells = self._store.pending()
        order = np.concatenate((cells[:SETTLED], self._random.permutation(cells[SETTLED:])))
        self._decide(order[:SETTLED])
        self._started = time.monotonic()
        while self._decided < TOTAL and not self._stop.wait(TICK):
            due = min(SETTLED + int((time.monotonic() - self._started) * self._rate), TOTAL)
            self._decide(order[self._decided : due])
            if self._wanted and time.monotonic() >= self._publish_after:
                self._publish_after = time.monotonic() + PUBLISH_EVERY
                self._wanted = False
                self._snapshot = self._make_snapshot(Phase.RUNNING)
        self._snapshot = self._make_snapshot(Phase.FINISHED)

    def _decide(self, at: NDArray[np.int64]) -> None:
        states = self._random.choice(STATES, len(at)).astype(np.uint8)
        elapsed = time.monotonic() - self._started
        self._store.decide(
            at,
            state=states,
            reason=int(Reason.RESET),
            technique=int(ScanType.SYN),
            ttl=64,
            flags=0,
            rtt=self._random.exponential(2.0, len(at)),
            clock=int(elapsed * 10_000),
        )
        self._decided += len(at)

    def _make_snapshot(self, phase: Phase) -> Snapshot:
        self._serial += 1
        rate = self._rate * float(self._random.uniform(0.9, 1.1))
        progress = Progress(
            elapsed=time.monotonic() - self._started,
            total=TOTAL,
            decided=self._decided,
            remaining=(TOTAL - self._decided) / self._rate,
            sent=self._decided,
            answered=self._decided,
            in_flight=int(self._random.integers(100, 1000)),
            send_rate=rate,
            answer_rate=rate,
            pace=rate,
            loss=float(self._random.uniform(0.0, 0.01)),
            rtt_median=float(self._random.exponential(0.002)),
            rtt_p95=float(self._random.exponential(0.01)),
        )
        return Snapshot(
            serial=self._serial,
            phase=phase,
            view=self._store.snapshot(),
            names=EightHosts(),
            scan_types=(ScanType.SYN,),
            timing=TEMPLATES[4],
            progress=progress,
        )


class StreamDoor(EngineDoor):
    """An engine that sends nothing: every scan is a StreamedScan."""

    def __init__(self, rate: int) -> None:
        self._rate = rate

    def open_session(
        self, spec: ScanSpec, problems: tuple[tuple[str, str], ...], verbosity: int
    ) -> ScanSession:
        return cast("ScanSession", StreamedScan(spec, self._rate))

    def can_send_raw(self) -> bool:
        return True

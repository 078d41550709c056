"""StreamedScan: stands in for a session; a thread decides ports at a steady rate, over and over."""

from __future__ import annotations

import threading
import time

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.results.log import ScanLog
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.spec.address import parse_address
from engine.spec.port_state import PortState
from engine.spec.ports import parse_ports
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.target_set import TargetSet
from engine.spec.timing import TEMPLATES

PORTS = 65_535
SNAPSHOTS_PER_SECOND = 20
STATES = (PortState.OPEN, PortState.CLOSED, PortState.CLOSED, PortState.FILTERED)


class OneHost:
    """The address book of a scan of one host."""

    count = 1

    def text(self, host: int) -> str:
        return "127.0.0.1"

    def name(self, host: int) -> str:
        return ""

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        return np.zeros(1 if hosts is None else len(hosts), np.int64)


class StreamedScan:
    """Every port of one host is decided ``rate`` times a second in random order, until close()."""

    def __init__(self, rate: int) -> None:
        self.log = ScanLog()
        piece = parse_address("127.0.0.1")
        assert piece is not None
        self.spec = ScanSpec(TargetSet.of([piece]), parse_ports("1-65535", (Protocol.TCP,)))
        self.passes = 0
        self._per_tick = max(1, rate // SNAPSHOTS_PER_SECOND)
        self._rate = float(rate)
        self._store = Store(1, np.arange(1, PORTS + 1, dtype=np.uint32))
        self._store.admit(np.zeros(1, np.uint32))
        self._random = np.random.default_rng(1)
        self._started = time.monotonic()
        self._serial = 0
        self._stop = threading.Event()
        self._snapshot = self._make_snapshot()
        self._thread = threading.Thread(target=self._run, name="streamed scan", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def explain(self, key: int) -> None:
        return None

    def _run(self) -> None:
        while not self._stop.is_set():
            order = self._random.permutation(PORTS)
            for first in range(0, PORTS, self._per_tick):
                self._decide(order[first : first + self._per_tick])
                self._snapshot = self._make_snapshot()
                if self._stop.wait(1 / SNAPSHOTS_PER_SECOND):
                    return
            self.passes += 1

    def _decide(self, at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
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

    def _make_snapshot(self) -> Snapshot:
        self._serial += 1
        view = self._store.snapshot()
        progress = Progress(
            elapsed=time.monotonic() - self._started,
            total=PORTS,
            decided=PORTS - view.totals[PortState.PENDING],
            send_rate=self._rate,
            answer_rate=self._rate,
        )
        return Snapshot(
            serial=self._serial,
            phase=Phase.RUNNING,
            view=view,
            names=OneHost(),
            scan_types=(ScanType.SYN,),
            timing=TEMPLATES[4],
            progress=progress,
        )

"""Whole scans on a simulated network and a virtual clock, with every probe measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, SendReport
from engine.core.progress import Progress
from engine.results.decided import DecidedBatch
from engine.results.log import ScanLog
from engine.results.row import Row
from engine.spec.ping import DiscoverySpec
from engine.spec.ports import PortSet, parse_ports
from engine.spec.scan import WHOLE, ScanSpec, Shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import TargetSet, parse_targets, resolve_targets
from engine.spec.timing import TEMPLATES, TimingTemplate
from engine.steering import SteeredScan
from engine.transport.scenario import Scenario, load_scenario
from engine.transport.simulated import SimulatedTransport

Cell = tuple[int, int, int]
"""Host index, protocol, port."""


def targets(text: str) -> TargetSet:
    return resolve_targets(parse_targets(text)).targets


def ports(text: str, *protocols: Protocol) -> PortSet:
    return parse_ports(text, protocols or (Protocol.TCP,))


class MeasuredTransport(SimulatedTransport):
    """A simulated network that remembers what was sent and when."""

    def __init__(self, book: AddressBook, scenario: Scenario, realtime: bool = False) -> None:
        super().__init__(book, scenario, realtime=realtime)
        self.log: list[tuple[float, Cell, int, int]] = []
        self.on_send: Callable[[int], None] = lambda count: None

    def send(self, batch: ProbeBatch) -> SendReport:
        now = self.now()
        for probe in batch:
            cell = (int(probe["host"]), int(probe["protocol"]), int(probe["port"]))
            self.log.append((now, cell, int(probe["technique"]), int(probe["attempt"])))
        self.on_send(len(batch))
        return super().send(batch)

    def copies(self) -> Counter[Cell]:
        """Copies sent of each cell's probe."""
        return Counter(cell for _, cell, _, _ in self.log)

    def most_within(self, seconds: float) -> int:
        """Most probes that left within any span of ``seconds``."""
        times = np.array([time for time, *_ in self.log])
        if not len(times):
            return 0
        behind = np.searchsorted(times, times + seconds, side="left")
        return int((behind - np.arange(len(times))).max())


class SimulatedScan:
    """A SteeredScan on a measured network; ``run`` drives it to its end."""

    def __init__(
        self,
        toml: str,
        where: str = "10.0.0.1",
        which: str = "1-20",
        *,
        types: Sequence[ScanType] = (ScanType.SYN,),
        timing: TimingTemplate = TEMPLATES[4],
        seed: int = 3,
        shard: Shard = WHOLE,
        defeat: frozenset[Protocol] = frozenset(),
        discovery: DiscoverySpec | None = None,
    ) -> None:
        chosen = tuple(types)
        protocols = tuple(one.protocol for one in chosen)
        spec = ScanSpec(
            targets(where),
            ports(which, *protocols),
            chosen,
            timing,
            seed,
            shard,
            defeat_reset_ration=Protocol.TCP in defeat,
            defeat_icmp_ration=Protocol.UDP in defeat,
            discovery=discovery,
        )
        self.scenario = load_scenario(toml)
        self.log = ScanLog()
        self.decided: list[Row] = []
        self.most_in_flight = 0
        self.runner = SteeredScan(
            spec, self.log, make_transport=self._network, on_decided=self._note
        )
        self.runner.start()

    def _network(self, book: AddressBook) -> MeasuredTransport:
        self.network = MeasuredTransport(book, self.scenario)
        self.network.on_send = self._note_sending
        return self.network

    def _note_sending(self, count: int) -> None:
        in_flight = self.runner._core.in_flight + count
        self.most_in_flight = max(self.most_in_flight, in_flight)

    def _note(self, batch: DecidedBatch) -> None:
        self.decided.extend(batch.rows())

    def turn(self) -> None:
        self.runner.turn()

    def run(self, turns: int = 200_000) -> SimulatedScan:
        """Drive the scan to its end; a scan that does not end fails the test."""
        for _ in range(turns):
            if self.runner.phase.over:
                return self
            self.runner.turn()
        raise AssertionError(f"the scan does not end: {self.progress}")

    @property
    def progress(self) -> Progress:
        return self.runner.progress()

    def rows(self) -> dict[Cell, Row]:
        """Every decided cell's row."""
        snapshot = self.runner.publish()
        found = {}
        for host in range(snapshot.view.host_count):
            for channel in snapshot.view.channels.tolist():
                row = snapshot.row(host << 18 | channel)
                if row is not None and row.state:
                    found[host, channel >> 16, channel & 0xFFFF] = row
        return found

    def assert_settled(self) -> None:
        """Every cell was decided, nothing is awaited, and the counts agree with the store."""
        progress = self.progress
        assert progress.in_flight == 0
        assert progress.decided == progress.total == len(self.rows())

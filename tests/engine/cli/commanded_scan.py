"""Scans as a command line describes them, on a measured simulated network and a virtual clock."""

from __future__ import annotations

import io
import json
from collections import defaultdict

import numpy as np

from engine.cli.options import pyscan_parser
from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, SendReport
from engine.core.scan_core import ScanCore
from engine.discovery.core import DiscoveryCore
from engine.results.log import ScanLog
from engine.results.report import ScanReport
from engine.session import EXPORT_FORMATS
from engine.spec.command_line import build_spec
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.spec.timing import TimingTemplate
from engine.steering import SteeredScan
from engine.transport.scenario import load_scenario
from tests.engine.core.simulated_scan import Cell, MeasuredTransport

PINGS = min(PingKind)


class CommandedScan:
    """``pyscan`` with these words, but on the network that ``toml`` describes."""

    def __init__(self, line: str, toml: str) -> None:
        words = [*line.split(), "-n", "--seed", "5"]
        self.spec = build_spec(pyscan_parser().read(words), (ScanType.SYN,)).spec
        self._scenario = load_scenario(toml)
        self.most_in_flight = 0
        self.runner = SteeredScan(self.spec, ScanLog(), make_transport=self._network)
        self.runner.start()
        self._finder = self.runner._finder
        for core in filter(None, (self.runner._core, self._finder and self._finder.core)):
            self._watch(core)

    def _network(self, book: AddressBook) -> MeasuredTransport:
        self.network = MeasuredTransport(book, self._scenario)
        return self.network

    def _watch(self, core: ScanCore | DiscoveryCore) -> None:
        """Look how many probes are in flight whenever some have left."""
        sent = core.sent

        def noted(now: float, batch: ProbeBatch, report: SendReport) -> None:
            sent(now, batch, report)
            pings = self._finder.core.in_flight if self._finder is not None else 0
            self.most_in_flight = max(self.most_in_flight, self.runner._core.in_flight + pings)

        core.sent = noted  # type: ignore[method-assign]

    def run(self, until: float = np.inf, turns: int = 40_000) -> CommandedScan:
        """Drive the scan to its end, or to a time."""
        for _ in range(turns):
            if self.runner.phase.over or self.network.now() >= until:
                return self
            self.runner.turn()
        raise AssertionError("the scan does not end")

    def change(self, **bounds: float) -> TimingTemplate:
        """Change bounds of the running scan, as the session does."""
        timing = self.runner.publish().timing.with_bounds(**bounds)  # type: ignore[arg-type]
        self.runner.set_timing(timing)
        return timing

    # ---------------------------------------------------------------- what left

    def times(self, since: float = 0.0) -> np.ndarray:
        """When each probe or ping left, in seconds."""
        return np.array([at for at, *_ in self.network.log if at >= since])

    def gaps(self) -> list[float]:
        """Seconds between the copies of each port's probe."""
        copies: dict[Cell, list[float]] = defaultdict(list)
        for at, cell, technique, _ in self.network.log:
            if technique < PINGS:
                copies[cell].append(at)
        return [gap for one in copies.values() for gap in np.diff(one).tolist()]

    def most_copies(self) -> int:
        """Copies of the probe that was sent most often."""
        ports = [cell for _, cell, technique, _ in self.network.log if technique < PINGS]
        return max(ports.count(cell) for cell in set(ports))

    # ---------------------------------------------------------------- what is told

    def written(self, form: str) -> str:
        """The report in an export format."""
        stream = io.BytesIO()
        report = ScanReport(self.spec, self.runner.publish(), 0.0)
        EXPORT_FORMATS[form].write(report, stream)
        return stream.getvalue().decode()

    def states(self) -> dict[int, str]:
        """State by port of the first host, from the JSON report."""
        document = json.loads(self.written("json"))
        return {one["port"]: one["state"] for one in document["hosts"][0]["ports"]}


def most_within(times: np.ndarray, seconds: float) -> int:
    """Most of the times within any span of ``seconds``, its end left out."""
    times = np.sort(times)
    behind = np.searchsorted(times, times + seconds - 1e-9, side="left")
    return int((behind - np.arange(len(times))).max())

"""Sessions over a simulated network in real time, and waiting for what they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, SendProblem, SendReport
from engine.results.snapshot import Phase
from engine.runner import TransportMaker
from engine.session import ScanSession
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from engine.transport.scenario import load_scenario
from tests.engine.core.simulated_scan import MeasuredTransport, ports, targets

NETWORK = """
[[host]]
address = "10.0.0.0/24"
delay = 0.002
[host.tcp]
open = "22,80"
[host.udp]
open = "53"
"""
FAST = TEMPLATES[4].with_bounds(min_timeout=1.0)
"""Nothing is silent here, so a long timeout costs nothing and forgives a busy machine."""
SLOW = FAST.with_bounds(max_rate=60.0)
"""Slow enough that a scan of some hundred ports is still running when a command comes."""


class Network:
    """A measured network made for each session; ``sent`` counts the probes so far."""

    def __init__(self, toml: str = NETWORK) -> None:
        self._scenario = load_scenario(toml)
        self.transport: MeasuredTransport | None = None

    def __call__(self, book: AddressBook) -> MeasuredTransport:
        self.transport = MeasuredTransport(book, self._scenario, realtime=True)
        return self.transport

    @property
    def log(self) -> list[tuple[float, tuple[int, int, int], int, int]]:
        return self.transport.log if self.transport else []

    @property
    def sent(self) -> int:
        return len(self.log)


class FailingNetwork(Network):
    """A network in front of which our own machine gets in the way: ``problems`` says how a batch
    fares."""

    def __init__(
        self, fate: Callable[[ProbeBatch], tuple[np.ndarray, tuple[SendProblem, ...]]]
    ) -> None:
        super().__init__()
        self._fate = fate

    def __call__(self, book: AddressBook) -> MeasuredTransport:
        transport = super().__call__(book)
        send = transport.send

        def troubled(batch: ProbeBatch) -> SendReport:
            leaves, problems = self._fate(batch)
            sent_at = np.full(len(batch), np.nan)
            sent_at[leaves] = send(batch[leaves]).sent_at
            return SendReport(sent_at, problems)

        transport.send = troubled  # type: ignore[method-assign]
        return transport


def wait_for(predicate: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds; fail when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def spec(
    where: str = "10.0.0.1",
    which: str = "1-400",
    types: tuple[ScanType, ...] = (ScanType.SYN,),
    timing: TimingTemplate = SLOW,
) -> ScanSpec:
    protocols: tuple[Protocol, ...] = tuple(one.protocol for one in types)
    return ScanSpec(targets(where), ports(which, *protocols), types, timing, seed=1)


@contextmanager
def running(
    asked: ScanSpec | None = None, network: TransportMaker | None = None, **options: object
) -> Iterator[ScanSession]:
    """A started session, closed at the end."""
    session = ScanSession(
        asked or spec(),
        make_transport=network or Network(),
        **options,  # type: ignore[arg-type]
    )
    try:
        session.start()
        yield session
    finally:
        session.close()
        assert not session.alive


def phase_is(session: ScanSession, phase: Phase) -> Callable[[], bool]:
    return lambda: session.snapshot().phase is phase


def finished(session: ScanSession) -> None:
    wait_for(phase_is(session, Phase.FINISHED), 10.0)


def descriptors() -> set[str]:
    """What this process has open."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except OSError:
            continue
    return {one for one in found if "/proc/" not in one}


def engine_threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "pyscan-engine"]

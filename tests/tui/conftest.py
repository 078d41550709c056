"""A door to an engine whose answers the tests give, and apps over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from textual.app import App
from textual.pilot import Pilot

from engine.core.progress import Progress
from engine.explain import Explanation
from engine.formats.registry import EXPORT_FORMATS
from engine.host.interfaces import LocalNetwork
from engine.results.log import ScanLog
from engine.results.report import ScanReport
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.session import export
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.transport.live import TransportUnavailable
from tests.tui.quiet import until_quiet
from tui.app import PyScanApp
from tui.door import EngineDoor
from tui.plan import Plan
from tui.recent import RecentTargets

NETWORKS = (
    LocalNetwork("lo", "127.0.0.1", "127.0.0.0/8", 4, True, True, None),
    LocalNetwork("eth0", "10.0.0.5", "10.0.0.0/24", 4, False, True, "10.0.0.1"),
    LocalNetwork("eth1", "192.0.2.9", "192.0.2.0/28", 4, False, True, None),
)


@dataclass
class Book:
    """Addresses of a target set, and names the test gives."""

    addresses: list[str]
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.addresses)

    def text(self, host: int) -> str:
        return self.addresses[host]

    def name(self, host: int) -> str:
        return self.names.get(host, "")

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        return np.arange(self.count) if hosts is None else hosts.astype(np.int64)


class FakeSession:
    """Records commands; its snapshots come from a real store with fixed figures."""

    def __init__(self, spec: ScanSpec, verbosity: int = 1) -> None:
        self.spec = spec
        self.log = ScanLog()
        self.calls: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None
        self.explanation: Explanation | None = None
        ports = spec.ports
        channels = [one << 16 | port for one in spec.protocols for port in ports.ports(one)]
        self.channels = np.array(channels, np.uint32)
        self.book = Book(list(spec.targets.addresses(1000)), {})
        self.store = Store(self.book.count, self.channels)
        self.store.admit(np.arange(self.book.count, dtype=np.uint32))
        self.serial = 1
        self.fields: dict[str, Any] = {
            "phase": Phase.RUNNING,
            "scan_types": spec.scan_types,
            "timing": spec.timing,
            "verbosity": verbosity,
        }
        self.progress: dict[str, Any] = {}
        self.closed = False
        self.capture_failure = ""
        self.outcomes: list[str] = []
        self.log.add(0.0, 0, "scan started")
        self.log.add(0.5, 1, "open port found")
        self.log.add(0.6, 2, "pace doubled")
        self.log.add(0.7, 3, "closed port found")

    def start(self) -> None:
        self.calls.append(("start",))

    def close(self) -> None:
        self.closed = True

    @property
    def alive(self) -> bool:
        return not self.closed

    def snapshot(self) -> Snapshot:
        view = self.store.snapshot()
        total = self.store.host_count * len(self.channels)
        made = Snapshot(
            serial=self.serial,
            phase=Phase.RUNNING,
            view=view,
            names=self.book,
            scan_types=self.spec.scan_types,
            timing=self.spec.timing,
            progress=replace(
                Progress(total=total, decided=total - view.totals[PortState.PENDING]),
                **self.progress,
            ),
            host_rtt=np.full(self.book.count, 0.0011, np.float32),
            started_at=1_750_000_000.0,
        )
        return replace(made, **self.fields)

    def change(self, **fields: Any) -> None:
        """The next snapshot has these fields."""
        self.fields.update(fields)
        self.serial += 1

    def decide(
        self,
        state: PortState,
        *ports: int,
        host: int = 0,
        reason: Reason = Reason.SYN_ACK,
        technique: ScanType = ScanType.SYN,
    ) -> None:
        """These TCP ports have an answer."""
        columns = np.flatnonzero(np.isin(self.channels, np.array(ports, np.uint32)))
        at = columns.astype(np.int64) + host * len(self.channels)
        answered = reason is not Reason.NO_RESPONSE
        once, never = np.ones(len(at), np.uint8), np.zeros(len(at), bool)
        self.store.note_sent(at, once, np.zeros(len(at), np.uint32), never)
        self.store.decide(
            at,
            state=int(state),
            reason=int(reason),
            technique=int(technique),
            ttl=64 if answered else 0,
            flags=0,
            rtt=1.1 if answered else float("nan"),
            clock=12_000,
        )
        self.serial += 1

    def take_outcomes(self) -> tuple[str, ...]:
        told, self.outcomes = self.outcomes, []
        return tuple(told)

    def explain(self, key: int) -> Explanation | None:
        return self.explanation

    def report(self) -> ScanReport:
        return ScanReport(self.spec, self.snapshot(), 1_750_000_012.0)

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Every other command is written down, and refused when the test wants it so."""
        if name.startswith("_"):
            raise AttributeError(name)

        def command(*given: Any, **named: Any) -> None:
            if self.refusal is not None:
                raise self.refusal
            self.calls.append((name, *given, *([named] if named else [])))

        return command


class FakeDoor(EngineDoor):
    """Opens FakeSessions. ``sessions`` has them all, newest last."""

    def __init__(self, *, raw: bool = True) -> None:
        self.raw = raw
        self.sessions: list[FakeSession] = []
        self.dress: Callable[[FakeSession], None] = lambda session: None
        self.refusal: Exception | None = None

    @property
    def session(self) -> FakeSession:
        return self.sessions[-1]

    def open_session(self, spec: ScanSpec, problems: Any, verbosity: int) -> Any:
        if self.refusal is not None:
            raise self.refusal
        session = FakeSession(spec, verbosity)
        self.dress(session)
        self.sessions.append(session)
        return session

    def local_networks(self) -> tuple[LocalNetwork, ...]:
        return NETWORKS

    def can_send_raw(self) -> bool:
        return self.raw

    def how_to_get_raw(self) -> tuple[str, ...]:
        return ("Run it as root:", "  sudo pyscan-tui")

    def default_scan_types(self) -> tuple[ScanType, ...]:
        return (ScanType.SYN,) if self.raw else (ScanType.CONNECT,)

    def export_formats(self) -> Any:
        return MappingProxyType(EXPORT_FORMATS)

    def export(self, report: ScanReport, format_name: str, path: Path) -> None:
        export(report, format_name, path)

    def refusals(self) -> tuple[type[Exception], ...]:
        return (ValueError, OSError, TransportUnavailable)


def mid_scan(session: FakeSession) -> None:
    """A scan on its way: two hosts, some ports of each kind."""
    session.decide(PortState.OPEN, 22, 80, 443)
    session.decide(PortState.CLOSED, *range(1, 22), reason=Reason.RESET)
    session.decide(PortState.FILTERED, 135, 139, reason=Reason.NO_RESPONSE)
    if session.book.count > 1:
        session.decide(PortState.OPEN, 53, host=1)
        session.decide(PortState.CLOSED, 22, 80, host=1, reason=Reason.RESET)
    session.progress = {
        "elapsed": 12.4,
        "remaining": 7.2,
        "sent": 812,
        "answered": 640,
        "resent": 21,
        "in_flight": 96,
        "send_rate": 1980.0,
        "answer_rate": 1740.0,
        "pace": 2400.0,
        "loss": 0.012,
        "rtt_median": 0.0011,
        "rtt_p95": 0.0042,
    }


def plan(*words: str) -> Plan:
    """The plan of a command line."""
    from tui.__main__ import parser

    return Plan(parser().read(words))


@pytest.fixture(autouse=True)
def _input_has_its_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot goes on when the program is done with all keys and clicks before, however busy the
    machine is: by itself it waits for the next message of each widget only."""
    wait = Pilot._wait_for_screen

    async def wait_for_input(pilot: Pilot[None], timeout: float = 30.0) -> bool:
        done = await wait(pilot, timeout)
        order = getattr(pilot.app, "input_order", None)
        while order is not None and not order.quiet and pilot.app.is_running:
            await asyncio.sleep(0.001)
            done = await wait(pilot, timeout)
        return done

    monkeypatch.setattr(Pilot, "_wait_for_screen", wait_for_input)


@pytest.fixture(autouse=True)
def _pilots_wait_for_work_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot waits until the program has nothing to do, and no longer."""
    for module in ("textual.pilot", "textual.app"):
        monkeypatch.setattr(f"{module}.wait_for_idle", until_quiet)


@pytest.fixture(autouse=True)
def _notices_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices can be read for minutes: a busy machine takes seconds to look at them."""
    notify = App.notify

    def notify_for_long(
        app: App[None], *words: Any, timeout: float | None = None, **kind: Any
    ) -> None:
        notify(app, *words, timeout=60 * (timeout or 5), **kind)

    monkeypatch.setattr(App, "notify", notify_for_long)


@pytest.fixture
def door() -> FakeDoor:
    made = FakeDoor()
    made.dress = mid_scan
    return made


@pytest.fixture
def make_app(door: FakeDoor, tmp_path: Path) -> Callable[..., PyScanApp]:
    """An app over the fake door: ``make_app("10.0.0.1", "-p", "1-1000")``."""

    def make(*words: str, **options: Any) -> PyScanApp:
        recent = RecentTargets(tmp_path / "recent.txt")
        return PyScanApp(plan(*words), door=door, recent=recent, **options)

    return make


@pytest.fixture
def until() -> Callable[..., Any]:
    """``await until(pilot, lambda: ...)``: go on as soon as the condition holds, and what made it
    hold has had its effects."""

    async def wait(pilot: Any, condition: Callable[[], object]) -> None:
        for _ in range(4000):
            if condition():
                await pilot._wait_for_screen()
                if condition():
                    return
            await asyncio.sleep(0.005)
        raise AssertionError("it never happened")

    return wait


@pytest.fixture
def running(door: FakeDoor, make_app: Callable[..., PyScanApp], until: Callable[..., Any]) -> Any:
    """``async with running() as (pilot, app, session)``: a scan of two hosts on its way."""

    @asynccontextmanager
    async def run(*words: str, size: tuple[int, int] = (120, 40)) -> Any:
        app = make_app(*(words or ("10.0.0.1-2", "-p", "1-1000")))
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: app.main.snapshot is not None)
            await until(pilot, lambda: len(app.main.table.row_set))
            yield pilot, app, door.session

    return run

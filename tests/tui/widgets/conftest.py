"""Snapshots with fixed figures, made from a real store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from engine.core.progress import Progress
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES

REASONS = {
    PortState.OPEN: Reason.SYN_ACK,
    PortState.CLOSED: Reason.RESET,
    PortState.FILTERED: Reason.NO_RESPONSE,
    PortState.UNFILTERED: Reason.RESET,
    PortState.OPEN_FILTERED: Reason.NO_RESPONSE,
    PortState.CLOSED_FILTERED: Reason.NO_IPID_CHANGE,
}


@dataclass
class Addresses:
    """An address book of ``count`` hosts in 10.0.0.0/8; ``named`` maps hosts to names."""

    count: int
    named: Mapping[int, str] = field(default_factory=dict)

    def text(self, host: int) -> str:
        return f"10.{host >> 16}.{host >> 8 & 255}.{host & 255}"

    def name(self, host: int) -> str:
        return self.named.get(host, "")

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        return np.arange(self.count) if hosts is None else hosts.astype(np.int64)


class FakeScan:
    """A scan whose answers the test gives: a real Store behind real Snapshots."""

    def __init__(self, hosts: int = 1, ports: range = range(1, 101), **names: str) -> None:
        self.channels = np.array(ports, np.uint32)
        self.store = Store(hosts, self.channels)
        self.store.admit(np.arange(hosts, dtype=np.uint32))
        self.names = Addresses(hosts, {int(k.removeprefix("h")): v for k, v in names.items()})
        self.serial = 0
        self.snapshot_fields: dict[str, Any] = {"phase": Phase.RUNNING}

    @property
    def cells(self) -> int:
        return self.store.host_count * len(self.channels)

    def decide(
        self,
        state: PortState,
        *ports: int,
        host: int = 0,
        rtt: float = 1.25,
        clock: int = 12_000,
        **more: int,
    ) -> None:
        columns = np.searchsorted(self.channels, np.array(ports, np.uint32))
        at = columns.astype(np.int64) + host * len(self.channels)
        self.store.reopen(at, more.get("tries", 1), new_pass=True)
        self.store.decide(
            at,
            state=int(state),
            reason=more.get("reason", int(REASONS[state])),
            technique=int(ScanType.SYN),
            ttl=more.get("ttl", 64),
            flags=more.get("flags", 0),
            rtt=rtt,
            clock=clock,
        )

    def snapshot(self, **changes: Any) -> Snapshot:
        self.serial += 1
        self.snapshot_fields.update(changes)
        view = self.store.snapshot()
        decided = self.cells - view.totals[PortState.PENDING]
        progress = Progress(elapsed=12.4, total=self.cells, decided=decided, remaining=7.2)
        made = Snapshot(
            serial=self.serial,
            view=view,
            names=self.names,
            scan_types=(ScanType.SYN,),
            timing=TEMPLATES[4],
            progress=progress,
            phase=Phase.RUNNING,
        )
        return replace(made, **self.snapshot_fields)


class PaneApp(App[None]):
    """One pane on a screen."""

    CSS = "Screen { overflow: hidden; }"

    def __init__(self, pane: Widget) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane

    def lines(self) -> list[str]:
        """The pane as text."""
        strips = self.pane.render_lines(Region(0, 0, *self.pane.outer_size))
        return [strip.text.rstrip() for strip in strips]


@pytest.fixture
def show() -> Callable[[Widget], PaneApp]:
    """An app around one pane."""
    return PaneApp


@pytest.fixture
def make_scan() -> Callable[..., FakeScan]:
    return FakeScan


@pytest.fixture
def usual_scan() -> FakeScan:
    """One host: 3 open ports, 90 closed, 7 filtered."""
    scan = FakeScan()
    rest = set(range(1, 101)) - {22, 53, 80} - set(range(90, 97))
    scan.decide(PortState.CLOSED, *sorted(rest))
    scan.decide(PortState.FILTERED, *range(90, 97), rtt=float("nan"))
    scan.decide(PortState.OPEN, 22, rtt=0.43)
    scan.decide(PortState.OPEN, 80, rtt=12.0)
    scan.decide(PortState.OPEN, 53, rtt=3.0)
    return scan

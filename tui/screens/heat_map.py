"""HeatMapScreen: a map of all ports that fills while the scan runs, and leads to the results."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from engine.results.snapshot import Snapshot
from engine.results.view import StoreView
from engine.sanitize import clean
from engine.spec.port_state import INTERESTING, PortState
from engine.spec.scan_type import Protocol
from tui import format as fmt
from tui.screens.dialog import Dialog
from tui.widgets.heat_map import HeatMap
from tui.widgets.port_space import Scope, Tally
from tui.widgets.results_text import state_counts
from tui.widgets.state_styles import state_styles

LOOK_EVERY = 1 / 3
"""Seconds between two looks at the snapshot."""
SHARE = 0.1
"""The most of the time that counting may take."""
NEEDED = 76
"""Columns the map needs."""
TOO_NARROW = f"The map needs {NEEDED} columns: enlarge the terminal."
ROOMY = 144
"""Columns from which cells are twice as wide."""


class PortRange(NamedTuple):
    """Ports the user chose: of one host or (None) all, of one protocol or all.

    ``interesting``: some of them are open or may be.
    """

    low: int
    high: int
    host: int | None
    protocol: Protocol | None
    interesting: bool


class HeatMapScreen(Dialog[PortRange]):
    """Shows what ``snapshot()`` gives, of ``host`` or of all hosts; gives the ports chosen."""

    heading = "Ports"
    keys = "←↓↑→ move  + - zoom  n N host  p protocol  Enter list ports  Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "host(1)", "Next host", show=False),
        Binding("N", "host(-1)", "Host before", show=False),
        Binding("p", "protocol", "Next protocol", show=False),
    ]

    def __init__(self, snapshot: Callable[[], Snapshot | None], host: int | None = None) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._host = host
        self._protocol: Protocol | None = None
        self._tally = Tally()
        self._busy = False
        self._next = 0.0
        self._shown: tuple[StoreView, Scope] | None = None

    def compose_parts(self) -> ComposeResult:
        """The map, what is under its cursor, and what the glyphs mean."""
        yield HeatMap()
        yield Static(id="cell", markup=False)
        yield Static(id="legend", markup=False)

    def on_mount(self) -> None:
        """Look now and again."""
        self.set_interval(LOOK_EVERY, self.look)

    def on_resize(self, event: events.Resize) -> None:
        """Use the room there is; close where there is none, and say so."""
        self.set_class(event.size.width >= ROOMY, "-roomy")
        if event.size.width < NEEDED and self.is_current:
            self.dismiss(None)
            self.app.notify(TOO_NARROW, severity="warning", markup=False)

    # Counting

    def on_heat_map_moved(self, event: HeatMap.Moved) -> None:
        """Count what has come into the window."""
        self._describe()
        self.look(now=True)

    def look(self, now: bool = False) -> None:
        """Count again when something is new and, unless ``now``, when it is time."""
        snapshot = self._snapshot()
        if snapshot is None or self._busy or (not now and time.monotonic() < self._next):
            return
        scope = Scope(self.query_one(HeatMap).window, self._host, self._protocol)
        if self._shown is not None and self._shown[0] is snapshot.view and self._shown[1] == scope:
            return
        self._busy = True
        self._shown = (snapshot.view, scope)
        self._count(snapshot.view, scope)

    @work(thread=True, group="heat", exit_on_error=False)
    def _count(self, view: StoreView, scope: Scope) -> None:
        """Many hosts have many ports, so they are counted beside the screen."""
        started = time.monotonic()
        try:
            counts = self._tally.count(view, scope)
        finally:
            ended = time.monotonic()
            self._next = ended + (ended - started) / SHARE
            self._busy = False
        self.app.call_from_thread(self._show, scope, counts)

    def _show(self, scope: Scope, counts: NDArray[np.int64]) -> None:
        if self.is_attached:
            self.query_one(HeatMap).show(scope.window, counts)
            self._describe()
            self.look(now=scope.window != self.query_one(HeatMap).window)

    def _describe(self) -> None:
        """Say in words what the map shows and what is under the cursor."""
        heat, snapshot = self.query_one(HeatMap), self._snapshot()
        low, high = heat.ports
        counts = state_counts({state: int(heat.counts[state]) for state in PortState})
        ports = f"port {low}" if low == high else f"ports {low}-{high}"
        line = f"{ports}: {counts or 'not scanned'}"
        self.query_one("#cell", Static).update(
            Text(fmt.cut(line, max(heat.size.width, 1)), style="bold", no_wrap=True)
        )
        who = "all hosts"
        if snapshot is not None and self._host is not None:
            who = clean(snapshot.names.name(self._host) or snapshot.names.text(self._host), 30)
        if snapshot is not None:
            self.query_one("#legend", Static).update(self._legend(snapshot))
        kind = "" if self._protocol is None else f", {self._protocol.label}"
        each = fmt.plural(heat.window.each, "port")
        self.query_one(".dialog").border_title = f"Ports of {who}{kind}, {each} to a cell"

    def _legend(self, snapshot: Snapshot) -> Text:
        """The glyphs of the states there are."""
        styles, legend = state_styles(self.app), Text(no_wrap=True)
        for state, number in snapshot.view.totals.items():
            if number:
                legend.append(f"{state.glyph} ", styles[state]).append(f"{state.label}  ")
        return legend

    # Commands

    def action_host(self, step: int) -> None:
        """The next host, after the last one all together."""
        snapshot = self._snapshot()
        if snapshot is None:
            return
        hosts = snapshot.view.hosts
        at = -1
        if self._host is not None:
            at = next(iter(np.flatnonzero(hosts == self._host).tolist()), -1)
        at = (at + 1 + step) % (len(hosts) + 1) - 1
        self._host = None if at < 0 else int(hosts[at])
        self._anew()

    def action_protocol(self) -> None:
        """The next protocol of the scan, after the last one all together."""
        snapshot = self._snapshot()
        if snapshot is None:
            return
        found = [Protocol(one) for one in np.unique(snapshot.view.channels >> 16).tolist()]
        order: list[Protocol | None] = [None, *found] if len(found) > 1 else [None]
        self._protocol = order[(order.index(self._protocol) + 1) % len(order)]
        self._anew()

    def _anew(self) -> None:
        self._describe()
        self.look(now=True)

    def on_heat_map_chosen(self, event: HeatMap.Chosen) -> None:
        """Leave for the ports under the cursor."""
        heat = self.query_one(HeatMap)
        low, high = heat.ports
        interesting = any(heat.counts[state] for state in INTERESTING)
        self.dismiss(PortRange(low, high, self._host, self._protocol, interesting))

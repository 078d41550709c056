"""One host's line in the hosts pane: what stands in it, for a narrow and for a wide pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rich.style import Style
from textual.app import App

from engine.results.host_view import KnownHost
from engine.results.snapshot import Snapshot
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.vendors import vendor_text
from tui.widgets.gauges import bar, level
from tui.widgets.state_styles import colour, state_styles

COUNTED = (PortState.OPEN, PortState.CLOSED, PortState.FILTERED)
COUNT_WIDTH = 5
COUNTS_FROM = 42
"""Cells from which closed and filtered ports are counted beside the open ones."""
WIDE_FROM = 64
"""Cells from which there are columns for state, reason, latency, name and network card."""
ROOMY_FROM = 110
"""Cells from which such a line has room for counts and a long gauge, too."""

Cells = list[tuple[str, Style]]


class Look(Struct, frozen=True):
    """How a host's state is shown: a glyph beside its word, and theme variables for its colour."""

    glyph: str
    word: str
    tokens: tuple[str, ...]


LOOKS = {
    HostState.UP: Look("↑", "up", ("text-success", "success")),
    HostState.DOWN: Look("↓", "down", ("text-muted", "foreground")),
    HostState.UNKNOWN: Look("?", "unknown", ("text-warning", "warning")),
}
PROBLEM = Look("!", "problem", ("text-error", "error"))
SKIPPED = Look("-", "skipped", ("text-muted", "foreground"))


class HostFacts(Struct, frozen=True):
    """What a host's line depends on."""

    address: str
    typed_name: str
    known: KnownHost
    sign: str
    counts: bytes
    discovered: bool

    @property
    def look(self) -> Look:
        """The look of its state; a problem, or that it was skipped, comes first."""
        return {"!": PROBLEM, "-": SKIPPED}.get(self.sign) or LOOKS[self.known.state]

    @property
    def name(self) -> str:
        """What the user typed, or else what the DNS calls it."""
        return self.typed_name or self.known.name

    @property
    def state_word(self) -> str:
        """``↑ up``, with ``~`` while it is being asked again; empty without discovery."""
        if not self.discovered and not self.sign:
            return ""
        return f"{self.look.glyph}{'~' if self.known.stale else ' '}{self.look.word}"


def host_facts(snapshot: Snapshot, host: int) -> HostFacts:
    """The facts of one host in a snapshot."""
    sign = "!" if host in snapshot.problems else "-" if host in snapshot.skipped else ""
    return HostFacts(
        snapshot.names.text(host),
        snapshot.names.name(host),
        snapshot.hosts.line(host),
        sign,
        snapshot.view.counts(host).tobytes(),
        snapshot.hosts.count > 0,
    )


def hardware_text(hardware: bytes) -> str:
    """``b8:27:eb:01:02:03``; empty when it is unknown."""
    return hardware.hex(":")


class _Column(Struct, frozen=True):
    """``width`` 0 takes what the others leave; the highest ``drop`` leaves first."""

    title: str
    text: Callable[[HostFacts], str]
    width: int
    drop: int = 0
    host: bool = False


_COLUMNS = (
    _Column("HOST", lambda one: one.address, 15, host=True),
    _Column("STATE", lambda one: one.state_word, 9),
    _Column("REASON", lambda one: one.known.reason.label if one.known.state else "", 15, drop=1),
    _Column("RTT", lambda one: fmt.latency(one.known.rtt) if one.known.rtt else "", 8, drop=2),
    _Column("NETWORK CARD", lambda one: hardware_text(one.known.hardware), 17, drop=3),
    _Column("MADE BY", lambda one: vendor_text(one.known.hardware), 16, drop=4),
    _Column("NAME", lambda one: one.name, 0),
)
_COUNT_TITLES = {PortState.OPEN: "OPEN", PortState.CLOSED: "CLSD", PortState.FILTERED: "FILT"}
_LEAST_NAME = 24


def _columns(width: int) -> list[tuple[_Column, int]]:
    """The columns that fit in ``width`` cells, and how wide each is."""
    columns = [*_COLUMNS]
    for column in sorted(_COLUMNS, key=lambda one: -one.drop):
        if column.drop and sum(one.width + 1 for one in columns) + _LEAST_NAME > width:
            columns.remove(column)
    rest = max(0, width - sum(one.width + 1 for one in columns if one.width))
    return [(column, column.width or rest) for column in columns]


def wide_cells(facts: HostFacts, width: int, app: App[object]) -> Cells:
    """What stands in the columns that fit in ``width`` cells."""
    cells: Cells = []
    for column, room in _columns(width):
        style = Style.null()
        if column.text(facts) == facts.state_word:
            style = colour(app, *facts.look.tokens)
        text = fmt.fit(column.text(facts), room, host=column.host)
        cells.append((text + (" " if column.width else ""), style))
    return cells


def count_cells(
    counts: NDArray[np.int64], states: tuple[PortState, ...], app: App[object]
) -> Cells:
    """How many ports have each of these states."""
    styles = state_styles(app)
    cells: Cells = []
    for state in states:
        number = int(counts[state])
        text = f"{state.glyph}{fmt.short_count(number)}" if number else ""
        cells.append((text.rjust(COUNT_WIDTH), styles[state]))
    return cells


class _Layout(NamedTuple):
    """What a line has room for: states whose ports are counted, cells for the gauge and the rest of
    the line before these."""

    states: tuple[PortState, ...]
    gauge: int
    room: int


def _layout(width: int, *, counted: bool = True) -> _Layout:
    """``counted``: there are ports to count; else a line with columns needs no room for them."""
    if not counted and width >= WIDE_FROM:
        return _Layout((), 0, width)
    roomy = COUNTS_FROM <= width < WIDE_FROM or width >= ROOMY_FROM
    states = COUNTED if roomy else COUNTED[:1]
    gauge = min(10, max(1, width - 16 - COUNT_WIDTH * len(states)))
    if gauge <= 2 or WIDE_FROM <= width < ROOMY_FROM:
        gauge = 1
    return _Layout(states, gauge, max(4, width - COUNT_WIDTH * len(states) - gauge - 1))


def title_text(width: int, *, counted: bool) -> str:
    """Titles over lines of at least WIDE_FROM cells. ``counted``: there are ports to count."""
    layout = _layout(width, counted=counted)
    titles = " ".join(fmt.fit(column.title, room) for column, room in _columns(layout.room))
    if not counted:
        return titles
    counts = "".join(_COUNT_TITLES[state].rjust(COUNT_WIDTH) for state in layout.states)
    return f"{titles}{counts} {'DONE' if layout.gauge > 1 else ''}"


def line_cells(
    facts: HostFacts | None,
    title: str,
    counts: NDArray[np.int64],
    width: int,
    app: App[object],
    *,
    counted: bool = True,
) -> Cells:
    """Name, counts and the share decided, as wide as the pane allows. Without facts it is the line
    for all hosts, called ``title``. ``counted``: the scan asks ports."""
    states, gauge, room = _layout(width, counted=counted)
    total = int(counts.sum())
    share = 1 - int(counts[PortState.PENDING]) / total if total else 0.0
    drawn = bar(share, gauge) if gauge > 1 else level(share)
    sign = facts.sign if facts else ""
    cells: Cells
    if facts is not None and width >= WIDE_FROM:
        cells = wide_cells(facts, room, app)
    elif facts is not None and facts.discovered:
        look = facts.look
        cells = [(look.glyph, colour(app, *look.tokens))]
        name = facts.name or facts.address
        cells.append((fmt.fit(name, room - 1, host=True), Style(dim=bool(sign))))
    else:
        name = (facts.name or facts.address) if facts else title
        cells = [(fmt.fit(name, room, host=True), Style(dim=bool(sign)))]
    if not gauge:
        return cells
    cells += count_cells(counts, states, app)
    if not total and not sign:
        drawn = " " * len(drawn)
    cells.append((" " + (sign.ljust(len(drawn)) if sign else drawn), Style.null()))
    return cells

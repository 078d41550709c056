"""RescanDialog: which ports to probe again, and with which scan type, in one step."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from tui import format as fmt
from tui.screens.dialog import Dialog

UNDECIDED = frozenset({PortState.PENDING})
FILTERED = frozenset({PortState.FILTERED, PortState.OPEN_FILTERED})
EVERY_STATE = frozenset(PortState)


class Scope(StrEnum):
    """Which ports; the value is the key that chooses them."""

    ROWS = "m"
    HOST = "h"
    UNDECIDED = "u"
    FILTERED = "f"
    EVERYTHING = "e"


STATES = {
    Scope.UNDECIDED: UNDECIDED,
    Scope.FILTERED: FILTERED,
    Scope.EVERYTHING: EVERY_STATE,
    Scope.HOST: EVERY_STATE,
}


class Rescan(Struct, frozen=True):
    """What the user wants: which ports, and a scan type; None for the scan's own."""

    scope: Scope
    scan_type: ScanType | None


class RescanDialog(Dialog[Rescan]):
    """A list of scopes with their ports; the arrows to the sides change the scan type.

    Args:
        snapshot: the scan.
        keys: the marked rows, or those under the cursor.
        rows: what these are called, e.g. ``marked rows``.
        host: the host under the cursor; None when there is none.
        scan_types: what can be used here.
    """

    heading = "Probe again"
    keys = "Enter or a letter probe   ← → or a capital scan type   Esc close"

    def __init__(
        self,
        snapshot: Snapshot,
        keys: Sequence[int],
        rows: str,
        host: int | None,
        scan_types: Sequence[ScanType],
    ) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._keys = np.array(keys, np.int64)
        self._rows = rows
        self._host = host
        self._types: tuple[ScanType | None, ...] = (None, *scan_types)
        self._type: ScanType | None = None

    def compose_parts(self) -> ComposeResult:
        """Scopes, the scan type, what it does."""
        yield OptionList(*self._options(), id="choices")
        yield Static("", id="type", markup=False)
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        """Begin with the rows, or where there are none, with the first scope that has ports."""
        choices = self.query_one("#choices", OptionList)
        filled = (place for place, scope in enumerate(Scope) if self.count(scope))
        choices.highlighted = next(filled, 0)
        choices.focus()
        self._show_type()

    def count(self, scope: Scope) -> int:
        """How many ports a scope has of the scan type's protocol, or of any."""
        protocol = None if self._type is None else self._type.protocol
        if scope is Scope.ROWS:
            keys = self._keys
            own = keys if protocol is None else keys[keys >> 16 & 3 == protocol]
            return len(own)
        if scope is Scope.HOST and self._host is None:
            return 0
        host = self._host if scope is Scope.HOST else None
        return count_ports(self._snapshot, STATES[scope], protocol, host)

    def _options(self) -> list[Option]:
        return [Option(self._line(scope)) for scope in Scope]

    def _line(self, scope: Scope) -> Text:
        number = self.count(scope)
        style = "" if number else "dim"
        line = Text(f"  {scope.value} {self._title(scope)}", style, no_wrap=True)
        return line.append(f"  {fmt.plural(number, 'port') if number else 'none'}", style)

    def _title(self, scope: Scope) -> str:
        match scope:
            case Scope.ROWS:
                return f"the {self._rows}"
            case Scope.HOST if self._host is not None:
                names, host = self._snapshot.names, self._host
                return f"host {names.name(host) or names.text(host)}"
            case Scope.HOST:
                return "this host: put the cursor on one"
            case Scope.UNDECIDED:
                return "all undecided: skipped, given up, or not asked yet"
            case Scope.FILTERED:
                return "all filtered, and open|filtered"
        return "everything"

    def _show_type(self) -> None:
        """The scan type, and the scopes with the ports it can probe."""
        one = self._type
        own = " and ".join(f"{each.option} {each.title}" for each in self._snapshot.scan_types)
        title = f"the scan's own, {own}" if one is None else f"{one.option} {one.title}"
        about = "What another scan type found before is kept beside the new answer."
        self.query_one("#type", Static).update(Text(f"◂ with {title} ▸"))
        self.query_one("#about", Static).update(Text(about if one is None else one.facts.about))
        choices = self.query_one("#choices", OptionList)
        at = choices.highlighted
        choices.set_options(self._options())
        choices.highlighted = at

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click."""
        self._give(tuple(Scope)[event.option_index])

    def on_key(self, event: events.Key) -> None:
        """A scope's letter, a scan type's, or one of the arrows to the sides."""
        by_letter = {one.option[2:]: one for one in self._types if one is not None}
        if event.key in ("left", "right"):
            step = 1 if event.key == "right" else -1
            place = self._types.index(self._type) + step
            self._type = self._types[place % len(self._types)]
            self._show_type()
        elif event.character in by_letter:
            self._type = by_letter[event.character]
            self._show_type()
        elif event.character in tuple(Scope):
            self._give(Scope(event.character))
        else:
            return
        event.stop()

    def _give(self, scope: Scope) -> None:
        if self.count(scope):
            self.dismiss(Rescan(scope, self._type))
            return
        kind = "" if self._type is None else f" {self._type.protocol.label.upper()}"
        self.query_one("#about", Static).update(Text(f"✗ There is no such{kind} port."))


def count_ports(
    snapshot: Snapshot,
    states: frozenset[PortState],
    protocol: Protocol | None = None,
    host: int | None = None,
) -> int:
    """Ports in one of these states, of one protocol or host or of all."""
    view = snapshot.view
    ours = view.channels >> 16 == protocol
    if protocol is None or ours.all():
        counts = view.totals if host is None else dict(enumerate(view.counts(host)))
        return int(sum(counts[state] for state in states))
    wanted = np.isin(np.arange(len(PortState)), list(states))
    blocks = (cells for _, cells in view.parts()) if host is None else [view.host_cells(host)[None]]
    return sum(int(np.count_nonzero(wanted[cells["state"][:, ours]])) for cells in blocks)

"""StatusLine: the header; what is scanned, how, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from engine.results.snapshot import Phase, Snapshot
from tui import format as fmt
from tui.widgets.port_text import port_text
from tui.widgets.scan_share import finding, share_done
from tui.widgets.state_styles import colour

GAP = "  "
_BOLD = Style(bold=True)
_BADGE = Style(bold=True, reverse=True)
_ACTION = "status-action"
"""Where a piece's style keeps the name of its action."""


class PhaseLook(Struct, frozen=True):
    """How a phase is shown: a glyph beside its word, and theme variables for its colour."""

    glyph: str
    tokens: tuple[str, ...]


PHASES: Mapping[Phase, PhaseLook] = {
    Phase.WAITING: PhaseLook("◌", ("text-muted", "foreground")),
    Phase.RUNNING: PhaseLook("●", ("text-success", "success")),
    Phase.PAUSED: PhaseLook("‖", ("text-warning", "warning")),
    Phase.FINISHED: PhaseLook("✓", ("text-primary", "primary")),
    Phase.CANCELLED: PhaseLook("■", ("text-warning", "warning")),
    Phase.FAILED: PhaseLook("✗", ("text-error", "error")),
}

SHORTENINGS: tuple[tuple[str, int], ...] = (
    ("product", 0), ("elapsed", 1), ("scan", 1), ("timing", 1), ("ports", 1), ("target", 1),
    ("ports", 2), ("elapsed", 2), ("left", 1), ("target", 2), ("scan", 2), ("timing", 2),
)  # fmt: skip
"""What gives way, in order, when the line is too long: the piece, and which wording replaces it."""


ACTIONS: Mapping[str, str] = {
    "target": "targets", "ports": "ports", "scan": "scan_type", "timing": "timing",
    "phase": "pause", "recording": "capture",
}  # fmt: skip
"""What a click on a piece of the line asks for."""


class StatusLine(Widget):
    """One line: target, ports, scan types, timing, phase, share done, elapsed and left. A click on
    what can be changed asks for its action (``Chosen``).

    Args:
        badge: a word that stands out and never gives way.
    """

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    class Chosen(Message):
        """The user clicked on what the action called ``name`` changes."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(
        self, *, badge: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._badge = f" {badge} " if badge else ""
        self._recording = False
        self._snapshot: Snapshot | None = None
        self._targets = ""
        self._ports: tuple[object, str] = (None, "")
        self._shown: Text | None = None

    def describe(self, targets: str) -> None:
        """Show ``targets`` as the user wrote them instead of the first address."""
        self._targets = targets
        self._renew()

    def show_recording(self, recording: bool) -> None:
        """Say, or no longer say, that packets are being captured."""
        self._recording = recording
        self._renew()

    def show(self, snapshot: Snapshot) -> None:
        """Show where this snapshot's scan stands."""
        self._snapshot = snapshot
        if self._ports[0] is not snapshot.view.channels:
            self._ports = (snapshot.view.channels, port_text(snapshot.view.channels))
        self._renew()

    def _renew(self) -> None:
        if self.is_attached and self._line() != self._shown:
            self.refresh()

    def render(self) -> Text:
        """The line, in as many words as fit."""
        self._shown = self._line()
        return self._shown

    def _line(self) -> Text:
        snapshot = self._snapshot
        if snapshot is None:
            title = GAP.join(filter(None, ("PyScan", self._badge, self._targets)))
            return Text(fmt.cut(title, self.size.width), style="bold")
        pieces = self._pieces(snapshot)
        wording = dict.fromkeys(pieces, 0)
        for name, shorter in (("", 0), *SHORTENINGS):
            if name == "product":
                pieces["product"] = ("",)
            elif name:
                wording[name] = min(shorter, len(pieces[name]) - 1)
            words = {n: pieces[n][at] for n, at in wording.items() if pieces[n][at]}
            if cell_len(GAP.join(words.values())) <= self.size.width:
                break
        line = Text(no_wrap=True, end="")
        look = PHASES[snapshot.phase]
        styles = {
            "product": _BOLD,
            "badge": _BADGE,
            "recording": colour(self.app, "text-error", "error") + _BADGE,
            "phase": colour(self.app, *look.tokens) + _BOLD,
        }
        for name, text in words.items():
            click = Style(meta={_ACTION: ACTIONS.get(name, "")})
            line.append(GAP if line else "").append(text, styles.get(name, Style()) + click)
        if cell_len(line.plain) > self.size.width:
            line.truncate(self.size.width, overflow="ellipsis")
        return line

    def on_click(self, event: Click) -> None:
        """Ask for the action of the piece that was clicked."""
        name = event.style.meta.get(_ACTION)
        if name:
            self.post_message(self.Chosen(name))

    def _pieces(self, snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
        """Every piece of the line in wordings from long to short; an empty one leaves it out."""
        progress, phase = snapshot.progress, snapshot.phase
        target = self._targets or _first_target(snapshot)
        ports, number = self._ports[1], fmt.plural(len(snapshot.view.channels), "port")
        labelled = ports if ports.endswith("ports") else f"ports {ports}"
        options = " ".join(one.option for one in snapshot.scan_types)
        titles = ", ".join(f"{one.option} {one.title}" for one in snapshot.scan_types)
        if not len(snapshot.view.channels):
            options = titles = "no ports"
        share = "" if phase is Phase.WAITING else f" {fmt.percent(share_done(snapshot))}"
        word = phase.value
        if phase is Phase.RUNNING and not progress.total and finding(snapshot):
            word = "finding hosts"
        elapsed = fmt.clock(progress.elapsed)
        left = "" if phase.over or progress.remaining is None else fmt.clock(progress.remaining)
        return {
            "product": ("PyScan",),
            "badge": (self._badge,),
            "recording": ("● REC" if self._recording else "",),
            "target": (target, fmt.cut(target, 24), fmt.cut(target, 15)),
            "ports": (
                labelled,
                fmt.cut(labelled, 20) if len(ports.split()) == 1 else number,
                ports if cell_len(ports) <= 11 else number,
            )
            if ports
            else ("",),
            "scan": (titles, options, fmt.cut(options, 7)),
            "timing": (snapshot.timing.label, f"T{snapshot.timing.number}", ""),
            "phase": (f"{PHASES[phase].glyph} {word}{share}",),
            "elapsed": (f"{elapsed} elapsed", "" if left else elapsed, ""),
            "left": (left and f"{left} left", ""),
        }


def _first_target(snapshot: Snapshot) -> str:
    names = snapshot.names
    if not names.count:
        return "no targets"
    first = names.name(0) or names.text(0)
    return first if names.count == 1 else f"{first} and {names.count - 1:,} more"

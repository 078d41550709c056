"""ScanTypePicker: which scan types probe the ports, at most one for each protocol."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input, Static

from engine.spec.error import SpecError
from engine.spec.scan_type import ScanType
from engine.spec.zombie import check_zombie
from tui.line_input import LineInput
from tui.screens.choose import TickBox
from tui.screens.dialog import Dialog
from tui.widgets.type_grid import TypeGrid

MAX_ZOMBIE = 300
AGAIN = "r"


class ChosenTypes(Struct, frozen=True):
    """What the user wants: scan types in the order of their protocols, the zombie of an idle scan
    (empty for other scans), and whether to probe again what is decided."""

    types: tuple[ScanType, ...]
    zombie: str = ""
    redo: bool = False


class ScanTypePicker(Dialog[ChosenTypes]):
    """A grid of scan types; several may be ticked.

    Args:
        current: the types in force.
        raw_rights: whether raw packets may be sent.
        rights_key: the key that tells how to get the right.
        zombie: the zombie of idle scans so far.
        running: there is a scan whose decided ports could be probed again.
    """

    heading = "Scan type"
    keys = "Enter choose   Space or a letter: tick several   Esc keep as it is"

    def __init__(
        self,
        current: Iterable[ScanType],
        *,
        raw_rights: bool = True,
        rights_key: str = "i",
        zombie: str = "",
        running: bool = False,
    ) -> None:
        super().__init__()
        self._current = tuple(current)
        self._raw_rights = raw_rights
        self._rights_key = rights_key
        self._zombie = zombie
        self._can_redo = running
        self._by_hand = False

    def compose_parts(self) -> ComposeResult:
        """The grid, what the type under the cursor does, the zombie, the tick box."""
        yield TypeGrid(self._current, self._missing(), id="types")
        yield Static("", id="about", markup=False)
        yield LineInput(
            self._zombie,
            placeholder="zombie: an idle host, as host or host:port (80)",
            max_length=MAX_ZOMBIE,
            id="zombie",
        )
        if self._can_redo:
            yield TickBox(f"{AGAIN}: also probe again what is decided already", id="extra")

    def _missing(self) -> frozenset[ScanType]:
        """The types that cannot be used here."""
        return frozenset(one for one in ScanType if one.facts.needs_raw and not self._raw_rights)

    def on_mount(self) -> None:
        """Begin in the grid."""
        self.query_one(TypeGrid).focus()
        self._show()

    @property
    def _grid(self) -> TypeGrid:
        return self.query_one(TypeGrid)

    def _show(self) -> None:
        """Explain the type under the cursor; ask for the zombie when there is need of one."""
        self.query_one("#zombie").display = ScanType.IDLE in self._grid.ticked
        self._say(self._about(self._grid.cursor))

    def _about(self, one: ScanType) -> str:
        if one in self._missing():
            return missing_text(one, self._missing(), self._rights_key)
        return one.facts.about

    def _say(self, text: str) -> None:
        self.query_one("#about", Static).update(Text(text))

    def on_type_grid_moved(self, event: TypeGrid.Moved) -> None:
        """Explain."""
        self._show()

    def on_type_grid_pressed(self, event: TypeGrid.Pressed) -> None:
        """Tick, or take the tick away."""
        if event.scan_type in self._missing():
            self._say(missing_text(event.scan_type, self._missing(), self._rights_key))
            return
        self._by_hand = True
        self._grid.tick(event.scan_type)
        self._show()

    def on_type_grid_entered(self, event: TypeGrid.Entered) -> None:
        """Enter: what is ticked, or where nothing was ticked by hand, the type at the cursor."""
        here = self._grid.cursor
        if not self._by_hand:
            if here in self._missing():
                self._say(missing_text(here, self._missing(), self._rights_key))
                return
            self._grid.ticked = {here}
            self._show()
        self._accept()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the zombie's line."""
        event.stop()
        self._accept()

    def _accept(self) -> None:
        types = tuple(sorted(self._grid.ticked, key=lambda one: one.protocol))
        if not types:
            self._say("Tick at least one type.")
            return
        zombie = ""
        if ScanType.IDLE in types:
            line = self.query_one("#zombie", Input)
            zombie = line.value.strip()
            try:
                check_zombie(zombie)
            except SpecError as error:
                self._say(error.line if zombie else "Whose packet numbers betray the answers?")
                line.focus()
                return
        redo = self._can_redo and self.query_one(TickBox).ticked
        self.dismiss(ChosenTypes(types, zombie, redo))

    def on_key(self, event: events.Key) -> None:
        """The box's letter; up from the zombie's line goes back to the grid."""
        if isinstance(self.focused, Input):
            if event.key in ("up", "shift+tab"):
                event.stop()
                self._grid.focus()
            return
        if event.key == AGAIN and self._can_redo:
            event.stop()
            self.query_one(TickBox).toggle()


def missing_text(one: ScanType, missing: Iterable[ScanType], rights_key: str) -> str:
    """Why a type cannot be used here, and what can; ``rights_key`` tells how to get the right."""
    works = [other for other in ScanType if other not in set(missing)]
    names = " and ".join(f"{other.option} {other.title}" for other in works)
    return (
        f"✗ {one.option} sends raw packets, and PyScan has no right to: {rights_key} on the main "
        f"screen tells how to get it. {names} work without."
    )

"""Commands about rows of the results: go to one, follow the newest."""

from __future__ import annotations

from tui.screens.dialog import given
from tui.screens.jump import JumpDialog, WantedPort
from tui.screens.workbench import Workbench
from tui.widgets.results_text import absent_text


class RowCommands(Workbench):
    """Go to a port, follow the newest result."""

    def do_jump(self) -> None:
        """Put the cursor on a port."""
        self.app.push_screen(JumpDialog(self._absent), given(self._jump))

    def _absent(self, wanted: WantedPort) -> str:
        if self.snapshot is None or self.table.shows_port(wanted.port, wanted.protocol):
            return ""
        keys = {name: self.key(name) for name in ("open_only", "clear")}
        query = self.table.current_query
        return absent_text(self.snapshot, query, wanted.port, wanted.protocol, keys)

    def _jump(self, wanted: WantedPort) -> None:
        self.table.go_to_port(wanted.port, wanted.protocol)
        self.table.focus()

    def do_follow(self) -> None:
        """Keep the cursor on the newest result, or let it stay where it is."""
        wanted = not self.table.follows
        self.table.follow(wanted)
        self.tell("Following the newest result." if wanted else "The cursor stays where it is.")

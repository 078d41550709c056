"""Commands about rows of the results: go to one, follow the newest, copy some."""

from __future__ import annotations

import os

from msgspec.structs import replace

from engine.results.filter import EVERYTHING
from engine.results.row import Row
from engine.spec.error import SpecError
from tui import format as fmt
from tui.clipboard import MAX_BYTES, sent_notice
from tui.row_copy import COPY_FORMS
from tui.screens.choose import Choice, Choose, Chosen
from tui.screens.dialog import given
from tui.screens.jump import JumpDialog, WantedPort
from tui.screens.workbench import Workbench
from tui.widgets.filter_bar import FilterBar
from tui.widgets.results_text import Absence, absence

MAX_ROWS = MAX_BYTES // 10
"""No shorter row can be written than ``1.1.1.1:1`` and a line feed."""


class RowCommands(Workbench):
    """Go to a port, follow the newest result, copy rows."""

    def do_jump(self) -> None:
        """Put the cursor on a port."""
        self.app.push_screen(JumpDialog(self._absent), given(self._jump))

    def _absent(self, wanted: WantedPort) -> Absence | None:
        if self.snapshot is None or self.table.shows_port(*wanted):
            return None
        return absence(self.snapshot, self.table.current_query, *wanted)

    def _jump(self, wanted: WantedPort) -> None:
        """Go there. Where the port is hidden, take away as little as can be of what hides it."""
        table = self.table
        if not table.shows_port(*wanted):
            self._unhide(wanted)
        table.go_to_port(*wanted)
        table.focus()

    def _unhide(self, wanted: WantedPort) -> None:
        table, before = self.table, self.table.current_query
        shown = f"Closed and filtered ports are shown: {self.key('open_only')} hides them."
        gone = "The filter is taken away."
        for change, told in (
            ({"open_only": False}, shown),
            ({"filter": EVERYTHING}, gone),
            ({"open_only": False, "filter": EVERYTHING}, f"{gone} {shown}"),
        ):
            table.set_query(replace(before, **change))
            if table.shows_port(*wanted):
                if "filter" in change:
                    self.query_one(FilterBar).clear()
                self.tell(told)
                return
        table.set_query(before)
        table.list_doubted(True)

    def do_follow(self) -> None:
        """Keep the cursor on the newest result, or let it stay where it is."""
        wanted = not self.table.follows
        self.table.follow(wanted)
        self.tell("Following the newest result." if wanted else "The cursor stays where it is.")

    def do_copy_rows(self) -> None:
        """Send the marked rows, or those under the cursor, to the terminal's clipboard."""
        keys = self.table.chosen_keys
        if not keys:
            self.tell("There is no row to copy.", "warning")
        elif len(keys) > MAX_ROWS:
            self._too_much(len(keys))
        else:
            choices = [Choice(one.name, one.title, one.about, one.key) for one in COPY_FORMS]
            heading = f"Copy {fmt.plural(len(keys), 'row')}"

            def copy(chosen: Chosen) -> None:
                self._copy(keys, chosen.name)

            self.app.push_screen(Choose(heading, choices), given(copy))

    def _copy(self, keys: list[int], name: str) -> None:
        form = next(one for one in COPY_FORMS if one.name == name)
        program = "pyscan-tui --demo" if self.app.door.demonstration else "pyscan"
        rows = self._rows(keys)
        try:
            text = form.write(rows, self.app.plan, program)
        except SpecError as error:
            self.tell(error.line, "error")
            return
        size = len(text.encode())
        if size > MAX_BYTES:
            self._too_much(len(rows))
        elif text:
            self.app.copy_to_clipboard(text)
            what = f"{fmt.plural(len(rows), 'row')} ({fmt.plural(size, 'byte')})"
            self.tell(sent_notice(what, os.environ))

    def _rows(self, keys: list[int]) -> list[Row]:
        if self.snapshot is None:
            return []
        found = (self.snapshot.row(key) for key in keys)
        return [row for row in found if row is not None]

    def _too_much(self, rows: int) -> None:
        self.tell(
            f"{rows:,} rows are more than terminals' clipboards take ({MAX_BYTES:,} bytes): "
            f"mark fewer, or write a file with {self.key('export')}.",
            "warning",
        )

"""Commands of the map of ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.screens.dialog import given
from tui.screens.workbench import Workbench
from tui.widgets.filter_bar import FilterBar

if TYPE_CHECKING:
    from tui.screens.heat_map import PortRange


class MapCommands(Workbench):
    """Show the map; list the ports chosen there."""

    def do_heat_map(self) -> None:
        """Show a map of all ports of the chosen host, or of all hosts."""
        from tui.screens.heat_map import NEEDED, TOO_NARROW, HeatMapScreen

        if self.app.size.width < NEEDED:
            self.tell(TOO_NARROW, "warning")
            return
        host = self.table.current_query.host
        self.app.push_screen(HeatMapScreen(lambda: self.snapshot, host), given(self.list_ports))

    def list_ports(self, chosen: PortRange) -> None:
        """List the results of these ports; when none is open, the closed and filtered ones."""
        query = self.table.current_query
        if query.open_only and not chosen.interesting:
            self.table.set_query(replace(query, open_only=False))
        self.choose_host(chosen.host)
        ports = str(chosen.low) if chosen.low == chosen.high else f"{chosen.low}-{chosen.high}"
        kind = "" if chosen.protocol is None else f" proto:{chosen.protocol.label}"
        self.query_one(FilterBar).set_text(f"port:{ports}{kind}")
        self.show_results()

    def show_results(self) -> None:
        """Bring the results into sight and give them the focus."""
        self.panes.maximised = ""
        if not self.panes.shows("results"):
            self.panes.toggle("results")
        self.set_hosts_wide(False)

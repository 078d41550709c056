"""MainScreen: the workbench with all its commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from tui.actions import key_bindings
from tui.key_bar import KeyBar
from tui.screens.host_commands import HostCommands
from tui.screens.layout_commands import LayoutCommands
from tui.screens.map_commands import MapCommands
from tui.screens.row_commands import RowCommands
from tui.screens.scan_commands import ScanCommands
from tui.screens.setup_commands import SetupCommands
from tui.screens.tab_commands import TabCommands
from tui.screens.view_commands import ViewCommands
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.progress_pane import ProgressPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.status_line import StatusLine


class MainScreen(
    TabCommands,
    ScanCommands,
    HostCommands,
    LayoutCommands,
    MapCommands,
    ViewCommands,
    RowCommands,
    SetupCommands,
):
    """One scan, steered from the keyboard. Keys come from tui.actions and tui.keymap."""

    BINDINGS: ClassVar[list[BindingType]] = [*key_bindings()]

    def action_act(self, name: str) -> None:
        """Do what the registry calls ``name``, or say why it makes no sense now."""
        action = self.app.keymap.by_name[name]
        if not action.needs.met(self.phase):
            self.tell(action.needs.complaint(self.phase, self.app.keymap.keys), "warning")
        elif name.startswith("timing_"):
            self.set_timing(int(name.removeprefix("timing_")))
        else:
            command: Callable[[], None] = getattr(self, f"do_{name}")
            command()

    def on_key_bar_chosen(self, event: KeyBar.Chosen) -> None:
        """A click in the key bar."""
        self.action_act(event.name)

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        """A click on what the line at the top says: change it."""
        self.action_act(event.name)

    def on_results_table_sort_requested(self, event: ResultsTable.SortRequested) -> None:
        """A click on a column's title: sort by it, or turn the order round."""
        self.table.sort_by(event.column)

    def on_results_table_counts_clicked(self) -> None:
        """A click on what is hidden: show it, or hide it again."""
        self.do_open_only()

    def on_results_table_row_chosen(self, event: ResultsTable.RowChosen) -> None:
        """Enter on a row: unfold the detail, or go into it."""
        if self.shows("detail"):
            self.focus_pane("detail")
        else:
            self.do_detail()

    def on_progress_pane_host_chosen(self, event: ProgressPane.HostChosen) -> None:
        """A click on a host's bar: show its ports."""
        self.choose_host(event.host)
        self.show_results()

    def on_hosts_pane_host_chosen(self, event: HostsPane.HostChosen) -> None:
        """Show one host's ports, or all, beside the list."""
        self.choose_host(event.host)
        if self.hosts_wide and self.session is not None and self.session.spec.scan_ports:
            self.set_hosts_wide(False)

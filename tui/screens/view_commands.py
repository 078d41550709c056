"""Commands about what is shown, and about the program itself."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from engine.results.query import SortColumn
from engine.results.snapshot import Snapshot
from engine.sanitize import clean
from tui import format as fmt
from tui.screens.confirm import Confirm, Message
from tui.screens.workbench import Workbench
from tui.widgets.filter_bar import FilterBar
from tui.widgets.host_filter_bar import HostFilterBar
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.row_groups import Grouping

MAX_VERBOSITY = 3
MAX_HOST_WORDS = 500
"""Hosts whose names a filter is completed with."""


class ViewCommands(Workbench):
    """Filter, sort, log level, export, colours, help, quit."""

    # Results

    def do_open_only(self) -> None:
        """Show or hide closed and filtered ports."""
        query = replace(self.table.current_query, open_only=not self.table.current_query.open_only)
        self.table.set_query(query)
        if query.open_only and not query.hides_dull:
            self.tell("Closed and filtered ports stay: the filter asks for states.")

    def do_doubted(self) -> None:
        """List the ports of hosts that call every one open, or fold them into a row for each."""
        if self.snapshot is None or not self.snapshot.doubts:
            self.tell("No host calls every port open.")
            return
        self.table.list_doubted(not self.table.lists_doubted)

    def do_group(self) -> None:
        """Part the results by host, by service, or not at all."""
        grouping = self.table.grouping.next
        self.table.group_by(grouping)
        self.keep_grouping(grouping)
        if grouping is Grouping.NONE:
            self.tell("Results are not grouped.")
        else:
            self.tell(f"Results by {grouping.value}. Enter folds a heading, - all.")

    def do_filter(self) -> None:
        """Open the filter line."""
        hosts = () if self.snapshot is None else host_words(self.snapshot)
        self.query_one(FilterBar).open(hosts)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Show what the filter lets through, with every key."""
        self.table.set_query(replace(self.table.current_query, filter=event.filter))

    def on_filter_bar_closed(self, event: FilterBar.Closed) -> None:
        """Back to the table."""
        self.table.focus()

    def do_clear(self) -> None:
        """Undo one narrowing of the view: the filter, the marks, the hosts' filter, the host."""
        query, bar = self.table.current_query, self.query_one(FilterBar)
        hosts = self.query_one(HostFilterBar)
        if hosts.text and (self.hosts_wide or self.query_one(HostsPane).has_focus):
            hosts.clear()
            return
        if bar.active:
            bar.clear()
        elif self.table.selected:
            self.table.clear_marks()
        elif hosts.text:
            hosts.clear()
        elif query.host is not None:
            self.choose_host(None)
        if not self.hosts_wide:
            self.table.focus()

    def do_sort_next(self) -> None:
        """Sort by the next column."""
        self._sort(1)

    def do_sort_previous(self) -> None:
        """Sort by the column before."""
        self._sort(-1)

    def _sort(self, step: int) -> None:
        columns = tuple(SortColumn)
        query = self.table.current_query
        column = columns[(columns.index(query.sort) + step) % len(columns)]
        self.table.set_query(replace(query, sort=column))

    def do_sort_reverse(self) -> None:
        """Turn the order round."""
        query = self.table.current_query
        self.table.set_query(replace(query, descending=not query.descending))

    def do_export(self) -> None:
        """Write the results to a file."""
        from tui.export_parts import host_choices, part_choices
        from tui.screens.export import ExportDialog

        assert self.session is not None
        if self.session.spec.scan_ports:
            parts = part_choices(self.table.rows)
        else:
            parts = host_choices(self.query_one(HostsPane))
        dialog = ExportDialog(self.app.door, self.session.report(), parts)
        self.app.push_screen(dialog, self._exported)

    def _exported(self, path: Path | None) -> None:
        if path is not None:
            self.tell(f"Written to {clean(str(path), 400)}")

    # Log

    def do_louder(self) -> None:
        """One level more of log."""
        self._set_verbosity(self.verbosity + 1)

    def do_quieter(self) -> None:
        """One level less of log."""
        self._set_verbosity(self.verbosity - 1)

    def _set_verbosity(self, level: int) -> None:
        before, self.verbosity = self.verbosity, min(max(level, 0), MAX_VERBOSITY)
        lines = ""
        if self.session is not None:
            self.session.set_verbosity(self.verbosity)
            log = self.session.log
            change = len(log.lines(0, self.verbosity)) - len(log.lines(0, before))
            kind = "more" if change > 0 else "fewer"
            lines = f", {fmt.plural(abs(change), 'line')} {kind}" if change else ""
        folded = "" if self.shows("log") else f"; {self.key('log')} shows it"
        levels = f"{before} -> {self.verbosity}" if before != self.verbosity else f"{before}"
        self.tell(f"Log level {levels} of {MAX_VERBOSITY}{lines}{folded}.")
        self.poll()

    # Program

    def do_rights(self) -> None:
        """Say which rights there are, and how to get more."""
        lines: tuple[str, ...]
        if self.app.door.demonstration:
            lines = (self.app.door.demonstration, "Every scan type works in it without any rights.")
        elif self.app.raw_rights:
            lines = ("PyScan may send raw packets: every scan type works.",)
        else:
            lines = (
                "PyScan may not send raw packets, so TCP SYN scans are not possible here.",
                "TCP connect and UDP scans work.",
                "",
                *self.app.door.how_to_get_raw(),
            )
        self.app.push_screen(Message("Raw-socket rights", lines))

    def do_commands(self) -> None:
        """Search commands by name."""
        self.app.action_command_palette()

    def do_help(self) -> None:
        """Show the keys."""
        from tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.focused_pane(), self.app.keymap.actions))

    def do_suspend(self) -> None:
        """Back to the shell, as Ctrl+Z does with other programs."""
        self.app.action_suspend_scans()

    def do_quit(self) -> None:
        """Leave, after a question while a scan is unfinished."""
        # Asked of the sessions, not of what is on the screen: a scan may have ended since.
        question = quit_question(len(self.app.tabs.busy), len(self.app.tabs.waiting))
        if not question:
            self.app.exit()
            return
        self.app.push_screen(
            Confirm(question, yes="Quit", no="Stay"),
            lambda yes: self.app.exit() if yes else None,
        )

    def do_copy_or_quit(self) -> None:
        """Copy the selected text, or quit as ``q`` does."""
        text = self.get_selected_text()
        if text:
            self.app.copy_to_clipboard(text)
            self.tell(f"Sent {len(text):,} characters to the terminal's clipboard.")
        else:
            self.do_quit()


def host_words(snapshot: Snapshot) -> tuple[str, ...]:
    """Names and then addresses of hosts that have results, for completion."""
    hosts = snapshot.view.hosts[:MAX_HOST_WORDS].tolist()
    names = [snapshot.names.name(host) or snapshot.hosts.name(host) for host in hosts]
    return (*(clean(name, 255) for name in names if name), *map(snapshot.names.text, hosts))


def quit_question(running: int, queued: int) -> str:
    """What to ask before scans are stopped and queued ones forgotten; empty when there are none."""
    if not running and not queued:
        return ""
    are = "A scan is" if running == 1 else f"{running} scans are"
    waiting = f"{queued} queued" if running else fmt.plural(queued, "queued scan")
    if not running:
        return f"Quit without {waiting}?"
    rest = f", and {waiting}" if queued else ""
    return f"{are} running{rest}. Stop {'it' if running + queued == 1 else 'them'} and quit?"

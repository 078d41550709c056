"""Commands about whole hosts: which are listed, and whether they are up."""

from __future__ import annotations

from tui.screens.steer_commands import SteerCommands
from tui.widgets.host_filter_bar import HostFilterBar
from tui.widgets.hosts_pane import HostsPane


class HostCommands(SteerCommands):
    """List, find, ask again, scan all the same."""

    def do_hosts_wide(self) -> None:
        """Give the list of hosts the whole width, or make room for the results again."""
        self.set_hosts_wide(not self.hosts_wide)

    def do_show_down(self) -> None:
        """List hosts that are down, too, or fold them away."""
        pane = self.query_one(HostsPane)
        pane.show_quiet(not pane.shows_quiet)
        self._unfold_hosts()
        listed = "are listed" if pane.shows_quiet else "are folded away when they fill a screen"
        self.tell(f"Hosts that are down {listed}.")

    def do_find_host(self) -> None:
        """Open the line for hosts to look for."""
        self._unfold_hosts()
        self.query_one(HostsPane).prepare_filter()
        self.query_one(HostFilterBar).open()

    def _unfold_hosts(self) -> None:
        if not self.query_one(HostsPane).display:
            self.panes.toggle("hosts")
            self.place_panes()

    def on_host_filter_bar_changed(self, event: HostFilterBar.Changed) -> None:
        """List what the filter lets through, with every key."""
        self.query_one(HostsPane).set_filter(event.text)

    def on_host_filter_bar_closed(self, event: HostFilterBar.Closed) -> None:
        """Go on in the list."""
        self.query_one(HostsPane).focus()

    def do_ping_again(self) -> None:
        """Find out anew whether a host is up: the one under the cursor, or on the line for all,
        every host that is listed."""
        session, pane, host = self.session, self.query_one(HostsPane), self.current_host()
        assert session is not None and self.snapshot is not None
        if pane.has_focus and pane.cursor_host is None:
            hosts = list(pane.listed)
        elif host is not None:
            hosts = [host]
        else:
            self.tell(
                f"Which host? Choose it in the list of hosts ({self.key('hosts')}).", "warning"
            )
            return
        if session.spec.discovery is None or not hosts:
            self.tell("This scan asks no host whether it is up.", "warning")
            return
        self.attempt(lambda: session.ping_again(hosts))

    def do_assume_up(self) -> None:
        """Scan the ports of a host that did not answer."""
        session, host = self.session, self.current_host()
        assert session is not None and self.snapshot is not None
        if host is None:
            keys = f"{self.key('hosts')}, {self.key('show_down')} lists all"
            self.tell(f"Which host? Choose it in the list of hosts ({keys}).", "warning")
            return
        name = self.snapshot.names.text(host)
        if not session.spec.scan_ports:
            key = self.key("targets")
            self.tell(f"This scan asks no ports: {key} starts one that does.", "warning")
        elif self.snapshot.view.row(host) >= 0:
            again = f"{self.key('rescan_host')} scans them again"
            self.tell(f"The ports of {name} are scanned already: {again}.", "warning")
        else:
            self.attempt(lambda: session.assume_up(host))

"""Commands to a scan that exists: hold it, stop it, repeat parts of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.results.snapshot import Phase
from engine.sanitize import clean
from engine.spec.scan_type import ScanType
from tui.screens.capture import CaptureDialog
from tui.screens.confirm import Confirm
from tui.screens.dialog import given
from tui.screens.rescan import EVERY_STATE, STATES, Rescan, RescanDialog, Scope
from tui.screens.workbench import Workbench
from tui.widgets.hosts_pane import HostsPane


class SteerCommands(Workbench):
    """Pause, cancel, rescan, skip. The dispatcher makes sure that there is a session."""

    def do_pause(self) -> None:
        """Pause, or resume."""
        assert self.session is not None
        if self.phase is Phase.PAUSED:
            self.attempt(self.session.resume)
        else:
            self.attempt(self.session.pause)

    def do_cancel(self) -> None:
        """Stop after a question."""
        session = self.session
        assert session is not None
        self.app.push_screen(
            Confirm("Stop this scan? What is known stays.", yes="Stop", no="Go on"),
            lambda yes: self.attempt(session.cancel) if yes else None,
        )

    def do_rescan(self) -> None:
        """Probe the marked ports again, or those under the cursor."""
        session, keys = self.session, sorted(self.table.chosen_keys)
        assert session is not None
        if not keys:
            self.tell("There is no port to rescan: mark some with Space.", "warning")
            return
        self.attempt(lambda: session.rescan(np.array(keys, np.int64)))
        self.table.clear_marks()

    def do_probe_again(self) -> None:
        """Choose which ports to probe again, and with which scan type."""
        session, snapshot, table = self.session, self.snapshot, self.table
        assert session is not None and snapshot is not None
        if not session.spec.scan_ports:
            self.tell(f"This scan asks no ports: {self.key('targets')} starts one.", "warning")
            return
        keys = table.chosen_keys
        rows = "marked rows" if table.selected else "row under the cursor"
        if table.cursor_key is None and not table.selected:
            rows = "rows under this heading" if keys else "marked rows"
        host = self.current_host()
        dialog = RescanDialog(snapshot, keys, rows, host, self._other_types())

        def probe(wanted: Rescan) -> None:
            self._probe_again(keys, host, wanted)

        self.app.push_screen(dialog, given(probe))

    def _other_types(self) -> list[ScanType]:
        """The scan types that could probe this scan's ports here, but for those that do."""
        assert self.session is not None and self.snapshot is not None
        now = self.snapshot.scan_types
        protocols = {one.protocol for one in now}
        return [
            one
            for one in ScanType
            if one.protocol in protocols
            and one not in now
            and (self.app.raw_rights or not one.facts.needs_raw)
            and (one is not ScanType.IDLE or self.session.spec.zombie)
        ]

    def _probe_again(self, keys: list[int], host: int | None, wanted: Rescan) -> None:
        session, kind = self.session, wanted.scan_type
        if session is None:
            return
        match wanted.scope:
            case Scope.ROWS:
                self.attempt(lambda: session.rescan(np.array(keys, np.int64), kind))
                self.table.clear_marks()
            case Scope.HOST if host is not None and kind is None:
                self.attempt(lambda: session.rescan_host(host))
            case Scope.HOST:
                self.attempt(lambda: session.rescan_states(EVERY_STATE, kind, host))
            case Scope.EVERYTHING if kind is None:
                self.attempt(session.rescan_all)
            case scope:
                self.attempt(lambda: session.rescan_states(STATES[scope], kind))

    def do_rescan_host(self) -> None:
        """Probe every port of one host again."""
        session, host = self.session, self.current_host()
        assert session is not None and self.snapshot is not None
        if host is None:
            self.tell("Which host? Put the cursor on one of its ports, or choose it.", "warning")
            return
        self.attempt(lambda: session.rescan_host(host))

    def do_rescan_all(self) -> None:
        """Probe everything again, after a question."""
        session = self.session
        assert session is not None and self.snapshot is not None
        count = sum(self.snapshot.view.totals.values())
        self.app.push_screen(
            Confirm(f"Probe all {count:,} ports again?", yes="Rescan all", no="No"),
            lambda yes: self.attempt(session.rescan_all) if yes else None,
        )

    def do_skip_host(self) -> None:
        """Give up one host."""
        session, host = self.session, self.current_host()
        assert session is not None and self.snapshot is not None
        if host is None:
            self.tell("Which host? Put the cursor on one of its ports, or choose it.", "warning")
            return
        self.attempt(lambda: session.skip_host(host))

    def do_capture(self) -> None:
        """Ask for a file and write packets to it, or end the capture."""
        session = self.session
        assert session is not None
        if self.app.door.demonstration:
            self.tell("The demonstration has no packets to write.", "warning")
        elif self.capturing:
            self.attempt(lambda: session.set_capture(None), "The capture is complete.")
            self.show_capturing(False)
        else:
            self.app.push_screen(CaptureDialog(), given(self._capture))

    def _capture(self, path: Path) -> None:
        session = self.session
        if session is None:
            return
        shown = clean(str(path), 300)
        try:
            session.set_capture(path)
        except self.app.door.refusals() as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self.tell(f"{shown}: {reason}" if reason else str(error), "error")
        else:
            self.show_capturing(True)
            self.tell(f"Capturing to {shown}. {self.key('capture')} stops.")

    def current_host(self) -> int | None:
        """The host under the cursor of the focused pane, or chosen, or the only one; or None."""
        hosts = self.query_one(HostsPane)
        if hosts.has_focus and hosts.cursor_host is not None:
            return hosts.cursor_host
        chosen = self.table.current_query.host
        if chosen is not None:
            return chosen
        if self.table.cursor_host is not None:
            return self.table.cursor_host
        if self.snapshot is not None and self.snapshot.names.count == 1:
            return 0
        return None

"""Commands to a scan that exists: hold it, stop it, repeat parts of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.results.snapshot import Phase
from engine.sanitize import clean
from tui.screens.capture import CaptureDialog
from tui.screens.confirm import Confirm
from tui.screens.dialog import given
from tui.screens.workbench import Workbench
from tui.widgets.hosts_pane import HostsPane


class SteerCommands(Workbench):
    """Pause, cancel, rescan, skip. The dispatcher makes sure that there is a session."""

    def do_pause(self) -> None:
        """Pause, or resume."""
        assert self.session is not None
        if self.phase is Phase.PAUSED:
            self.attempt(self.session.resume, "Resumed.")
        else:
            self.attempt(self.session.pause, "Paused: no probe leaves. P goes on.")

    def do_cancel(self) -> None:
        """Stop after a question."""
        session = self.session
        assert session is not None
        self.app.push_screen(
            Confirm("Stop this scan? What is known stays.", yes="Stop", no="Go on"),
            lambda yes: self.attempt(session.cancel, "Stopped.") if yes else None,
        )

    def do_rescan(self) -> None:
        """Probe the marked ports again, or those under the cursor."""
        session, keys = self.session, sorted(self.table.chosen_keys)
        assert session is not None
        if not keys:
            self.tell("There is no port to rescan: mark some with Space.", "warning")
            return
        self.attempt(
            lambda: session.rescan(np.array(keys, np.int64)),
            "Rescanning 1 port." if len(keys) == 1 else f"Rescanning {len(keys):,} ports.",
        )
        self.table.clear_marks()

    def do_rescan_host(self) -> None:
        """Probe every port of one host again."""
        session, host = self.session, self.current_host()
        assert session is not None and self.snapshot is not None
        if host is None:
            self.tell("Which host? Put the cursor on one of its ports, or choose it.", "warning")
            return
        name = self.snapshot.names.text(host)
        self.attempt(lambda: session.rescan_host(host), f"Rescanning {name}.")

    def do_rescan_all(self) -> None:
        """Probe everything again, after a question."""
        session = self.session
        assert session is not None and self.snapshot is not None
        count = sum(self.snapshot.view.totals.values())
        self.app.push_screen(
            Confirm(f"Probe all {count:,} ports again?", yes="Rescan all", no="No"),
            lambda yes: self.attempt(session.rescan_all, "Rescanning all.") if yes else None,
        )

    def do_skip_host(self) -> None:
        """Give up one host."""
        session, host = self.session, self.current_host()
        assert session is not None and self.snapshot is not None
        if host is None:
            self.tell("Which host? Put the cursor on one of its ports, or choose it.", "warning")
            return
        name = self.snapshot.names.text(host)
        self.attempt(lambda: session.skip_host(host), f"Skipping the rest of {name}.")

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

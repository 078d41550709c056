"""Commands about the panes: show, hide, resize, maximise."""

from __future__ import annotations

from tui.screens.workbench import Workbench

STEPS = {"width": 4, "height": 2}
"""Cells by which a key changes a pane."""


class LayoutCommands(Workbench):
    """Every pane can be hidden, and the one with the focus maximised and resized."""

    def do_results(self) -> None:
        """Fold or unfold the results."""
        self._toggle("results")

    def do_hosts(self) -> None:
        """Fold or unfold the hosts."""
        self._toggle("hosts")

    def do_detail(self) -> None:
        """Fold or unfold the detail."""
        self._toggle("detail")

    def do_progress(self) -> None:
        """Fold or unfold the progress pane."""
        self._toggle("progress")

    def do_log(self) -> None:
        """Fold or unfold the log."""
        self._toggle("log")

    def _toggle(self, pane: str) -> None:
        if pane in ("hosts", "results", "detail"):
            self.hosts_wide = False
        if self.panes.toggle(pane):
            self.remember_layout()
        else:
            self.tell("One pane must stay.", "warning")
        self.place_panes()

    def do_maximise(self) -> None:
        """Give the pane with the focus the whole screen, or all panes their places."""
        pane = self.focused_pane_name() or "results"
        if self.panes.maximise(pane):
            self.tell(f"{self.key('maximise')} brings the other panes back.")
        self.place_panes()
        self.focus_pane(pane)

    def do_wider(self) -> None:
        """Make the pane with the focus wider."""
        self._grow("width", 1)

    def do_narrower(self) -> None:
        """Make the pane with the focus narrower."""
        self._grow("width", -1)

    def do_taller(self) -> None:
        """Make the pane with the focus taller."""
        self._grow("height", 1)

    def do_lower(self) -> None:
        """Make the pane with the focus lower."""
        self._grow("height", -1)

    def _grow(self, axis: str, sign: int) -> None:
        pane = self.focused_pane_name()
        fixed = self.hosts_wide and axis == "width"
        moved = bool(pane) and not fixed and self.panes.grow(pane, axis, sign * STEPS[axis])
        if not moved:
            self.tell(f"The {axis} of this pane cannot change further.", "warning")
            return
        self.place_panes()
        self.remember_layout()

    def do_standard_layout(self) -> None:
        """Give the panes their usual places and sizes."""
        self.panes.reset()
        self.hosts_wide = False
        self.place_panes()
        self.remember_layout()

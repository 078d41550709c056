"""CaptureDialog: the name of the file that packets are written to."""

from __future__ import annotations

import time
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from tui.line_input import LineInput
from tui.screens.dialog import Dialog, Verdict
from tui.screens.file_choice import MAX_PATH, choose_file


class CaptureDialog(Dialog[Path]):
    """Gives back the path; asks before a file is replaced."""

    heading = "Capture packets"
    keys = "Enter start   Esc close"

    def compose_parts(self) -> ComposeResult:
        """File name and verdict."""
        name = time.strftime("pyscan-%Y%m%d-%H%M%S.pcap")
        yield LineInput(name, max_length=MAX_PATH, id="path")
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """Say what will be in the file."""
        self.query_one("#path", Input).focus()
        self.query_one(Verdict).say(
            "Packets sent and received from now on, for tcpdump and Wireshark."
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter starts."""
        event.stop()
        choose_file(self, event.value, self._settle)

    def _settle(self, path: Path) -> None:
        self.dismiss(path)

"""CaptureDialog: the name of the file that packets are written to."""

from __future__ import annotations

import time
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from engine.sanitize import clean
from tui.line_input import LineInput
from tui.screens.confirm import Confirm
from tui.screens.dialog import Dialog, Verdict
from tui.screens.export import MAX_PATH


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
        typed, verdict = event.value.strip(), self.query_one(Verdict)
        if not typed or "\0" in typed:
            verdict.refuse("Type the name of a file.")
            return
        try:
            path = Path(typed).expanduser().absolute()
            exists, folder = path.exists(), path.is_dir()
        except (OSError, RuntimeError, ValueError) as error:
            verdict.refuse(clean(str(error), 200))
            return
        if folder:
            verdict.refuse("That is a folder: add the name of a file.")
        elif exists:
            self.app.push_screen(
                Confirm(
                    f"{clean(str(path), 300)} exists. Overwrite it?",
                    yes="Overwrite",
                    no="Keep it",
                ),
                lambda yes: self._settle(path) if yes else None,
            )
        else:
            self.dismiss(path)

    def _settle(self, path: Path) -> None:
        self.dismiss(path)

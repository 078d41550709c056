"""JumpDialog: where the user types which port the cursor should go to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from textual.app import ComposeResult
from textual.widgets import Input

from engine.spec.scan_type import Protocol
from tui.line_input import LineInput
from tui.screens.dialog import Dialog, Verdict
from tui.widgets.results_text import Absence

MAX_TYPED = 40
_WANTED = re.compile(r"([0-9]{1,5})(?:/([a-z]+))?", re.ASCII)


class WantedPort(NamedTuple):
    """A port number of one protocol, or of any when that is None."""

    port: int
    protocol: Protocol | None = None

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol.label}" if self.protocol is not None else f"{self.port}"


def read_wanted(text: str) -> WantedPort:
    """The port meant by ``80`` or ``53/udp``. Raises ValueError with what is expected."""
    match = _WANTED.fullmatch(text.strip().lower())
    if match is None or int(match[1]) > 65_535:
        raise ValueError("Type a port number, for example 443 or 53/udp")
    if match[2] is None:
        return WantedPort(int(match[1]))
    for protocol in Protocol:
        if protocol.label == match[2]:
            return WantedPort(int(match[1]), protocol)
    raise ValueError("After the slash goes tcp, udp, sctp or ip")


class JumpDialog(Dialog[WantedPort]):
    """Gives the port that was typed, when there is a result for it.

    ``absent`` says why no row shows a port, and None when one does.
    """

    heading = "Go to a port"
    keys = "Enter go   Esc stay"

    def __init__(self, absent: Callable[[WantedPort], Absence | None]) -> None:
        super().__init__()
        self._absent = absent

    def compose_parts(self) -> ComposeResult:
        """The input and what will happen."""
        yield LineInput(placeholder="443 or 53/udp", max_length=MAX_TYPED, id="port")
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Verdict).say("Type a port number.")
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say with every key whether the port can be seen."""
        self._check(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there, when there is such a result."""
        wanted = self._check(event.value)
        if wanted is not None:
            self.dismiss(wanted)

    def _check(self, text: str) -> WantedPort | None:
        verdict = self.query_one(Verdict)
        if not text.strip():
            verdict.say("Type a port number.")
            return None
        try:
            wanted = read_wanted(text)
        except ValueError as error:
            verdict.refuse(f"{error}.")
            return None
        absence = self._absent(wanted)
        if absence is None:
            verdict.accept(f"Port {wanted} is among the rows")
        elif absence.decided:
            verdict.say(f"{absence.why} Enter shows it.")
        else:
            verdict.refuse(absence.why)
            return None
        return wanted

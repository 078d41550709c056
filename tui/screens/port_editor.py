"""PortEditor: ports as text, checked at every key, with presets to start from."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.spec.error import SpecError
from engine.spec.ports import PortSet, parse_ports
from engine.spec.presets import PRESETS
from engine.spec.scan_type import Protocol
from tui.line_input import LineInput
from tui.screens.dialog import Dialog, Verdict

MAX_TYPED = 20_000


class PortEditor(Dialog[str]):
    """Gives back port text that parses for ``protocols``.

    Args:
        text: what the input starts with.
        protocols: what is being scanned.
        in_scan: ports already in the scan; the new ones are added to them. None before a scan.
    """

    keys = "Enter accept   ↓ presets   Esc close"

    def __init__(
        self, text: str, protocols: Sequence[Protocol], in_scan: PortSet | None = None
    ) -> None:
        super().__init__()
        self.heading = "Ports to scan" if in_scan is None else "Add ports to this scan"
        self._text = text
        self._protocols = tuple(protocols)
        self._in_scan = in_scan

    def compose_parts(self) -> ComposeResult:
        """Input, verdict, presets."""
        yield LineInput(
            self._text,
            placeholder="22,80,8000-8100  or  http*  or  T:22,U:53  or a preset's name",
            max_length=MAX_TYPED,
            id="ports",
        )
        yield Verdict(id="verdict")
        yield Static("Presets (Enter puts one into the line)", classes="header", markup=False)
        yield OptionList(*(Option(_preset_line(i)) for i in range(len(PRESETS))), id="presets")

    def on_mount(self) -> None:
        """Check what is there already."""
        self._check(self._text)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check as it is typed."""
        self._check(event.value)

    def on_line_input_too_long(self, event: LineInput.TooLong) -> None:
        """Say why nothing was pasted."""
        event.stop()
        self.query_one(Verdict).refuse(f"That is more than {event.limit:,} characters: use ranges.")

    def _check(self, text: str) -> PortSet | None:
        verdict = self.query_one(Verdict)
        if not text.strip():
            verdict.say("Type ports, or choose a preset below.")
            return None
        try:
            ports = parse_ports(text, self._protocols)
        except SpecError as error:
            verdict.complain(text, error)
            return None
        if self._in_scan is None:
            verdict.accept(port_count(ports))
            return ports
        fresh = ports.minus(self._in_scan)
        known = ports.total - fresh.total
        already = f", {known:,} already in the scan" if known else ""
        verdict.accept(f"{port_count(fresh)} more{already}")
        return ports

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept what parses."""
        if self._check(event.value) is not None:
            self.dismiss(event.value.strip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Put the preset into the input: instead of the text, or after a trailing comma."""
        line = self.query_one(LineInput)
        name = PRESETS[event.option_index].name
        line.take(line.value + name if line.value.rstrip().endswith(",") else name)

    def on_key(self, event: events.Key) -> None:
        """Move between the input and the presets with the arrows."""
        presets = self.query_one("#presets", OptionList)
        if event.key == "down" and isinstance(self.focused, Input):
            event.stop()
            presets.highlighted = presets.highlighted or 0
            presets.focus()
        elif event.key == "up" and self.focused is presets and not presets.highlighted:
            event.stop()
            event.prevent_default()
            self.query_one(Input).focus()


def port_count(ports: PortSet) -> str:
    """For example ``1,002 ports (1,000 TCP, 2 UDP)``."""
    total = f"{ports.total:,} port" + ("" if ports.total == 1 else "s")
    if len(ports.protocols) < 2:
        return total + (f" ({ports.protocols[0].name})" if ports.protocols else "")
    parts = ", ".join(f"{ports.count(one):,} {one.name}" for one in ports.protocols)
    return f"{total} ({parts})"


def _preset_line(index: int) -> Text:
    preset = PRESETS[index]
    line = Text(f"{preset.name:<15} ", no_wrap=True, overflow="ellipsis")
    line.append(preset.about, style="dim")
    return line

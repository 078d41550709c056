"""Commands that say what is scanned and how, before a scan and while it runs."""

from __future__ import annotations

from engine.results.snapshot import Phase
from engine.spec.command_line import BuiltSpec
from engine.spec.ports import PortSet, parse_ports
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from tui.plan import scan_type_title
from tui.screens.choose import Choice, Choose, Chosen
from tui.screens.dialog import given
from tui.screens.port_editor import PortEditor, port_count
from tui.screens.scan_type_picker import ChosenTypes, ScanTypePicker
from tui.screens.target_picker import TargetPicker
from tui.screens.workbench import Workbench
from tui.target_text import problem_lines

_TIMING_HEADER = f"{'template':<12}{'first wait':>11}{'longest':>9}{'re-sends':>10}{'delay':>8}"


class ScanCommands(Workbench):
    """Targets that join, ports, scan type, timing."""

    def do_add_targets(self) -> None:
        """Ask for targets and add them to the session."""
        picker = TargetPicker(self.app.door, self.app.recent, self.app.plan, adding=True)
        self.app.push_screen(picker, self._add_targets)

    def _add_targets(self, built: BuiltSpec | None) -> None:
        session = self.session
        if built is None or session is None:
            return
        for line in problem_lines(built):
            self.tell(line, "warning")
        targets = built.spec.targets
        self.attempt(lambda: session.add_targets(targets))

    def do_ports(self) -> None:
        """Before a scan: set the ports. During one: add ports."""
        if self.session is None or self.snapshot is None:
            editor = PortEditor(self.app.plan.ports, self.app.plan.outline.protocols)
            self.app.push_screen(editor, self._set_ports)
        elif not self.session.spec.scan_ports:
            start = self.key("targets")
            self.tell(f"This scan asks no ports: {start} starts one that does.", "warning")
        else:
            editor = PortEditor("", self._scanned_protocols(), self._ports_in_scan())
            self.app.push_screen(editor, self._add_ports)

    def _scanned_protocols(self) -> tuple[Protocol, ...]:
        assert self.snapshot is not None
        return tuple(one.protocol for one in self.snapshot.scan_types)

    def _ports_in_scan(self) -> PortSet:
        assert self.snapshot is not None
        channels = self.snapshot.view.channels
        return PortSet.of(
            (Protocol(int(c) >> 16), int(c) & 0xFFFF, int(c) & 0xFFFF) for c in channels
        )

    def _set_ports(self, text: str | None) -> None:
        if text is not None:
            self.app.plan = self.app.plan.with_ports(text)
            self.tell(f"Ports for the next scan: {port_count(self.app.plan.outline.ports)}.")

    def _add_ports(self, text: str | None) -> None:
        if text is None or self.session is None:
            return
        session = self.session
        fresh = parse_ports(text, self._scanned_protocols()).minus(self._ports_in_scan())
        if not fresh:
            self.tell(f"Those ports are in the scan already: {self.key('rescan')} rescans them.")
            return
        self.attempt(lambda: session.add_ports(fresh))

    def do_scan_type(self) -> None:
        """Choose how ports are probed."""
        now = self.app.plan.scan_types if self.snapshot is None else self.snapshot.scan_types
        picker = ScanTypePicker(
            now,
            raw_rights=self.app.raw_rights,
            rights_key=self.key("rights"),
            zombie=self.app.plan.args.zombie or "",
            running=self.session is not None and self.session.spec.scan_ports,
        )
        self.app.push_screen(picker, given(self._set_scan_types))

    def _set_scan_types(self, chosen: ChosenTypes) -> None:
        types, session, start = chosen.types, self.session, self.key("targets")
        self.app.plan = self.app.plan.with_scan_types(types, chosen.zombie)
        title = scan_type_title(types)
        if session is None:
            self.tell(f"The next scan is a {title} scan.")
        elif not session.spec.scan_ports:
            self.tell(f"This scan asks no ports. The next is a {title} scan: {start} starts it.")
        elif chosen.zombie != session.spec.zombie and chosen.zombie:
            self.tell(
                f"The zombie is chosen before a scan starts: {start} starts the next one with it."
            )
        else:
            hint = ""
            if self.phase is not None and self.phase.over and not chosen.redo:
                hint = f"{self.key('probe_again')} probes what is decided again, with {title}."
            self.attempt(lambda: self._switch(types, redo=chosen.redo), hint)

    def _switch(self, types: tuple[ScanType, ...], *, redo: bool) -> None:
        """Tell the engine; a protocol that is new to the scan brings its ports along."""
        assert self.session is not None
        known = self._ports_in_scan().protocols
        fresh = tuple(one.protocol for one in types if one.protocol not in known)
        self.session.set_scan_types(types, redo_decided=redo)
        if fresh:
            self.session.add_ports(self.app.plan.ports_for(fresh))

    def do_timing(self) -> None:
        """Choose a template by its figures."""
        now = self.app.plan.timing if self.snapshot is None else self.snapshot.timing
        choices = [
            Choice(str(one.number), _timing_line(one), _timing_about(one), str(one.number))
            for one in TEMPLATES
        ]

        def settle(chosen: Chosen | None) -> None:
            if chosen is not None:
                self.set_timing(int(chosen.name))

        self.app.push_screen(
            Choose("Timing", choices, str(now.number), header=_TIMING_HEADER), settle
        )

    def set_timing(self, number: int) -> None:
        """Use template ``number``, now and for the next scan."""
        self.app.plan = self.app.plan.with_timing(number)
        template = self.app.plan.timing
        session = self.session
        if session is None or self.phase in (None, Phase.FAILED):
            self.tell(f"Timing for the next scan: {template.label}.")
        else:
            self.attempt(lambda: session.set_timing(template))


def _seconds(value: float) -> str:
    return f"{value * 1000:g} ms" if 0 < value < 1 else f"{value:g} s" if value else "none"


def _timing_line(one: TimingTemplate) -> str:
    return (
        f"{one.name:<12}{_seconds(one.initial_timeout):>11}{_seconds(one.max_timeout):>9}"
        f"{one.max_retries:>10}{_seconds(one.scan_delay):>8}"
    )


def _timing_about(one: TimingTemplate) -> str:
    parallel = f"{one.max_parallelism} at a time" if one.max_parallelism else "no fixed limit"
    return (
        f"{one.label}: starts at {one.start_rate:,.0f} probes/s, then follows the path; "
        f"probes in flight: {parallel}; waits {_seconds(one.min_timeout)} to "
        f"{_seconds(one.max_timeout)} for an answer."
    )

"""One headless scan: start it, narrate, stop it when asked, write what was found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from msgspec.structs import replace

from engine.cli import exit_code
from engine.cli.explaining import check_explain, explained
from engine.cli.narration import Narrator
from engine.cli.options import Output, requested_outputs
from engine.cli.outputs import LineStream, check_outputs, load_writers, write_output
from engine.cli.recording import Recording, check_capture, check_has_packets
from engine.cli.signals import cancelled_by_signals, interrupt_on_sigterm
from engine.cli.streams import forget_standard_output
from engine.formats.style import Style
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.results.store import StoreFullError
from engine.session import (
    ScanSession,
    TransportUnavailable,
    can_send_raw,
    default_scan_types,
    how_to_get_raw,
)
from engine.spec.command_line import UsageError, build_spec
from engine.spec.scan import ScanSpec

_TICK = 0.1
"""Seconds between looks at the running scan."""

_STREAMED = Output("jsonl", "-")
"""The one output that is written while the scan runs."""


def run(args: argparse.Namespace) -> int:
    """Perform the scan that parsed options describe and return the exit code.

    Raises SpecError and UsageError for options that make no sense, BrokenPipeError when the reader
    of standard output goes away (the scan is stopped first).
    """
    interrupt_on_sigterm()
    outputs = requested_outputs(args)
    check_outputs(outputs)
    check_capture(args.pcap, outputs)
    check_explain(args, outputs)
    built = build_spec(args, default_scan_types())
    narrator = Narrator(sys.stderr, args.verbosity)
    for line in built.notes:
        narrator.say(f"pyscan: {line}")
    for expression, problem in built.target_problems:
        narrator.say(f"pyscan: {expression} {problem}")
    if _lacks_rights(built.spec):
        _explain_rights(narrator, built.spec)
        return exit_code.NO_PERMISSION
    if args.pcap is not None:
        check_has_packets(built.spec)
    recording = Recording(args.pcap, args.packet_trace)
    style = Style(args.open_only, args.reasons or args.verbosity >= 2, args.verbosity)
    lines = LineStream(sys.stdout.buffer, style) if _STREAMED in outputs else None
    try:
        session = ScanSession(
            built.spec,
            verbosity=style.detail,
            target_problems=built.target_problems,
            on_decided=lines.add if lines else None,
            linger=False,
            recorder=recording if recording.wanted else None,
        )
        # Sockets take a while to close: meanwhile the report is written.
        with closing(recording), closing(session):
            load_writers(outputs)  # sockets take a while to open, too
            report = _scan(session, narrator, lines, recording)
            if args.explain:
                style = replace(style, explain=partial(explained, session))
            written = _write(outputs, report, style, narrator)
    except StoreFullError as error:
        raise UsageError(str(error)) from None
    except TransportUnavailable as error:
        for line in str(error).splitlines():
            narrator.say(f"pyscan: {line}")
        return exit_code.NO_PERMISSION
    if recording.failure:
        narrator.say(f"pyscan: {args.pcap} is not complete: {recording.failure}")
    return _exit_code(report, written and not recording.failure)


def _lacks_rights(spec: ScanSpec) -> bool:
    raw = spec.transport in ("packet", "scapy") or any(
        scan_type.facts.needs_raw for scan_type in spec.scan_types
    )
    return raw and not can_send_raw()


def _explain_rights(narrator: Narrator, spec: ScanSpec) -> None:
    asked = [one.option for one in spec.scan_types if one.facts.needs_raw]
    what = asked[0] if asked else f"--transport {spec.transport}"
    narrator.say(f"pyscan: {what} needs the right to send raw packets; -sT works without")
    for line in how_to_get_raw():
        narrator.say(line)


def _scan(
    session: ScanSession, narrator: Narrator, lines: LineStream | None, recording: Recording
) -> ScanReport:
    """Run the scan to its end, or until a signal, and return what is known then."""
    with cancelled_by_signals(session):
        recording.begin()
        session.start()
        while not session.wait(_TICK):
            narrator.say_all(recording.lines())
            narrator.show(session)
            if lines:
                lines.flush(session.report())
    narrator.say_all(recording.lines())
    narrator.finish(session)
    report = session.report()
    if lines:
        lines.close(report)
    return report


def _write(outputs: Sequence[Output], report: ScanReport, style: Style, narrator: Narrator) -> bool:
    """Write every document; files first, so that a broken pipe costs none. False if one failed."""
    written = True
    for output in sorted(outputs, key=lambda output: output.path == "-"):
        if output == _STREAMED:
            continue
        try:
            write_output(output, report, style)
        except BrokenPipeError:
            raise
        except OSError as error:
            narrator.say(f"pyscan: {output.path} was not written: {error.strerror or error}")
            written = False
            if output.path == "-":
                forget_standard_output()
    return written


def _exit_code(report: ScanReport, written: bool) -> int:
    snapshot = report.snapshot
    if snapshot.phase is Phase.CANCELLED:
        return exit_code.INTERRUPTED
    troubled = report.target_problems or snapshot.problems or not report.complete
    return exit_code.COMPLETED if written and not troubled else exit_code.INCOMPLETE

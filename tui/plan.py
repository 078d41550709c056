"""Plan: what the next scan will be, kept as command-line options.

The command line, the dialogs and the equivalent `pyscan` command all speak of the same options, so
an exclusion or a rate limit given at the start holds for whatever is chosen later.
"""

from __future__ import annotations

import argparse
import copy
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.spec.command_line import BuiltSpec, build_spec, scan_parser
from engine.spec.error import SpecError
from engine.spec.ports import PortSet, default_ports, parse_ports
from engine.spec.resolve import Resolver, system_resolver
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TimingTemplate

FILE_MARK = "@"
"""Before a path in target text: take the targets from this file."""

_VALUES = (
    ("ports", "-p"),
    ("top_ports", "--top-ports"),
    ("exclude", "--exclude"),
    ("exclude_files", "--excludefile"),
    ("exclude_ports", "--exclude-ports"),
    ("transport", "--transport"),
    ("max_retries", "--max-retries"),
    ("min_rate", "--min-rate"),
    ("max_rate", "--max-rate"),
    ("max_parallelism", "--max-parallelism"),
    ("scan_delay", "--scan-delay"),
    ("initial_rtt_timeout", "--initial-rtt-timeout"),
    ("min_rtt_timeout", "--min-rtt-timeout"),
    ("max_rtt_timeout", "--max-rtt-timeout"),
    ("seed", "--seed"),
    ("shard", "--shard"),
)
"""Options with a value, by their attribute in the parsed arguments."""


@dataclass(frozen=True)
class Plan:
    """Parsed options that are copied, never changed.

    Attributes:
        args: from a parser of engine.spec.command_line.
        defaults: scan types when the options name none.
    """

    args: argparse.Namespace
    defaults: tuple[ScanType, ...] = (ScanType.CONNECT,)

    @classmethod
    def blank(cls) -> Plan:
        """The plan of a command line without options."""
        return cls(scan_parser("pyscan", "").read([]))

    @property
    def names_targets(self) -> bool:
        """True when the options say what to scan."""
        return bool(self.args.targets or self.args.target_files)

    @property
    def outline(self) -> ScanSpec:
        """The scan without its targets. Raises SpecError."""
        return build_spec(self._outline_args(), self.defaults).spec

    def _outline_args(self) -> argparse.Namespace:
        return self._with(targets=[], target_files=[], exclude=[], exclude_files=[]).args

    @property
    def scan_types(self) -> tuple[ScanType, ...]:
        """What ports are probed with. Raises SpecError."""
        return self.outline.scan_types

    @property
    def timing(self) -> TimingTemplate:
        """The template with the options' own bounds. Raises SpecError."""
        return self.outline.timing

    @property
    def ports(self) -> str:
        """Port text: what was typed, or the name of what an option stands for."""
        if self.args.ports is not None:
            return str(self.args.ports)
        if self.args.fast:
            return "fast"
        return f"top{self.args.top_ports}" if self.args.top_ports else "default"

    @property
    def title(self) -> str:
        """One line for people: ports, scan types and timing. Raises SpecError."""
        outline = self.outline
        ports = self.ports if len(self.ports) <= 24 else self.ports[:23] + "…"
        return f"ports {ports}  ·  {scan_type_title(outline.scan_types)}  ·  {outline.timing.label}"

    def ports_for(self, protocols: tuple[Protocol, ...]) -> PortSet:
        """The plan's ports for other protocols than its own; the default ones where it has none."""
        asked = tuple(dict.fromkeys((*self.outline.protocols, *protocols)))
        found = parse_ports(self.ports, asked).only(protocols)
        missing = [one for one in protocols if not found.count(one)]
        return found.union(default_ports(missing)) if missing else found

    def with_targets(self, text: str) -> Plan:
        """The plan for the targets typed: expressions, or ``@`` and the name of a file."""
        text = text.strip()
        if text.startswith(FILE_MARK):
            name = text.removeprefix(FILE_MARK).strip().replace("\0", "")
            return self._with(targets=[], target_files=[expand(name)])
        return self._with(targets=text.split(), target_files=[])

    def with_ports(self, text: str) -> Plan:
        """The plan for other ports. Raises SpecError."""
        changed = self._with(ports=text, fast=False, top_ports=None)
        return changed.checked()

    def with_scan_types(self, types: Sequence[ScanType]) -> Plan:
        """The plan for other scan types; port text that does not fit them becomes the default."""
        changed = self._with(scan_types=[one.option[2:] for one in types])
        try:
            return changed.checked()
        except SpecError:
            return changed._with(ports=None, exclude_ports=None)

    def without_raw(self) -> Plan:
        """The plan with connect scans in place of SYN scans. Raises SpecError."""
        types = [ScanType.CONNECT if one is ScanType.SYN else one for one in self.scan_types]
        return self if tuple(types) == self.scan_types else self.with_scan_types(types)

    def with_timing(self, number: int) -> Plan:
        """The plan under template ``number``; bounds given as options stay."""
        return self._with(timing=str(number))

    def checked(self) -> Plan:
        """This plan, when everything but its targets makes sense. Raises SpecError."""
        build_spec(self._outline_args(), self.defaults)
        return self

    def build(self, resolver: Resolver = system_resolver) -> BuiltSpec:
        """The scan, its names looked up: it may take a while. Raises SpecError."""
        args = copy.copy(self.args)
        args.command = self.command
        return build_spec(args, self.defaults, resolver=resolver)

    @property
    def command(self) -> str:
        """The command line that does the same without a screen."""
        words = ["pyscan", *(f"-s{letters}" for letters in self.args.scan_types)]
        words += ["-F"] if self.args.fast else []
        words += [f"-T{self.args.timing}"]
        words += [f"-{self.args.family}"] if self.args.family else []
        words += ["--resolve-all"] if self.args.resolve_all else []
        for name, option in _VALUES:
            value: Any = getattr(self.args, name)
            for one in value if isinstance(value, list) else [value]:
                if one is not None and (name, one) != ("transport", "auto"):
                    words += [option, f"{one:g}" if isinstance(one, float) else str(one)]
        for path in self.args.target_files:
            words += ["-iL", path]
        return shlex.join([*words, *self.args.targets])

    def _with(self, **changes: Any) -> Plan:
        args = copy.copy(self.args)
        for name, value in changes.items():
            setattr(args, name, value)
        return Plan(args, self.defaults)


def expand(name: str) -> str:
    """A path with ``~`` and ``~user`` expanded where that is possible."""
    try:
        return str(Path(name).expanduser())
    except RuntimeError:
        return name


def scan_type_title(scan_types: Sequence[ScanType]) -> str:
    """For example ``-sS TCP SYN + -sU UDP``."""
    return " + ".join(f"{one.option} {one.title}" for one in scan_types)


def scan_type_choices() -> tuple[tuple[ScanType, ...], ...]:
    """Every sensible combination: each type alone, and each TCP type with each of the others."""
    alone = [(one,) for one in ScanType]
    together = [
        (one, other)
        for one in ScanType
        if one.protocol is Protocol.TCP
        for other in ScanType
        if other.protocol is not Protocol.TCP
    ]
    return (*alone, *together)

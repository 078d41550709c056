"""Plan: what the next scan will be, kept as command-line options.

The command line, the dialogs and the equivalent `pyscan` command all speak of the same options, so
an exclusion or a rate limit given at the start holds for whatever is chosen later.
"""

from __future__ import annotations

import argparse
import copy
import re
import shlex
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from engine.spec.command_line import BuiltSpec, build_spec, scan_parser
from engine.spec.discovery_arguments import PING_OPTIONS
from engine.spec.error import SpecError
from engine.spec.ping import Names
from engine.spec.ports import PortSet, default_ports, parse_ports
from engine.spec.resolve import Resolver, system_resolver
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TimingTemplate
from tui.plan_words import command_words

FILE_MARK = "@"
"""Before a path in target text: take the targets from this file."""

_PORTS = ("ports", "fast", "top_ports", "exclude_ports", "scan_types", "zombie", "scanflags")
_PINGS = tuple(PING_OPTIONS.values())
_SET_ASIDE: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("no_ports", True, _PORTS),
    ("list_only", True, (*_PORTS, *_PINGS)),
    ("no_ping", True, _PINGS),
    ("names", Names.NEVER, ("dns_servers", "system_dns")),
)
"""An attribute of the parsed arguments, a value of it, and the options that do not go with that."""

_EVERY_PORT = re.compile(r"(?<![^,:\s])-(?![^,\s])")
"""A range without ends in port text."""


class Finding(Enum):
    """How the hosts to scan are found. The value is the option's attribute in the arguments."""

    PING = ""
    EVERY = "no_ping"
    ONLY = "no_ports"
    LIST = "list_only"


class Plan(Struct, frozen=True):
    """Parsed options that are copied, never changed.

    Attributes:
        args: from a parser of engine.spec.command_line.
        defaults: scan types when the options name none.
        aside: options that do not go with what was chosen since; they come back when they do.
    """

    args: argparse.Namespace
    defaults: tuple[ScanType, ...] = (ScanType.CONNECT,)
    aside: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def blank(cls) -> Plan:
        """The plan of a command line without options."""
        return cls(scan_parser("pyscan", "").read([]))

    @property
    def names_targets(self) -> bool:
        """True when the options say what to scan."""
        return bool(self.args.targets or self.args.target_files or self.args.random)

    @property
    def outline(self) -> ScanSpec:
        """The scan without its targets. Raises SpecError."""
        return build_spec(self._outline_args(), self.defaults).spec

    def _outline_args(self) -> argparse.Namespace:
        nothing: dict[str, Any] = {"targets": [], "target_files": [], "random": None, "within": []}
        return self._with(**nothing, exclude=[], exclude_files=[]).args

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
        return "  ·  ".join(self.facts(scan_type_title(self.scan_types)))

    def facts(self, types: str) -> tuple[str, ...]:
        """What the title says, with these words for the scan types. Raises SpecError."""
        outline = self.outline
        if not outline.scan_ports:
            what = "only a list" if self.finding is Finding.LIST else "only which hosts are up"
            return f"{what}, no ports", outline.timing.label
        spelt_out = _EVERY_PORT.sub(_every(outline.ports), self.ports)
        text = spelt_out if len(spelt_out) <= 24 else spelt_out[:23] + "…"
        common = re.fullmatch(r"default|fast|top[0-9]+", self.ports)
        ports = _common_ports(outline.ports) if common else f"ports {text}"
        return ports, types, outline.timing.label

    @property
    def finding(self) -> Finding:
        """How hosts are found; when options mean several, the one that does least."""
        ways = (Finding.LIST, Finding.ONLY, Finding.EVERY)
        return next((way for way in ways if getattr(self.args, way.value)), Finding.PING)

    @property
    def looks_up_names(self) -> bool:
        """True when hosts' names are looked up in the DNS."""
        return self.args.names is not Names.NEVER

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
        base = self._with_ports_scanned()
        return base._with(ports=text, fast=False, top_ports=None).checked()

    def with_finding(self, way: Finding) -> Plan:
        """The plan with hosts found another way; options that do not go with it are set aside."""
        return self._settled(**{one.value: one is way for one in Finding if one.value})

    def with_names(self, look_up: bool) -> Plan:
        """The plan with hosts' names looked up, or not."""
        return self._settled(names=None if look_up else Names.NEVER)

    def _with_ports_scanned(self) -> Plan:
        """Who chooses ports or scan types wants ports scanned."""
        return self if self.outline.scan_ports else self.with_finding(Finding.PING)

    def with_scan_types(self, types: Sequence[ScanType], zombie: str = "") -> Plan:
        """The plan for other scan types, with the zombie of an idle scan; port text that does not
        fit them becomes the default."""
        idle = ScanType.IDLE in types
        changed = self._with_ports_scanned()._with(
            scan_types=[one.option[2:] for one in types if one is not ScanType.IDLE],
            zombie=zombie or self.args.zombie if idle else None,
        )
        try:
            return changed.checked()
        except SpecError:
            return changed._with(ports=None, exclude_ports=None)

    def without_raw(self) -> Plan:
        """The plan with connect scans in place of SYN scans. Raises SpecError."""
        if not self.outline.scan_ports:
            return self
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
        return shlex.join(["pyscan", *command_words(self.args)])

    def _with(self, **changes: Any) -> Plan:
        args = copy.copy(self.args)
        for name, value in changes.items():
            setattr(args, name, value)
        return replace(self, args=args)

    def _settled(self, **changes: Any) -> Plan:
        """The plan with these changes, and only such other options as go with them."""
        whole = self._with(**self.aside)._with(**changes)
        aside: dict[str, Any] = {}
        for name, value, others in _SET_ASIDE:
            if getattr(whole.args, name) == value:
                aside |= {other: getattr(whole.args, other) for other in others}
        empty: dict[str, Any] = {
            name: [] if isinstance(value, list) else False if isinstance(value, bool) else None
            for name, value in aside.items()
        }
        return replace(whole._with(**empty), aside=aside)


def _every(ports: PortSet) -> str:
    """What a range without ends stands for."""
    return "0-255" if ports.protocols == (Protocol.IP,) else "1-65535"


def _common_ports(ports: PortSet) -> str:
    """For example ``1,000 most common TCP ports``; of IP protocols there are few."""
    return " + ".join(
        f"{ports.count(one):,} IP protocols"
        if one is Protocol.IP
        else f"{ports.count(one):,} most common {one.name} ports"
        for one in ports.protocols
    )


def expand(name: str) -> str:
    """A path with ``~`` and ``~user`` expanded where that is possible."""
    try:
        return str(Path(name).expanduser())
    except RuntimeError:
        return name


def scan_type_title(scan_types: Sequence[ScanType]) -> str:
    """For example ``-sS TCP SYN + -sU UDP``."""
    return " + ".join(f"{one.option} {one.title}" for one in scan_types)

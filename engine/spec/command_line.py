"""From command-line options to a frozen ScanSpec.

Reads target files, resolves names and checks what contradicts. Both programs start here::

    parser = scan_parser("pyscan-tui", "...")
    built = build_spec(parser.read(sys.argv[1:]), default_scan_types)
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from engine.spec.error import SpecError
from engine.spec.options import ScanParser, UsageError, scan_parser
from engine.spec.port_set import PortSet
from engine.spec.ports import parse_ports
from engine.spec.presets import default_ports, top_ports
from engine.spec.resolve import Resolution, Resolver
from engine.spec.scan import ScanSpec, Shard, parse_shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import (
    TargetExpressions,
    TargetSet,
    parse_excludes,
    parse_target_file,
    parse_targets,
    resolve_targets,
    system_resolver,
)
from engine.spec.timing import TimingTemplate, parse_duration, parse_timing

__all__ = ["BuiltSpec", "ScanParser", "UsageError", "build_spec", "scan_parser"]

_FAST = 100
"""Ports of ``-F``."""


@dataclass(frozen=True, slots=True)
class BuiltSpec:
    """A ScanSpec and what came up while it was made.

    Attributes:
        spec: ready to scan; without targets when none was named or none of them resolved.
        target_problems: targets that could not be used, as (expression, why) pairs.
        notes: remarks for the log.
    """

    spec: ScanSpec
    target_problems: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def build_spec(
    args: argparse.Namespace,
    default_scan_types: Sequence[ScanType],
    *,
    resolver: Resolver = system_resolver,
) -> BuiltSpec:
    """The scan that parsed options describe. ``args`` comes from :meth:`ScanParser.read`.

    Raises SpecError for text that cannot be understood or contradicts itself. Names are looked up
    here, so it may take as long as the resolver does.
    """
    scan_types = _scan_types(args.scan_types) or tuple(default_scan_types)
    ports = _ports(args, tuple(scan_type.protocol for scan_type in scan_types))
    timing = _timing(args)
    shard = parse_shard(args.shard) if args.shard is not None else Shard()
    resolution = _targets(args, resolver)
    spec = ScanSpec(
        targets=resolution.targets,
        ports=ports,
        scan_types=scan_types,
        timing=timing,
        seed=args.seed,
        shard=shard,
        transport=args.transport,
        command=args.command,
    )
    idle = [
        f"{one.option} has no ports to scan" for one in scan_types if not ports.count(one.protocol)
    ]
    return BuiltSpec(
        spec,
        tuple((problem.expression, problem.text) for problem in resolution.problems),
        (*resolution.notes, *idle),
    )


def _scan_types(words: Sequence[str]) -> tuple[ScanType, ...]:
    """The types named by the letters after ``-s``, e.g. ``SU``. One type per protocol."""
    letters = {one.option[2:]: one for one in ScanType}
    known = ", ".join(one.option for one in ScanType)
    chosen: dict[ScanType, None] = {}
    for word in words:
        if not word:
            raise SpecError("scan type", "-s", None, "names no scan type", f"use {known}")
        for letter in word:
            if letter not in letters:
                raise SpecError(
                    "scan type",
                    f"-s{letter}",
                    None,
                    "is not a scan type PyScan has",
                    f"use {known}",
                )
            chosen[letters[letter]] = None
    return tuple(chosen)


def _ports(args: argparse.Namespace, protocols: tuple[Protocol, ...]) -> PortSet:
    """``-p``, ``-F`` and ``--top-ports``, after ``--exclude-ports`` has taken its part."""
    if args.fast and (args.ports is not None or args.top_ports is not None):
        raise SpecError("ports", "-F", None, "chooses ports too", "leave out -F, -p or --top-ports")
    number = _FAST if args.fast else args.top_ports
    named = parse_ports(args.ports, protocols) if args.ports is not None else None
    excluded = PortSet()
    if args.exclude_ports is not None:
        excluded = parse_ports(args.exclude_ports, protocols)
    if number is not None:
        every = PortSet.of((protocol, 1, 65_535) for protocol in protocols)
        chosen = top_ports(number, protocols, (named or every).minus(excluded))
    else:
        chosen = (named or default_ports(protocols)).minus(excluded)
    if not chosen.total:
        raise SpecError("ports", args.exclude_ports or "-p", None, "leaves no port to scan")
    return chosen


def _timing(args: argparse.Namespace) -> TimingTemplate:
    def seconds(option: str, text: str | None) -> float | None:
        return None if text is None else parse_duration(text, option)

    return parse_timing(args.timing).with_bounds(
        max_retries=args.max_retries,
        min_rate=args.min_rate,
        max_rate=args.max_rate,
        max_parallelism=args.max_parallelism,
        scan_delay=seconds("--scan-delay", args.scan_delay),
        initial_timeout=seconds("--initial-rtt-timeout", args.initial_rtt_timeout),
        min_timeout=seconds("--min-rtt-timeout", args.min_rtt_timeout),
        max_timeout=seconds("--max-rtt-timeout", args.max_rtt_timeout),
    )


def _targets(args: argparse.Namespace, resolver: Resolver) -> Resolution:
    wanted = parse_targets(" ".join(args.targets)) if args.targets else TargetExpressions()
    for path in args.target_files:
        wanted = wanted.union(parse_target_file(path))
    resolution = resolve_targets(
        wanted, resolver=resolver, family=args.family, all_addresses=args.resolve_all
    )
    excluded = _excluded(args, resolver)
    if not excluded:
        return resolution
    left = resolution.targets.minus(excluded)
    if resolution.targets and not left:
        raise SpecError("targets", resolution.targets.text, None, "is all excluded")
    return Resolution(left, resolution.problems, resolution.notes)


def _excluded(args: argparse.Namespace, resolver: Resolver) -> TargetSet:
    """Every address to leave out. A name that does not resolve is an error: it might be scanned."""
    excluded = TargetSet.empty()
    for expressions in chain(
        map(parse_excludes, args.exclude), map(parse_target_file, args.exclude_files)
    ):
        found = resolve_targets(expressions, resolver=resolver, all_addresses=True)
        for problem in found.problems:
            raise SpecError(
                "excluded targets", problem.expression, None, problem.text,
                "correct it or leave it out",
            )  # fmt: skip
        excluded = excluded.union(found.targets)
    return excluded

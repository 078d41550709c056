"""From command-line options to a frozen ScanSpec.

Reads target files, resolves names and checks what contradicts. Both programs start here::

    parser = scan_parser("pyscan-tui", "...")
    built = build_spec(parser.read(sys.argv[1:]), default_scan_types)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from engine.spec.contradictions import check_together
from engine.spec.discovery_arguments import check_versions, discovery_spec
from engine.spec.error import SpecError
from engine.spec.extension_headers import askable_ports
from engine.spec.options import ScanParser, UsageError, scan_parser
from engine.spec.packet_arguments import packet_options
from engine.spec.port_set import LAST_PORT, PortSet
from engine.spec.ports import parse_ports
from engine.spec.presets import default_ports, top_ports
from engine.spec.random_targets import random_targets
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
from engine.spec.zombie import check_zombie

__all__ = ["BuiltSpec", "ScanParser", "UsageError", "build_spec", "scan_parser"]

_FAST = 100
"""Ports of ``-F``."""


class BuiltSpec(Struct, frozen=True):
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
    check_together(args)
    scan_ports = not (args.no_ports or args.list_only)
    scan_types = _scan_types(args) or tuple(default_scan_types)
    ports = _ports(args, scan_types) if scan_ports else PortSet()
    timing = _timing(args)
    shard = parse_shard(args.shard) if args.shard is not None else Shard()
    discovery = discovery_spec(args)
    resolution = _targets(args, resolver)
    check_versions(discovery, resolution.targets)
    ports, left_out = askable_ports(ports, resolution.targets)
    spec = ScanSpec(
        targets=resolution.targets,
        ports=ports,
        scan_types=scan_types,
        timing=timing,
        seed=args.seed,
        shard=shard,
        transport=args.transport,
        command=args.command,
        discovery=discovery,
        scan_ports=scan_ports,
        packets=packet_options(args, scan_types if scan_ports else (), resolution.targets),
        zombie=check_zombie(args.zombie),
        defeat_reset_ration=args.defeat_rst_ratelimit,
        defeat_icmp_ration=args.defeat_icmp_ratelimit,
    )
    idle = [
        f"{one.option} has no ports to scan"
        for one in scan_types
        if scan_ports and not ports.count(one.protocol)
    ]
    return BuiltSpec(
        spec,
        tuple((problem.expression, problem.text) for problem in resolution.problems),
        (*resolution.notes, *left_out, *idle),
    )


def _scan_types(args: argparse.Namespace) -> tuple[ScanType, ...]:
    """The types named by the letters after ``-s``, e.g. ``SU``, and ``-sI``."""
    by_option = {one.option: one for one in ScanType}
    letters = [f"-s{letter}" for word in args.scan_types for letter in word or " "]
    for option in letters:
        if option in _APART:
            raise SpecError("scan type", option, None, "is an option of its own", _APART[option])
    chosen: dict[ScanType, None] = {}
    for option in letters + ([] if args.zombie is None else ["-sI"]):
        if option not in by_option:
            raise SpecError(
                "scan type", option.strip(), None, "is not a scan type PyScan has",
                "use " + ", ".join(by_option),
            )  # fmt: skip
        chosen[by_option[option]] = None
    if len(chosen) > 1 and any(one.protocol is Protocol.IP for one in chosen):
        raise SpecError(
            "scan type", "-sO", None, "goes with no other type", "scan in two runs, one with -sO"
        )
    return tuple(chosen)


_APART = {
    "-sn": "write it apart: -sn",
    "-sL": "write it apart: -sL",
    "-sI": "write -sI ZOMBIE",
    "-sP": "write -sn",
}
"""What looks like a scan type behind ``-s`` and is none."""


def _ports(args: argparse.Namespace, scan_types: tuple[ScanType, ...]) -> PortSet:
    """``-p``, ``-F`` and ``--top-ports``, after ``--exclude-ports`` has taken its part."""
    protocols = tuple(scan_type.protocol for scan_type in scan_types)
    number = _FAST if args.fast else args.top_ports
    named = parse_ports(args.ports, protocols) if args.ports is not None else None
    excluded = PortSet()
    if args.exclude_ports is not None:
        excluded = parse_ports(args.exclude_ports, protocols)
    if number is not None:
        every = PortSet.of((protocol, 1, LAST_PORT[protocol]) for protocol in protocols)
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
        min_parallelism=args.min_parallelism,
        host_timeout=seconds("--host-timeout", args.host_timeout),
    )


def _targets(args: argparse.Namespace, resolver: Resolver) -> Resolution:
    wanted = parse_targets(" ".join(args.targets)) if args.targets else TargetExpressions()
    for path in args.target_files:
        wanted = wanted.union(parse_target_file(path))
    resolution = resolve_targets(
        wanted, resolver=resolver, family=args.family, all_addresses=args.resolve_all
    )
    excluded = _every_address(
        chain(map(parse_excludes, args.exclude), map(parse_target_file, args.exclude_files)),
        "excluded targets",
        resolver,
    )
    targets = resolution.targets.minus(excluded) if excluded else resolution.targets
    if resolution.targets and not targets:
        raise SpecError("targets", resolution.targets.text, None, "is all excluded")
    if args.random is not None:
        within = _every_address(map(parse_excludes, args.within), "--within", resolver)
        drawn = random_targets(args.random, within.minus(excluded), args.seed)
        targets = targets.union(drawn) if targets else drawn
    return replace(resolution, targets=targets)


def _every_address(
    written: Iterable[TargetExpressions], what: str, resolver: Resolver
) -> TargetSet:
    """All addresses of targets that set limits. A name that does not resolve is an error: an
    address might be scanned that should not be."""
    found = TargetSet.empty()
    for expressions in written:
        resolution = resolve_targets(expressions, resolver=resolver, all_addresses=True)
        for problem in resolution.problems:
            raise SpecError(
                what, problem.expression, None, problem.text, "correct it or leave it out"
            )
        found = found.union(resolution.targets)
    return found

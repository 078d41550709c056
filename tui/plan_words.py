"""A plan's options as the words of a command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from engine.spec.discovery_arguments import GLUED, PING_OPTIONS
from engine.spec.ping import Names

_SWITCHES = (
    ("fast", "-F"),
    ("no_ports", "-sn"),
    ("list_only", "-sL"),
    ("no_ping", "-Pn"),
    *((attribute, option) for option, attribute in PING_OPTIONS.items() if option not in GLUED),
    ("ignore_resets", "--discovery-ignore-rst"),
    ("shuffle", "--randomize-hosts"),
    ("system_dns", "--system-dns"),
    ("resolve_all", "--resolve-all"),
    ("defeat_rst_ratelimit", "--defeat-rst-ratelimit"),
    ("defeat_icmp_ratelimit", "--defeat-icmp-ratelimit"),
)
"""Options without a value, by their attribute in the parsed arguments."""

_VALUES = (
    ("zombie", "-sI"),
    ("ports", "-p"),
    ("top_ports", "--top-ports"),
    ("exclude", "--exclude"),
    ("exclude_files", "--excludefile"),
    ("exclude_ports", "--exclude-ports"),
    ("random", "-iR"),
    ("within", "--within"),
    ("dns_servers", "--dns-servers"),
    ("transport", "--transport"),
    ("interface", "-e"),
    ("source_address", "-S"),
    ("source_port", "--source-port"),
    ("ttl", "--ttl"),
    ("data_length", "--data-length"),
    ("scanflags", "--scanflags"),
    ("max_retries", "--max-retries"),
    ("min_rate", "--min-rate"),
    ("max_rate", "--max-rate"),
    ("min_parallelism", "--min-parallelism"),
    ("max_parallelism", "--max-parallelism"),
    ("scan_delay", "--scan-delay"),
    ("initial_rtt_timeout", "--initial-rtt-timeout"),
    ("min_rtt_timeout", "--min-rtt-timeout"),
    ("max_rtt_timeout", "--max-rtt-timeout"),
    ("host_timeout", "--host-timeout"),
    ("seed", "--seed"),
    ("shard", "--shard"),
    ("target_files", "-iL"),
)
"""Options with a value, or a list of them; LISTS of ports are glued to their option."""

_UNSAID = {"transport": "auto", "data_length": 0}
"""Values that need no option."""


def command_words(args: argparse.Namespace) -> Iterator[str]:
    """The options that make ``args`` again when they are parsed, without the program's name."""
    yield from (f"-s{letters}" for letters in args.scan_types)
    yield f"-T{args.timing}"
    if args.family:
        yield f"-{args.family}"
    yield from (option for name, option in _SWITCHES if getattr(args, name))
    if not args.neighbours:
        yield "--disable-arp-ping"
    if args.names is not None:
        yield "-n" if args.names is Names.NEVER else "-R"
    for option in GLUED:
        yield from (f"{option}{ports}" for ports in getattr(args, PING_OPTIONS[option]))
    for name, option in _VALUES:
        value = getattr(args, name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None and _UNSAID.get(name) != one:
                yield option
                yield f"{one:g}" if isinstance(one, float) else str(one)
    yield from args.targets

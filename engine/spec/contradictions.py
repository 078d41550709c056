"""Which options do not go together, as a table."""

from __future__ import annotations

import argparse

from msgspec import Struct

from engine.spec.discovery_arguments import PING_OPTIONS
from engine.spec.error import SpecError
from engine.spec.ping import Names

_PORTS = {
    "-p": "ports",
    "-F": "fast",
    "--top-ports": "top_ports",
    "--exclude-ports": "exclude_ports",
}
_TYPES = {"-s": "scan_types", "-sI": "zombie", "--scanflags": "scanflags"}
_SERVERS = {"--dns-servers": "dns_servers", "--system-dns": "system_dns"}


class _Apart(Struct, frozen=True):
    """``option`` (parsed to ``attribute`` with the value ``value``, None: any) rules out others,
    each with its attribute, because of ``why``."""

    option: str
    attribute: str
    why: str
    others: dict[str, str]
    value: object = None


_TABLE = (
    _Apart(
        "-sL", "list_only", "only lists the targets and sends nothing",
        {"-sn": "no_ports", "-Pn": "no_ping", **PING_OPTIONS, **_PORTS, **_TYPES},
    ),
    _Apart("-sn", "no_ports", "scans no ports", {**_PORTS, **_TYPES}),
    _Apart("-Pn", "no_ping", "asks no host whether it is up", PING_OPTIONS),
    _Apart("-n", "names", "looks up no names", _SERVERS, Names.NEVER),
    _Apart("--system-dns", "system_dns", "asks the system's servers",
           {"--dns-servers": "dns_servers"}),
    _Apart("-sI", "zombie", "sends the zombie's packets as they must be",
           {"--scanflags": "scanflags"}),
    _Apart("-F", "fast", "chooses the ports", {"-p": "ports", "--top-ports": "top_ports"}),
)  # fmt: skip


def check_together(args: argparse.Namespace) -> None:
    """Raise SpecError for options that contradict each other or miss another one."""
    for row in _TABLE:
        value = getattr(args, row.attribute)
        if not value or row.value not in (None, value):
            continue
        for other, attribute in row.others.items():
            if getattr(args, attribute) not in (None, False, []):
                raise SpecError(
                    "options", _typed(args, other), None,
                    f"does not go with {row.option}, which {row.why}", "leave one of them out",
                )  # fmt: skip
    if args.random is not None and not args.within:
        raise SpecError(
            "options", "-iR", None, "draws only from a set you name",
            "add --within TARGETS, for example --within 10.0.0.0/8",
        )  # fmt: skip
    if args.within and args.random is None:
        raise SpecError(
            "options", "--within", None, "says where -iR draws from", "add -iR N, or leave it out"
        )


def _typed(args: argparse.Namespace, option: str) -> str:
    return f"-s{args.scan_types[0]}" if option == "-s" else option

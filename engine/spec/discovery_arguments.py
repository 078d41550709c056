"""Host discovery on the command line: its options, and the DiscoverySpec they mean."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine.spec.address import parse_address
from engine.spec.error import SpecError
from engine.spec.octets import V4Box
from engine.spec.ping import DiscoverySpec, Mode, Names, PingKind, PingProbe
from engine.spec.ports import parse_ports
from engine.spec.target_set import TargetSet

MOST_PORTS = 256
"""Ports one ``-P`` option may name: each is a probe to every host."""

_MOST_SERVERS = 16

_SIMPLE = (
    ("-PE", "ping_echo", PingKind.ECHO, "ask with an ICMP echo request"),
    ("-PP", "ping_timestamp", PingKind.TIMESTAMP, "ask with an ICMP timestamp request (IPv4)"),
    ("-PM", "ping_mask", PingKind.MASK, "ask with an ICMP address mask request (IPv4)"),
)
_LISTS = (
    ("-PS", "ping_syn", PingKind.SYN, "ask with a TCP SYN to these ports (80)"),
    ("-PA", "ping_ack", PingKind.ACK, "ask with a TCP ACK to these ports (80)"),
    ("-PU", "ping_udp", PingKind.UDP, "ask with UDP to these ports (40125)"),
    ("-PY", "ping_sctp", PingKind.SCTP, "ask with an SCTP INIT to these ports (80)"),
    ("-PO", "ping_protocol", PingKind.PROTOCOL, "ask with these IP protocols (1,2,4)"),
)
"""Option, attribute, kind and help. The ports of ``_LISTS`` are glued to the option."""

GLUED = tuple(option for option, *_ in _LISTS)
"""Options whose value, if any, follows without a blank."""

PING_OPTIONS = {option: attribute for option, attribute, *_ in (*_SIMPLE, *_LISTS)}
"""The attribute of each option that chooses a ping."""

_ORDER = (
    PingKind.ECHO, PingKind.SYN, PingKind.ACK, PingKind.TIMESTAMP, PingKind.UDP, PingKind.SCTP,
    PingKind.PROTOCOL, PingKind.MASK,
)  # fmt: skip
"""In which order a host is asked, as in nmap."""


def add_discovery(parser: argparse.ArgumentParser) -> None:
    """Add the group of options that say how hosts are found."""
    group = parser.add_argument_group(
        "host discovery (ports are glued to the option, as in -PS22,443)"
    )
    group.add_argument(
        "-sn", dest="no_ports", action="store_true", help="only find hosts that are up; no ports"
    )
    group.add_argument(
        "-sL", dest="list_only", action="store_true", help="only list the targets; send nothing"
    )
    group.add_argument(
        "-Pn", dest="no_ping", action="store_true",
        help="scan every target without asking whether it is up",
    )  # fmt: skip
    for option, attribute, _, about in _SIMPLE:
        group.add_argument(option, dest=attribute, action="store_true", help=about)
    for option, attribute, _, about in _LISTS:
        group.add_argument(
            option, dest=attribute, action="append", default=[], metavar="[LIST]", help=about
        )
    group.add_argument(
        "--disable-arp-ping", "--send-ip", dest="neighbours", action="store_false",
        help="do not ask hosts on the local link by ARP or neighbour discovery",
    )  # fmt: skip
    group.add_argument(
        "--discovery-ignore-rst", dest="ignore_resets", action="store_true",
        help="a reset does not prove that a host is up",
    )  # fmt: skip
    group.add_argument(
        "--randomize-hosts", dest="shuffle", action="store_true", help="ask hosts in random order"
    )
    names = group.add_mutually_exclusive_group()
    names.add_argument(
        "-n", dest="names", action="store_const", const=Names.NEVER, help="look up no host's name"
    )
    names.add_argument(
        "-R", dest="names", action="store_const", const=Names.ALL,
        help="look up the names of all hosts, not only of those that are up",
    )  # fmt: skip
    group.add_argument(
        "--dns-servers", metavar="ADDRESSES", help="ask these DNS servers, separated by commas"
    )
    group.add_argument(
        "--system-dns", action="store_true", help="ask the system's resolver, name by name"
    )


def discovery_spec(args: argparse.Namespace) -> DiscoverySpec:
    """What parsed options say about host discovery. Raises SpecError."""
    mode = Mode.LIST if args.list_only else Mode.ASSUME_UP if args.no_ping else Mode.PING
    return DiscoverySpec(
        mode=mode,
        probes=_probes(args) or None,
        neighbours=args.neighbours,
        ignore_resets=args.ignore_resets,
        shuffle=args.shuffle,
        names=args.names or (Names.ALL if mode is Mode.LIST else Names.UP),
        name_servers=_servers(args.dns_servers),
        system_resolver=args.system_dns,
    )


def check_versions(discovery: DiscoverySpec, targets: TargetSet) -> None:
    """Raise SpecError for a ping that was asked for and exists for none of the targets."""
    if not targets:
        return
    present = {4 if isinstance(piece, V4Box) else 6 for piece in targets.pieces}
    for kind in dict.fromkeys(probe.kind for probe in discovery.probes or ()):
        if present.isdisjoint(kind.facts.versions):
            raise SpecError(
                "host discovery", kind.facts.option, None, "exists only in IPv4",
                "ask IPv6 hosts with -PE, -PS or -PA",
            )  # fmt: skip


def _probes(args: argparse.Namespace) -> tuple[PingProbe, ...]:
    chosen = [PingProbe(kind) for _, attribute, kind, _ in _SIMPLE if getattr(args, attribute)]
    for option, attribute, kind, _ in _LISTS:
        lists = getattr(args, attribute)
        if len(lists) > 1:
            raise SpecError(
                "host discovery", option, None, "is given twice",
                f"write all ports in one list, as in {option}22,443",
            )  # fmt: skip
        if lists:
            chosen += [PingProbe(kind, port) for port in _ports(option, kind, lists[0])]
    return tuple(sorted(chosen, key=lambda probe: _ORDER.index(probe.kind)))


def _ports(option: str, kind: PingKind, text: str) -> Sequence[int]:
    facts = kind.facts
    if not text:
        return facts.default_ports
    try:
        found = parse_ports(text, (facts.protocol,))
    except SpecError as error:
        raise SpecError(option, error.piece, error.position, error.problem, error.hint) from None
    if found.total > MOST_PORTS:
        raise SpecError(
            option, text, 0, f"names {found.total:,} ports", f"name {MOST_PORTS} at most"
        )
    return list(found.ports(facts.protocol))


def _servers(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    found: dict[str, None] = {}
    for word in text.split(","):
        piece = parse_address(word.strip())
        if piece is None:
            raise SpecError(
                "--dns-servers", word, None, "is not an address", "write for example 192.0.2.53"
            )
        found[str(piece)] = None
    if len(found) > _MOST_SERVERS:
        raise SpecError("--dns-servers", text, None, "names too many", f"{_MOST_SERVERS} at most")
    return tuple(found)

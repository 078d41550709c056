"""Wishes about packets on the command line: their options, and the PacketOptions they mean."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine.spec.address import SCOPE, parse_address
from engine.spec.argument_types import whole
from engine.spec.error import SpecError
from engine.spec.octets import V4Box
from engine.spec.packet_options import PacketOptions
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.target_set import TargetSet

LONGEST_DATA = 1400
"""Bytes that fit behind every header in an Ethernet frame, so that no probe is fragmented."""

_FLAGS = {
    name: 1 << bit
    for bit, name in enumerate(("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"))
}
"""Bits of the TCP header's flags byte (RFC 9293 section 3.1)."""


def add_packets(parser: argparse.ArgumentParser) -> None:
    """Add the group of options about the packets themselves."""
    group = parser.add_argument_group("packets")
    group.add_argument(
        "-e", dest="interface", metavar="NAME", help="send and listen on this interface"
    )
    group.add_argument(
        "-S", dest="source_address", metavar="ADDRESS", help="send from this address"
    )
    group.add_argument(
        "-g", "--source-port", dest="source_port", type=whole(1, 65_535), metavar="PORT",
        help="send from this port",
    )  # fmt: skip
    group.add_argument(
        "--ttl", type=whole(1, 255), metavar="N", help="time to live (IPv6: hop limit)"
    )
    group.add_argument(
        "--data-length", type=whole(0, LONGEST_DATA), default=0, metavar="N",
        help=f"append N random bytes to every probe ({LONGEST_DATA} at most)",
    )  # fmt: skip
    group.add_argument(
        "--scanflags", metavar="FLAGS",
        help="TCP flags of probes: names in a row (SYNFIN) or a number; answers are read by the "
        "scan type",
    )  # fmt: skip


def packet_options(
    args: argparse.Namespace, scan_types: Sequence[ScanType], targets: TargetSet
) -> PacketOptions:
    """What parsed options say about packets for these scan types (none: a ping scan) and targets.

    Raises SpecError for wishes that contradict them.
    """
    made_by_us = any(one is not ScanType.CONNECT for one in scan_types) or not scan_types
    if args.data_length and not made_by_us:
        raise SpecError(
            "packets", "--data-length", None, "does not go with -sT, whose packets the system makes"
        )
    return PacketOptions(
        tcp_flags=None if args.scanflags is None else _flags(args.scanflags, scan_types),
        source_port=args.source_port,
        ttl=args.ttl,
        data_length=args.data_length,
        interface=_interface(args.interface),
        source_address=_source(args.source_address, targets),
    )


def _flags(text: str, scan_types: Sequence[ScanType]) -> int:
    if not any(one.protocol is Protocol.TCP and one.facts.needs_raw for one in scan_types):
        raise SpecError(
            "packets", "--scanflags", None, "needs a TCP scan type that sends packets itself",
            "add -sS, or another whose way of reading answers fits",
        )  # fmt: skip
    word = text.strip().upper()
    if word.isascii() and word.isalnum() and len(word) <= 24:
        number = int(word, 16 if word.startswith("0X") else 10) if _is_number(word) else -1
        names = [word[at : at + 3] for at in range(0, len(word), 3)]
        if 0 <= number <= 255:
            return number
        if all(name in _FLAGS for name in names):
            return sum(_FLAGS[name] for name in set(names))
    raise SpecError(
        "--scanflags", text, None, "is not a set of TCP flags",
        "write names in a row, as in SYNFIN (of " + " ".join(_FLAGS) + "), or a number up to 255",
    )  # fmt: skip


def _is_number(word: str) -> bool:
    digits = word.removeprefix("0X")
    return bool(digits) and all(
        digit in ("0123456789ABCDEF" if word.startswith("0X") else "0123456789") for digit in digits
    )


def _interface(name: str | None) -> str:
    if name is not None and not SCOPE.fullmatch(name):
        raise SpecError("-e", name, None, "is not the name of an interface", "see ip link")
    return name or ""


def _source(text: str | None, targets: TargetSet) -> str:
    if text is None:
        return ""
    piece = parse_address(text)
    if piece is None:
        raise SpecError("-S", text, None, "is not an address", "write one of this machine's own")
    if targets and not any(isinstance(one, V4Box) is isinstance(piece, V4Box)
                           for one in targets.pieces):  # fmt: skip
        version = 4 if isinstance(piece, V4Box) else 6
        raise SpecError(
            "-S", text, None, f"is an IPv{version} address, but no target is",
            "name a source of the targets' kind",
        )  # fmt: skip
    return str(piece)

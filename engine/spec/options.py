"""The command-line options both programs share: what to scan and how.

The option names are nmap's wherever the feature is the same, so that hands and scripts carry over.
Importing this module loads only the standard library.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from typing import NoReturn

from engine.spec.argument_types import rate, shown, whole
from engine.spec.discovery_arguments import GLUED, add_discovery
from engine.spec.packet_arguments import add_packets
from engine.spec.random_targets import MOST
from engine.spec.scan_type import TRANSPORTS, ScanType

_DASH_VALUES = ("-p", "--exclude-ports")
"""Options whose value may itself begin with a dash: ``-p -100`` is ports 1 to 100."""

_GLUED = re.compile(f"({'|'.join(GLUED)})=?(.*)", re.DOTALL)

_INSTEAD = {
    "-PR": "neighbours on the local link are asked by ARP anyway; leave it out",
    "-P0": "write -Pn",
    "-PN": "write -Pn",
    "-PI": "write -PE",
    "-PT": "write -PA",
}
"""What to do about options nmap has, or had, and PyScan has not."""


class UsageError(Exception):
    """Words on the command line that make no sense; ``str()`` is one line for the user."""


class ScanParser(argparse.ArgumentParser):
    """argparse with nmap's habits.

    Targets may stand between options, ``-p -100`` takes its value, ``-v2`` is ``-vv``, and a wrong
    word raises UsageError (naming the nearest option) instead of ending the process.
    """

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with argparse's message."""
        raise UsageError(message)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The parsed words; ``command`` is the command line as one would type it.

        Raises UsageError; ends the process for ``--help``.
        """
        known, unknown = self.parse_known_intermixed_args(_normalised(words))
        for word in unknown:
            raise UsageError(self._unknown(word))
        known.command = shlex.join([self.prog, *words])
        return known

    def _unknown(self, word: str) -> str:
        options = [name for name in self._option_string_actions if name != "-s"]
        options += [scan_type.option for scan_type in ScanType]
        word = word.partition("=")[0]
        if word in _INSTEAD:
            return f"{word} is not an option of {self.prog}; {_INSTEAD[word]}"
        near = _nearest(word, options)
        advice = f"; did you mean {near}?" if near else ""
        return f"{shown(word)} is not an option of {self.prog}{advice}"


class _Help(argparse.RawDescriptionHelpFormatter):
    """Shows a glued value where it is written: ``-PS[LIST]``."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        return super()._format_action_invocation(action).replace(" [", "[")


def _normalised(words: Sequence[str]) -> list[str]:
    """The words as argparse wants them: dashed values glued to their option, ``-v2`` spelt out."""
    result: list[str] = []
    waiting = iter(words)
    for word in waiting:
        level = re.fullmatch(r"-v([0-3])", word)
        glued = _GLUED.fullmatch(word)
        if word == "--":
            result += [word, *waiting]
        elif word in _DASH_VALUES:
            value = next(waiting, None)
            joint = "=" if word.startswith("--") else ""
            result.append(word if value is None else f"{word}{joint}{value}")
        elif level:
            result += ["-v"] * int(level[1])
        elif glued:
            result.append(f"{glued[1]}={glued[2]}")
        else:
            result.append(word)
    return result


def _nearest(word: str, options: Sequence[str]) -> str:
    """The option spelt most like ``word``; short options only compare within their family."""
    if len(word) <= 3:
        options = [name for name in options if name[:2] == word[:2] and len(name) == len(word)]
        return options[0] if options else ""
    from difflib import get_close_matches  # loads much, and is needed for mistakes only

    return next(iter(get_close_matches(word, options, 1)), "")


def scan_parser(prog: str, description: str) -> ScanParser:
    """A parser with every option that says what to scan and how; programs add their own.

    Raises UsageError from :meth:`ScanParser.read`; engine.spec.command_line.build_spec turns the
    result into a ScanSpec.
    """
    parser = ScanParser(
        prog=prog,
        description=description,
        allow_abbrev=False,
        add_help=False,
        formatter_class=_Help,
    )
    _add_targets(parser)
    add_discovery(parser)
    _add_ports(parser)
    _add_technique(parser)
    add_packets(parser)
    _add_pace(parser)
    return parser


def _add_targets(parser: ScanParser) -> None:
    group = parser.add_argument_group("targets")
    group.add_argument(
        "targets", nargs="*", metavar="TARGET",
        help="address, network (10.0.0.0/24), octet ranges (10.0.0.1-9), IPv6, or host name",
    )  # fmt: skip
    group.add_argument(
        "-iL", dest="target_files", action="append", default=[], metavar="FILE",
        help="also scan the targets in FILE (- is standard input)",
    )  # fmt: skip
    group.add_argument(
        "--exclude", action="append", default=[], metavar="TARGETS",
        help="comma-separated targets to leave out",
    )  # fmt: skip
    group.add_argument(
        "--excludefile", dest="exclude_files", action="append", default=[], metavar="FILE",
        help="leave out the targets in FILE",
    )  # fmt: skip
    family = group.add_mutually_exclusive_group()
    family.add_argument(
        "-4", dest="family", action="store_const", const=4, help="only IPv4; names resolve to IPv4"
    )
    family.add_argument(
        "-6", dest="family", action="store_const", const=6, help="only IPv6; names resolve to IPv6"
    )
    group.add_argument(
        "--resolve-all", action="store_true", help="scan every address of a name, not the first"
    )
    group.add_argument(
        "-iR", dest="random", type=whole(1, MOST), metavar="N",
        help="also scan N random addresses of the set named by --within",
    )  # fmt: skip
    group.add_argument(
        "--within", action="append", default=[], metavar="TARGETS",
        help="comma-separated targets that -iR draws from",
    )  # fmt: skip


def _add_ports(parser: ScanParser) -> None:
    group = parser.add_argument_group("ports")
    group.add_argument(
        "-p", dest="ports", metavar="PORTS",
        help="for example 22,80-90,https, U:53,T:1-1024, - for all; default: the 1,000 most common",
    )  # fmt: skip
    group.add_argument("--exclude-ports", metavar="PORTS", help="ports to leave out")
    group.add_argument("-F", dest="fast", action="store_true", help="the 100 most common ports")
    group.add_argument(
        "--top-ports", type=whole(1, 65_535), metavar="N", help="the N most common ports (of -p)"
    )


def _add_technique(parser: ScanParser) -> None:
    group = parser.add_argument_group("scan types")
    types = "; ".join(f"{one.option} {one.title}" for one in ScanType if one.option != "-sI")
    group.add_argument(
        "-s", dest="scan_types", action="append", default=[], metavar="TYPES",
        help=f"at most one type per protocol, together as in -sSUY; -sO alone: {types}",
    )  # fmt: skip
    group.add_argument(
        "-sI", dest="zombie", metavar="HOST[:PORT]",
        help="idle scan: through this host, whose packet numbers betray the answers (port 80)",
    )  # fmt: skip
    group.add_argument(
        "--transport", choices=TRANSPORTS, default="auto",
        help="how packets leave: auto (default), packet (Linux), sockets (no rights), scapy",
    )  # fmt: skip


def _add_pace(parser: ScanParser) -> None:
    group = parser.add_argument_group("timing")
    group.add_argument(
        "-T", "--timing", dest="timing", default="3", metavar="0-5",
        help="template: 0 paranoid to 5 insane, or its name; default 3 normal",
    )  # fmt: skip
    group.add_argument(
        "--max-retries", type=whole(0, 250), metavar="N", help="most re-sends per port"
    )
    group.add_argument(
        "--min-rate", type=rate, metavar="N", help="never slower than N probes per second"
    )
    group.add_argument(
        "--max-rate", type=rate, metavar="N", help="never faster than N probes per second"
    )
    group.add_argument(
        "--max-parallelism", type=whole(1, 1_000_000), metavar="N", help="most probes in flight"
    )
    group.add_argument(
        "--min-parallelism", type=whole(1, 1_000_000), metavar="N", help="least probes in flight"
    )
    group.add_argument(
        "--defeat-rst-ratelimit", action="store_true",
        help="do not slow down for hosts that ration RSTs: closed ports may be called filtered",
    )  # fmt: skip
    group.add_argument(
        "--defeat-icmp-ratelimit", action="store_true",
        help="nor for ICMP errors: UDP ports without an answer are called closed|filtered",
    )  # fmt: skip
    times = (
        ("--scan-delay", "at least TIME between probes"),
        ("--initial-rtt-timeout", "wait for an answer before any is measured"),
        ("--min-rtt-timeout", "wait for an answer at least this long"),
        ("--max-rtt-timeout", "wait for an answer at most this long"),
        (
            "--host-timeout",
            "give up a host that is not done after TIME, keep what is known; 0 never",
        ),
    )
    for name, about in times:
        group.add_argument(
            name, metavar="TIME", help=f"{about} (500ms, 2s, 1m; a bare number is seconds)"
        )
    group.add_argument(
        "--seed", type=whole(0, (1 << 63) - 1), metavar="N", help="repeat the same order of probes"
    )
    group.add_argument(
        "--shard", metavar="I/N", help="do part I of N equal parts, the others elsewhere"
    )

"""The options only the headless program has: output and narration."""

from __future__ import annotations

import argparse
from functools import partial

from msgspec import Struct

from engine import __version__
from engine.spec.options import ScanParser, scan_parser

_DESCRIPTION = (
    "Find hosts, scan their ports, print what was found. pyscan-tui is the same with a live screen."
)

_EPILOG = """\
exit codes: 0 completed; 1 completed, but some target failed; 2 usage error;
            3 no permission for what was asked; 130 interrupted, what was found is written
examples:   pyscan 127.0.0.1
            pyscan -sSU -p 1-1024 -T4 --reason 10.0.0.0/28 -oA lab
            pyscan -sn 10.0.0.0/24
            pyscan -p - -oL - 10.0.0.5 | jq 'select(.state == "open")'
Scan only what you own or may test."""


class Output(Struct, frozen=True):
    """One document to write: a name in EXPORT_FORMATS, and a path (``-`` for standard output)."""

    format: str
    path: str


_OUTPUTS = (
    ("-oN", "text", "normal text (default: on standard output)"),
    ("-oX", "xml", "nmap XML"),
    ("-oJ", "json", "JSON, see --print-json-schema"),
    ("-oL", "jsonl", "JSON lines; on standard output each host and port as soon as it is decided"),
)


def pyscan_parser() -> ScanParser:
    """The parser of ``pyscan``."""
    parser = scan_parser("pyscan", _DESCRIPTION)
    parser.usage = "pyscan [options] TARGET..."
    parser.epilog = _EPILOG
    _add_outputs(parser)
    group = parser.add_argument_group("information")
    group.add_argument("-h", "--help", action="help", help="show this and exit")
    group.add_argument(
        "-V",
        "--version",
        action="version",
        version=f"PyScan {__version__}",
        help="show it and exit",
    )
    group.add_argument(
        "--print-json-schema", action="store_true", help="print the schema of -oJ and -oL and exit"
    )
    return parser


def _add_outputs(parser: ScanParser) -> None:
    group = parser.add_argument_group("output (FILE may be - for standard output)")
    for option, name, about in _OUTPUTS:
        group.add_argument(
            option, dest="outputs", action="append", default=[], metavar="FILE",
            type=partial(Output, name), help=about,
        )  # fmt: skip
    group.add_argument(
        "-oA", dest="base_names", action="append", default=[], metavar="BASENAME",
        help="BASENAME.txt, BASENAME.xml and BASENAME.json",
    )  # fmt: skip
    group.add_argument(
        "--open", dest="open_only", action="store_true",
        help="in text and XML list only ports that are or may be open; JSON has all",
    )  # fmt: skip
    group.add_argument(
        "--reason", dest="reasons", action="store_true", help="add the reason for each state"
    )
    group.add_argument(
        "--explain", action="store_true",
        help="add to the text why each listed port has its state: probe, reply, rule, advice",
    )  # fmt: skip
    group.add_argument(
        "--pcap", metavar="FILE",
        help="record the packets sent and received, for tcpdump and Wireshark (not with -sT)",
    )  # fmt: skip
    group.add_argument(
        "--packet-trace", action="store_true",
        help="print a line on standard error for each packet or connection",
    )  # fmt: skip
    group.add_argument(
        "-v", dest="verbosity", action="count", default=0,
        help="narrate on standard error, list hosts that are down, sum up fewer ports; -vv (with "
        "reasons), -vvv or -v3",
    )  # fmt: skip


def requested_outputs(args: argparse.Namespace) -> list[Output]:
    """Every document asked for; text on standard output unless that was given to another."""
    outputs: list[Output] = list(args.outputs)
    for base in args.base_names:
        outputs += [
            Output("text", f"{base}.txt"),
            Output("xml", f"{base}.xml"),
            Output("json", f"{base}.json"),
        ]
    if not any(output.path == "-" for output in outputs):
        outputs.insert(0, Output("text", "-"))
    return outputs

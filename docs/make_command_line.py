"""Writes docs/command-line.md from the options themselves::

.venv/bin/python docs/make_command_line.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.options import pyscan_parser

PAGE = Path(__file__).with_name("command-line.md")

_HEAD = """\
# The command line

This page is made from the options by `docs/make_command_line.py`; `pyscan --help` says the same.
Options are called what nmap calls them wherever the feature is the same. `pyscan-tui` takes all of
them but the groups "output" and "information" (`pyscan-tui --help` lists its own).

What contradicts itself is refused with one line that names both options: a ping scan (`-sn`) has no
ports, a list (`-sL`) sends nothing, `-sO` goes with no other scan type, and there is one scan type
per protocol (`-sSUY` scans TCP, UDP and SCTP in one run).

Without options that say otherwise, hosts are asked whether they are up before their ports are
scanned: neighbours on the local link by ARP or neighbour discovery, others by ICMP echo, TCP SYN to
port 443, TCP ACK to port 80 and ICMP timestamp, or, without the right to send raw packets, by
connecting to ports 80 and 443. `-Pn` scans every target unasked.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield from _HEAD.splitlines()
    parser = pyscan_parser()
    for group in parser._action_groups:
        shown = [one for one in group._group_actions if one.help != argparse.SUPPRESS]
        if not shown:
            continue
        title = group.title or ""
        yield from (
            "",
            f"## {title[:1].upper()}{title[1:]}",
            "",
            "| option | meaning |",
            "|---|---|",
        )
        yield from (f"| `{_name(action)}` | {_cell(action.help or '')} |" for action in shown)
    yield ""
    yield "## More"
    yield ""
    yield "```text"
    yield from (parser.epilog or "").splitlines()
    yield "```"


def _name(action: argparse.Action) -> str:
    """The option as one types it, e.g. ``-PS[LIST]`` or ``--ttl N``."""
    names = ", ".join(action.option_strings)
    if action.nargs == 0:
        return names
    if action.choices is not None:
        return f"{names} {{{','.join(map(str, action.choices))}}}"
    value = str(action.metavar or action.dest)
    joint = "" if value.startswith("[") or not names else " "
    return _cell(f"{names}{joint}{value}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

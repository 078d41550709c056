"""Rows of the results as text to be pasted elsewhere: a table, sockets, or a command line."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.results.row import Row
from engine.sanitize import clean
from engine.spec.port_set import PortSet
from engine.spec.scan_type import Protocol, ScanType
from tui.plan import Plan

Asked = tuple[Protocol, int, ScanType]
"""A port and how it was probed."""

_WHOLE: dict[str, object] = {
    "random": None, "within": [], "ports": None, "exclude_ports": None, "shard": None,
}  # fmt: skip
"""Options that choose hosts and ports in another way than by naming them, as if not given."""

_FIELDS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("address", lambda row: row.address),
    ("name", lambda row: clean(row.name) if row.name else ""),
    ("port", lambda row: str(row.port)),
    ("protocol", lambda row: row.protocol.label),
    ("state", lambda row: row.state.label),
    ("service", lambda row: row.service),
    ("reason", lambda row: row.reason.label),
    ("rtt_ms", lambda row: "" if row.rtt is None else f"{row.rtt * 1000:.3f}"),
    ("ttl", lambda row: str(row.ttl or "")),
    ("scan", lambda row: row.technique.label if row.technique else ""),
)
"""Columns of the table: title, and what stands in it. None can hold a tab or a line feed."""


class CopyForm(Struct, frozen=True):
    """One way to write rows.

    Attributes:
        name: what the user chooses it by.
        title: two or three words.
        about: an example.
        key: a character that chooses it.
        write: the text of some rows; the plan says how a scan is asked for, and ``program``
            is what runs it. Raises SpecError.
    """

    name: str
    title: str
    about: str
    key: str
    write: Callable[[Sequence[Row], Plan, str], str]


def table(rows: Sequence[Row], plan: Plan, program: str) -> str:
    """A line of titles and one for each row, separated by tabs."""
    lines = [[title for title, _ in _FIELDS]]
    lines += [[write(row) for _, write in _FIELDS] for row in rows]
    return "\n".join("\t".join(line) for line in lines)


def sockets(rows: Sequence[Row], plan: Plan, program: str) -> str:
    """``address:port`` line by line; IPv6 addresses in brackets (RFC 3986 section 3.2.2)."""
    return "\n".join(
        f"[{row.address}]:{row.port}" if ":" in row.address else f"{row.address}:{row.port}"
        for row in rows
    )


def commands(rows: Sequence[Row], plan: Plan, program: str) -> str:
    """Command lines that scan these ports again: one for all hosts of the same ports.

    Other options are the plan's, but those that leave ports or hosts out. Raises SpecError when
    they do not go with the rows.
    """
    by_host: dict[str, set[Asked]] = {}
    for row in rows:
        if row.technique is not None:
            asked = (row.protocol, row.port, row.technique)
            by_host.setdefault(row.address, set()).add(asked)
    by_ports: dict[tuple[Asked, ...], list[str]] = {}
    for address, ports in by_host.items():
        by_ports.setdefault(tuple(sorted(ports)), []).append(address)
    return "\n".join(_command(asked, hosts, plan, program) for asked, hosts in by_ports.items())


def _command(asked: Sequence[Asked], addresses: Sequence[str], plan: Plan, program: str) -> str:
    types = {protocol: technique for protocol, _, technique in asked}
    ports = PortSet.of((protocol, port, port) for protocol, port, _ in asked)
    args = copy.copy(plan.args)
    vars(args).update(_WHOLE)
    again = replace(plan, args=args).with_scan_types(tuple(types.values()))
    text = ports.expression(tuple(types))
    command = again.with_ports(text).with_targets(" ".join(addresses)).command
    return program + command.removeprefix("pyscan")


COPY_FORMS = (
    CopyForm("table", "table", "Values separated by tabs, for a spreadsheet.", "t", table),
    CopyForm("sockets", "address:port", "One to a line, for example 10.0.0.1:443.", "a", sockets),
    CopyForm("command", "command line", "A pyscan command that scans these ports again.", "c",
             commands),
)  # fmt: skip
"""The ways to copy rows, in the order they are offered."""

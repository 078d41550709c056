"""The records of PyScan's JSON: these classes are the schema.

Numbers are seconds unless the name says ``_ms``; ``started_at`` and ``written_at`` are Unix time.
A reader should accept members it does not know: later versions of the same ``version`` number only
add. ``null`` means "not known".
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine import __version__

VERSION: Final = 1
"""Grows when a member changes its meaning or goes away."""

HostStatusName = Literal["up", "down", "unknown", "failed", "skipped"]


class TargetProblem(msgspec.Struct, frozen=True):
    """A target that could not be used, as it was typed, and why."""

    target: str
    problem: str


class Timing(msgspec.Struct, frozen=True):
    """The timing template at the end of the scan."""

    number: int
    name: str


class Shard(msgspec.Struct, frozen=True):
    """This run did part ``index`` of ``count`` equal parts."""

    index: int
    count: int


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. ``seed`` is null when the order of probes was not fixed."""

    command: str
    started_at: float
    scan_types: tuple[str, ...]
    timing: Timing
    targets: str
    ports: str
    seed: int | None
    shard: Shard
    target_problems: tuple[TargetProblem, ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How the scan ended and what it found.

    ``phase`` is ``finished``, ``cancelled``, ``failed`` or, for a report written while the scan
    ran, ``running`` or ``paused``. ``hosts`` counts all target addresses, ``hosts_up`` and
    ``hosts_down`` those with that status. ``pending`` ports were never decided. ``ports`` counts
    the decided ones by state.
    """

    phase: str
    complete: bool
    failure: str
    notices: tuple[str, ...]
    written_at: float
    elapsed: float
    probes_sent: int
    hosts: int
    hosts_up: int
    hosts_down: int
    ports: dict[str, int]
    pending: int


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """One decided port.

    ``reason_ttl`` is the TTL or hop limit of the answer, ``scan_type`` the one that decided,
    ``tries`` the copies of the probe sent, ``time`` seconds from the scan's start to the decision.
    ``stale`` marks an earlier answer of a port that was being probed again; ``foreign`` an answer
    that came from another address than the host's (a router or firewall); ``doubted`` an open port
    of a host that calls every port open. ``was`` is the state before the port was probed again,
    where that was another; else it is empty.
    """

    protocol: str
    port: int
    state: str
    reason: str
    reason_ttl: int | None
    service: str
    scan_type: str
    tries: int
    rtt_ms: float | None
    time: float
    stale: bool
    foreign: bool
    doubted: bool
    was: str


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a host as a whole.

    ``name`` is the one the user typed, ``reverse_name`` what the DNS calls the address.
    ``status`` is ``up`` when an answer came from the host itself, ``down`` when it was asked and is
    not there, ``unknown`` when nobody asked or it was scanned unasked and nothing answered,
    ``failed`` when it could not be probed (``problem`` says why), ``skipped`` when the user asked
    for that. ``reason`` and ``reason_ttl`` are of the answer that decided. ``hardware`` is the
    address of its network card, ``vendor`` who made that. ``doubt`` says why its open ports are not
    to be believed; it is empty for most hosts.
    """

    address: str
    name: str
    reverse_name: str
    status: HostStatusName
    reason: str
    reason_ttl: int | None
    problem: str
    rtt_ms: float | None
    hardware: str
    vendor: str
    doubt: str


class Host(HostFacts, frozen=True, kw_only=True):
    """One host and all its decided ports, by protocol and number."""

    counts: dict[str, int]
    pending: int
    ports: list[Port]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds of the results: ``ports`` of the decided ports on ``hosts`` of the hosts,
    or ``hosts`` alone of a scan that asked no ports; ``chosen`` says which. All that is told of the
    scan and of its hosts is told of the whole; other hosts are left out."""

    ports: int
    hosts: int
    chosen: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole scan: what ``-oJ`` writes; or a part of one."""

    format: Literal["pyscan"] = "pyscan"
    version: Literal[1] = VERSION
    program: str = f"PyScan {__version__}"
    part: Part | None = None
    scan: Header
    summary: Summary
    hosts: list[Host]


class StartLine(msgspec.Struct, frozen=True, kw_only=True, tag="start", tag_field="record"):
    """First line of ``-oL``."""

    format: Literal["pyscan-lines"] = "pyscan-lines"
    version: Literal[1] = VERSION
    program: str = f"PyScan {__version__}"
    part: Part | None = None
    scan: Header


class HostLine(HostFacts, frozen=True, kw_only=True, tag="host", tag_field="record"):
    """A line of ``-oL`` for each host that is up, when it is found to be; others at the end."""


class PortLine(Port, frozen=True, kw_only=True, tag="port", tag_field="record"):
    """A line of ``-oL`` for each port, in the order they were decided."""

    address: str
    name: str


class EndLine(msgspec.Struct, frozen=True, kw_only=True, tag="end", tag_field="record"):
    """Last line of ``-oL``. A file without it was cut short."""

    summary: Summary


def json_schema() -> bytes:
    """JSON Schema (2020-12) of the document and of the lines, as indented JSON text."""
    roots, components = msgspec.json.schema_components(
        (Document, StartLine, HostLine, PortLine, EndLine), ref_template="#/$defs/{name}"
    )
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"PyScan JSON, version {VERSION}",
        "description": "A document written by -oJ, or one line written by -oL.",
        "anyOf": list(roots),
        "$defs": components,
    }
    text = msgspec.json.encode(schema)
    return msgspec.json.format(text, indent=2) + b"\n"

"""Service names and port popularity, from PyScan's own lists.

``data/services.txt`` names ports as IANA's registry (RFC 6335) does; ``data/popular-*.txt`` order
ports by how often they are found open, by our own judgement. Both are read on first use. Where our
list has no name, the machine's own services file is asked.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from engine.spec.scan_type import Protocol

_DATA = Path(__file__).with_name("data")
_SYSTEM_SERVICES = Path("/etc/services")
_SYSTEM_LIMIT = 1 << 20
"""Bytes of the machine's services file that are read."""

_SAFE_NAME = re.compile(r"[a-z0-9_.+-]{1,40}")
_SYSTEM_LINE = re.compile(r"(\S+)\s+([0-9]{1,5})/([a-z]{2,5})\b")

Names = dict[tuple[Protocol, int], str]


def service_name(protocol: Protocol, port: int) -> str:
    """The name of the service registered for the port, or '' when none is known."""
    key = (protocol, port)
    return _own_names().get(key) or _system_names().get(key, "")


def registered_names() -> Mapping[tuple[Protocol, int], str]:
    """Every named port with its name; our own names win over the machine's."""
    return {**_system_names(), **_own_names()}


def ports_named(pattern: str, protocol: Protocol) -> tuple[int, ...]:
    """The ports whose service name matches ``pattern``, ascending.

    ``*`` stands for any characters and ``?`` for one; case does not matter. The machine's services
    file is asked only where our own list has no match.
    """
    return _matching(pattern.lower(), protocol)


@cache
def named_ports(protocol: Protocol) -> tuple[int, ...]:
    """Every port our own list has a name for, ascending."""
    return tuple(sorted(port for key, port in _own_names() if key == protocol))


@cache
def service_names(protocol: Protocol) -> frozenset[str]:
    """Every name our own list has for ports of ``protocol``."""
    return frozenset(name for (key, _), name in _own_names().items() if key == protocol)


@cache
def popularity(protocol: Protocol) -> tuple[int, ...]:
    """Ports most often open first, no duplicates: the ordered ones, then the others with a name."""
    ports: dict[int, None] = {}
    for line in _lines((_DATA / f"popular-{protocol.label}.txt").read_text("ascii")):
        for item in line.split():
            first, _, last = item.partition("-")
            ports.update(dict.fromkeys(range(int(first), int(last or first) + 1)))
    return (*ports, *(port for port in named_ports(protocol) if port not in ports))


@lru_cache(maxsize=256)
def _matching(pattern: str, protocol: Protocol) -> tuple[int, ...]:
    matches = re.compile(fnmatch.translate(pattern)).match
    for names in (_own_names, _system_names):
        ports = [p for (key, p), name in names().items() if key == protocol and matches(name)]
        if ports:
            return tuple(sorted(ports))
    return ()


@cache
def _own_names() -> Names:
    names: Names = {}
    protocols = {protocol.label: protocol for protocol in Protocol}
    for line in _lines((_DATA / "services.txt").read_text("ascii")):
        port, name, *labels = line.split()
        for label in labels:
            names.setdefault((protocols[label], int(port)), name)
    return names


@cache
def _system_names() -> Names:
    """What the machine's services file says; a missing, huge or odd file only means fewer names."""
    try:
        with _SYSTEM_SERVICES.open("rb") as file:
            text = file.read(_SYSTEM_LIMIT).decode("ascii", errors="replace")
    except OSError:
        return {}
    names: Names = {}
    protocols = {protocol.label: protocol for protocol in Protocol}
    for line in _lines(text):
        match = _SYSTEM_LINE.match(line)
        if match is None or match[3] not in protocols or int(match[2]) > 65535:
            continue
        name = match[1].lower()
        if _SAFE_NAME.fullmatch(name):
            names.setdefault((protocols[match[3]], int(match[2])), name)
    return names


def _lines(text: str) -> Iterator[str]:
    """The lines without comments, blanks and empty lines."""
    for line in text.split("\n"):
        content = line.partition("#")[0].strip()
        if content:
            yield content

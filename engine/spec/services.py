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

Names = Mapping[Protocol, dict[int, str]]
"""The names of each protocol's ports."""


def service_name(protocol: Protocol, port: int) -> str:
    """The name of the service registered for the port, or '' when none is known."""
    return _own_names()[protocol].get(port) or _system_names()[protocol].get(port, "")


def registered_names() -> Mapping[tuple[Protocol, int], str]:
    """Every named port with its name; our own names win over the machine's."""
    return {
        (protocol, port): name
        for names in (_system_names(), _own_names())
        for protocol, ports in names.items()
        for port, name in ports.items()
    }


def ports_named(pattern: str, protocol: Protocol) -> tuple[int, ...]:
    """The ports whose service name matches ``pattern``, ascending.

    ``*`` stands for any characters and ``?`` for one; case does not matter. The machine's services
    file is asked only where our own list has no match.
    """
    return _matching(pattern.lower(), protocol)


@cache
def named_ports(protocol: Protocol) -> tuple[int, ...]:
    """Every port our own list has a name for, ascending."""
    return tuple(sorted(_own_names()[protocol]))


@cache
def service_names(protocol: Protocol) -> frozenset[str]:
    """Every name our own list has for ports of ``protocol``."""
    return frozenset(_own_names()[protocol].values())


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
        ports = [port for port, name in names()[protocol].items() if matches(name)]
        if ports:
            return tuple(sorted(ports))
    return ()


@cache
def _own_names() -> Names:
    names, by_label = _no_names()
    for line in _lines((_DATA / "services.txt").read_text("ascii")):
        port, name, *labels = line.split()
        number = int(port)
        for label in labels:
            by_label[label].setdefault(number, name)
    return names


@cache
def _system_names() -> Names:
    """What the machine's services file says; a missing, huge or odd file only means fewer names."""
    try:
        with _SYSTEM_SERVICES.open("rb") as file:
            text = file.read(_SYSTEM_LIMIT).decode("ascii", errors="replace")
    except OSError:
        text = ""
    names, by_label = _no_names()
    for line in _lines(text):
        match = _SYSTEM_LINE.match(line)
        if match is None or match[3] not in by_label or int(match[2]) > 65535:
            continue
        name = match[1].lower()
        if _SAFE_NAME.fullmatch(name):
            by_label[match[3]].setdefault(int(match[2]), name)
    return names


def _no_names() -> tuple[Names, dict[str, dict[int, str]]]:
    """Nothing named yet; the same dictionaries by the protocols' labels."""
    names: Names = {protocol: {} for protocol in Protocol}
    return names, {protocol.label: ports for protocol, ports in names.items()}


def _lines(text: str) -> Iterator[str]:
    """The lines without comments, blanks and empty lines."""
    for line in text.split("\n"):
        content = line.partition("#")[0].strip()
        if content:
            yield content

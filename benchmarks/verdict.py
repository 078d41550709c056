"""What is right is known from how the lab was built: reports are held against that."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.lab.nmap_oracle import address_of, host_outcomes

PortStates = Mapping[tuple[str, int], str]
"""(protocol, port) -> state, in nmap's words."""


class Verdict(NamedTuple):
    """How a report did.

    Attributes:
        found: open ports (or hosts that are up) reported that are so.
        wrong: ports (or hosts) whose state is not the true one, missing ones included.
    """

    found: int
    wrong: int


class Truth(Protocol):
    """What a scan must find."""

    @property
    def total(self) -> int:
        """Open ports, or hosts that are up."""

    @property
    def size(self) -> int:
        """Ports, or addresses, whose state is asked."""

    def judge(self, report: Path, only_open: bool) -> Verdict | None:
        """Hold nmap XML against the truth; None when no complete report was written.

        ``only_open``: the program names open ports only, so what it does not name is not open.
        """


@dataclass(frozen=True)
class PortTruth:
    """The state of every port: address -> states. Hosts that are alike may share theirs."""

    hosts: Mapping[str, PortStates]

    @property
    def total(self) -> int:
        return sum(list(states.values()).count("open") for states in self.hosts.values())

    @property
    def size(self) -> int:
        return sum(len(states) for states in self.hosts.values())

    def judge(self, report: Path, only_open: bool) -> Verdict | None:
        seen: dict[str, dict[tuple[str, int], str]] = defaultdict(dict)
        found = right = 0
        try:
            for host in _hosts(report):
                address = address_of(host)
                truth = self.hosts.get(address, {})
                for key, outcome in host_outcomes(host).items():
                    seen[address][key] = outcome.state
                if not only_open:  # One element per host: it can be judged and forgotten.
                    more, same = _compare(truth, seen.pop(address))
                    found, right = found + more, right + same
        except (OSError, ET.ParseError):
            return None
        for address, truth in self.hosts.items() if only_open else ():
            opened = {key: "open" if state == "open" else "" for key, state in truth.items()}
            more, same = _compare(opened, {**dict.fromkeys(truth, ""), **seen[address]})
            found, right = found + more, right + same
        return Verdict(found, self.size - right)


@dataclass(frozen=True)
class HostTruth:
    """Which of ``size`` addresses are up."""

    up: frozenset[str]
    size: int

    @property
    def total(self) -> int:
        return len(self.up)

    def judge(self, report: Path, only_open: bool) -> Verdict | None:
        try:
            seen = {address_of(host) for host in _hosts(report) if _is_up(host)}
        except (OSError, ET.ParseError):
            return None
        return Verdict(len(seen & self.up), len(seen ^ self.up))


def _compare(truth: PortStates, seen: PortStates) -> tuple[int, int]:
    """Open ports found, and ports that are right."""
    same = [state for key, state in truth.items() if seen.get(key) == state]
    return same.count("open"), len(same)


def _hosts(report: Path) -> Iterator[ET.Element]:
    """The hosts of an XML document, which must have its end. Raises OSError and ParseError."""
    for _, element in ET.iterparse(report):
        if element.tag == "host":
            yield element
            element.clear()


def _is_up(host: ET.Element) -> bool:
    return any(status.attrib["state"] == "up" for status in host.iterfind("status"))

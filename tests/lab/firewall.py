"""Firewall verdicts: the nft statement for each, and what every scan type must then see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Outcome(NamedTuple):
    """A port state and its reason, in nmap's words."""

    state: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a firewall does with a probe.

    Attributes:
        statement: the nft statement; it may limit the rule to one address family by itself.
        family: 4 or 6 when the statement only concerns that family, else 0.
        syn, connect, udp: what the scan types see; None when the verdict does not fit the protocol.
            Further types of raw packets: see ``raw``.
    """

    statement: str
    family: int
    syn: Outcome | None
    connect: Outcome | None
    udp: Outcome | None

    def raw(self, scan: str) -> Outcome | None:
        """What a TCP or SCTP type of raw packets sees: as ``syn``, but silence and resets mean what
        they mean to that type."""
        if self.syn == SILENCE:
            return silence_to(scan)
        return Outcome("unfiltered", "reset") if (scan, self.syn) == ("-sA", RESETS) else self.syn


SILENCE = Outcome("filtered", "no-response")
MAYBE_OPEN = Outcome("open|filtered", "no-response")
RESETS = Outcome("closed", "reset")
FILTERED_WHEN_SILENT = ("-sS", "-sT", "-sA", "-sW", "-sY")


def silence_to(scan: str) -> Outcome:
    """What no answer at all means to a scan type."""
    return SILENCE if scan in FILTERED_WHEN_SILENT else MAYBE_OPEN


def _reject(family: int, nft_type: str, reason: str, connect: str) -> Verdict:
    """A reject by ICMP; ``connect`` is the reason left after the kernel has made it an errno."""
    words = "icmp" if family == 4 else "icmpv6"
    is_port = nft_type == "port-unreachable"
    return Verdict(
        f"reject with {words} type {nft_type}",
        family,
        Outcome("filtered", reason),
        Outcome("closed" if connect == "conn-refused" else "filtered", connect),
        Outcome("closed" if is_port else "filtered", reason),
    )


ACCEPT = Verdict("accept", 0, None, None, None)
DROP = Verdict(
    "drop",
    0,
    Outcome("filtered", "no-response"),
    Outcome("filtered", "no-response"),
    Outcome("open|filtered", "no-response"),
)
RESET = Verdict(
    "reject with tcp reset",
    0,
    Outcome("closed", "reset"),
    Outcome("closed", "conn-refused"),
    None,
)

REJECTS_V4 = (
    _reject(4, "net-unreachable", "net-unreach", "net-unreach"),
    _reject(4, "host-unreachable", "host-unreach", "host-unreach"),
    _reject(4, "prot-unreachable", "proto-unreach", "proto-unreach"),
    _reject(4, "port-unreachable", "port-unreach", "conn-refused"),
    _reject(4, "net-prohibited", "net-prohibited", "net-unreach"),
    _reject(4, "host-prohibited", "host-prohibited", "host-unreach"),
    _reject(4, "admin-prohibited", "admin-prohibited", "host-unreach"),
)
REJECTS_V6 = (
    _reject(6, "no-route", "no-route", "net-unreach"),
    _reject(6, "admin-prohibited", "admin-prohibited", "admin-prohibited"),
    _reject(6, "addr-unreachable", "host-unreach", "host-unreach"),
    _reject(6, "port-unreachable", "port-unreach", "conn-refused"),
    _reject(6, "policy-fail", "admin-prohibited", "admin-prohibited"),
    _reject(6, "reject-route", "reject-route", "admin-prohibited"),
)


@dataclass(frozen=True)
class Rule:
    """The first rule that names a probe's protocol and port decides.

    Attributes:
        protocol: ``tcp``, ``udp`` or ``sctp``.
        ports: the ports concerned; empty for all.
        verdict: what happens to the probe.
        condition: a further nft match on the packet, e.g. on its flags.
        scans: the scan types whose probes meet the condition; empty for all.
    """

    protocol: str
    ports: tuple[int, ...]
    verdict: Verdict
    condition: str = ""
    scans: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        match = f"{self.protocol} dport {{ {', '.join(map(str, self.ports))} }}"
        words = (
            match if self.ports else f"meta l4proto {self.protocol}",
            self.condition,
            self.verdict.statement,
        )
        return " ".join(filter(None, words))

    def concerns(self, scan: str, protocol: str, port: int, family: int) -> bool:
        """Whether the rule decides a probe that no earlier rule decided."""
        return (
            protocol == self.protocol
            and (not self.ports or port in self.ports)
            and (not self.scans or scan in self.scans)
            and self.verdict.family in (0, family)
        )


TRACKED = "ct state established,related accept"
"""Packets of connections the firewall has seen begin."""
NO_PINGS = (
    "icmp type { echo-request, timestamp-request, address-mask-request } drop",
    "icmpv6 type echo-request drop",
)


def ruleset(lines: Sequence[str], hook: str) -> str:
    """The nft ruleset with ``lines`` in the ``input`` or ``forward`` hook."""
    body = "\n".join(f"    {line}" for line in lines)
    return (
        "table inet lab {\n  chain gate {\n"
        f"    type filter hook {hook} priority 0; policy accept\n{body}\n  }}\n}}\n"
    )

"""The lab's hosts as data: what they serve, what their firewall does, what scans must find."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.firewall import (
    ACCEPT,
    DROP,
    MAYBE_OPEN,
    REJECTS_V4,
    REJECTS_V6,
    RESET,
    RESETS,
    Outcome,
    Rule,
)

OPEN = {
    "-sS": Outcome("open", "syn-ack"),
    "-sT": Outcome("open", "syn-ack"),
    "-sU": Outcome("open", "udp-response"),
    # Linux resets whatever has ACK, with window 0, and drops the rest (RFC 9293 section 3.10.7.2).
    "-sA": Outcome("unfiltered", "reset"),
    "-sW": RESETS,
    "-sM": RESETS,
    "-sN": MAYBE_OPEN,
    "-sF": MAYBE_OPEN,
    "-sX": MAYBE_OPEN,
}
CLOSED = {
    "-sS": RESETS,
    "-sT": Outcome("closed", "conn-refused"),
    "-sU": Outcome("closed", "port-unreach"),
    "-sA": Outcome("unfiltered", "reset"),
    **dict.fromkeys(("-sW", "-sM", "-sN", "-sF", "-sX"), RESETS),
}
SILENT_SERVICE = Outcome("open|filtered", "no-response")


@dataclass(frozen=True)
class HostPlan:
    """One host of the lab.

    Attributes:
        name: letters and digits; the key in ``Lab.hosts``.
        tcp_open: ports with a listener.
        udp_services: port -> a service of services.py (``dns``, ``ntp``, ``echo``, ``silent``).
        rules: the firewall, in order.
        routed: True puts the host behind a gateway, which is then the one with the firewall.
        also_scanned: further ports worth scanning, beside those named above.
    """

    name: str
    tcp_open: tuple[int, ...] = ()
    udp_services: dict[int, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    routed: bool = False
    also_scanned: tuple[int, ...] = ()

    def ports(self, scan: str) -> tuple[int, ...]:
        """The ports a scan of the agreement tests covers, ascending."""
        served = self.udp_services if scan == "-sU" else self.tcp_open
        protocol = protocol_of(scan)
        ruled = (port for rule in self.rules if rule.protocol == protocol for port in rule.ports)
        return tuple(sorted({*served, *ruled, *self.also_scanned}))

    def truth(self, scan: str, port: int, family: int) -> Outcome:
        """State and reason that ``scan`` (an option such as ``-sS``) must find for a port."""
        for rule in self.rules:
            if rule.concerns(protocol_of(scan), port, family):
                if rule.verdict is ACCEPT:
                    break
                return self._firewalled(scan, rule)
        if scan == "-sU" and self.udp_services.get(port) == "silent":
            return SILENT_SERVICE
        served = self.udp_services if scan == "-sU" else self.tcp_open
        return (OPEN if port in served else CLOSED)[scan]

    def _firewalled(self, scan: str, rule: Rule) -> Outcome:
        verdict = rule.verdict
        special = {"-sT": verdict.connect, "-sU": verdict.udp}
        outcome = special[scan] if scan in special else verdict.raw_tcp(scan)
        if outcome is None:
            raise ValueError(f"{self.name}: {verdict.statement} does not fit {scan}")
        if self.routed and outcome == CLOSED["-sU"]:
            # "Port unreachable" says closed only when the host itself says it.
            return Outcome("filtered", outcome.reason)
        return outcome


def protocol_of(scan: str) -> str:
    """``udp`` for ``-sU``, else ``tcp``."""
    return "udp" if scan == "-sU" else "tcp"


def _ports_each(first: int, index: int) -> tuple[int, ...]:
    """Three ports for the verdict number ``index`` of a host."""
    return tuple(range(first + 10 * index, first + 10 * index + 3))


def _rejecting() -> tuple[Rule, ...]:
    """Every ICMPv4 reject on its own ports from 1000, every ICMPv6 one from 2000, RST on 3000."""
    blocks = ((1000, REJECTS_V4), (2000, REJECTS_V6))
    rejects = [
        Rule(protocol, _ports_each(first, index), verdict)
        for first, verdicts in blocks
        for index, verdict in enumerate(verdicts)
        for protocol in ("tcp", "udp")
    ]
    return (*rejects, Rule("tcp", _ports_each(3000, 0), RESET))


PLANS = (
    HostPlan(
        "plain",
        tcp_open=(22, 80, 443, 3306, 8080, 65535),
        udp_services={53: "dns"},
        also_scanned=(1, 21, 23, 25, *range(100, 140), 65534),
    ),
    HostPlan(
        "dropping",
        tcp_open=(22, 443),
        udp_services={53: "dns", 5000: "echo"},
        rules=(
            Rule("tcp", (22, 443, 8443), ACCEPT),
            Rule("udp", (53, 5353), ACCEPT),
            Rule("tcp", (), DROP),
            Rule("udp", (), DROP),
        ),
        also_scanned=(21, 25, 80, 5000, 8080),
    ),
    HostPlan(
        "rejecting",
        tcp_open=(22, 1000, 1030, 2030, 3000),
        udp_services={53: "dns", 1010: "echo", 2010: "echo"},
        rules=_rejecting(),
        also_scanned=(23, 4000),
    ),
    HostPlan(
        "udp",
        tcp_open=(53,),
        udp_services={7: "echo", 53: "dns", 123: "ntp", 4000: "silent", 5000: "echo"},
        rules=(Rule("udp", (69, 161), DROP),),
        also_scanned=(9, 19, 137, 500, 1900, 4001, 33000),
    ),
    HostPlan(
        "routed",
        tcp_open=(22, 80),
        udp_services={53: "dns"},
        rules=(
            Rule("tcp", (80, 81), REJECTS_V4[6]),
            Rule("tcp", (80, 81), REJECTS_V6[1]),
            Rule("udp", (81, 82), REJECTS_V4[3]),
            Rule("udp", (81, 82), REJECTS_V6[3]),
            Rule("udp", (90,), REJECTS_V4[1]),
            Rule("udp", (90,), REJECTS_V6[2]),
        ),
        routed=True,
        also_scanned=(23, 24),
    ),
)
"""The hosts every scan type is compared on."""

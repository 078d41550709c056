"""The lab's hosts as data: what they serve, what their firewall does, what scans must find."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from tests.lab.firewall import (
    ACCEPT,
    DROP,
    MAYBE_OPEN,
    NO_PINGS,
    REJECTS_V4,
    REJECTS_V6,
    RESET,
    RESETS,
    SILENCE,
    TRACKED,
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
NO_SCTP = {4: Outcome("filtered", "proto-unreach"), 6: Outcome("filtered", "param-problem")}
"""A kernel without SCTP refuses the whole protocol."""
NO_PROTOCOL = {4: Outcome("closed", "proto-unreach"), 6: Outcome("closed", "param-problem")}
PROTOCOL_ANSWERS = Outcome("open", "proto-response")
TCP_PROBED, UDP_PROBED = 80, 40125
"""The ports an IP protocol scan sends its TCP ACK and its UDP datagram to."""
IGMP, TCP, UDP, SCTP = 2, 6, 17, 132
IP_PROTOCOLS = (IGMP, TCP, UDP, 99, SCTP, 255)
"""What -sO covers. ICMP is asked on its own: its reason is that of whatever ICMP came in first."""
SCTP_PORTS = (80, 2905, 3868, 5060)


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
        tracked: whether the firewall knows connections; a stateless one judges each packet alone.
        answers_pings: whether the firewall lets ICMP echo and timestamp requests in.
    """

    name: str
    tcp_open: tuple[int, ...] = ()
    udp_services: dict[int, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    routed: bool = False
    also_scanned: tuple[int, ...] = ()
    tracked: bool = True
    answers_pings: bool = True

    def ports(self, scan: str) -> tuple[int, ...]:
        """The ports of a scan type that this host was built for, ascending."""
        protocol = protocol_of(scan)
        if protocol == "ip":
            return IP_PROTOCOLS
        if protocol == "sctp":
            return SCTP_PORTS
        served = self.udp_services if protocol == "udp" else self.tcp_open
        ruled = (port for rule in self.rules if rule.protocol == protocol for port in rule.ports)
        return tuple(sorted({*served, *ruled, *self.also_scanned}))

    def truth(self, scan: str, port: int, family: int) -> Outcome:
        """State and reason that ``scan`` (an option such as ``-sS``) must find for a port."""
        protocol = protocol_of(scan)
        if protocol == "ip":
            return self._protocol_truth(port, family)
        for rule in self.rules:
            if rule.concerns(scan, protocol, port, family):
                if rule.verdict is ACCEPT:
                    break
                return self._firewalled(scan, rule)
        return self.served(scan, port, family)

    def served(self, scan: str, port: int, family: int) -> Outcome:
        """What a probe finds that no firewall stopped."""
        protocol = protocol_of(scan)
        if protocol == "sctp":
            return NO_SCTP[family]
        if protocol == "udp" and self.udp_services.get(port) == "silent":
            return MAYBE_OPEN
        return (OPEN if port in self._served_ports(protocol) else CLOSED)[scan]

    def _served_ports(self, protocol: str) -> Container[int]:
        return self.udp_services if protocol == "udp" else self.tcp_open

    def firewall_lines(self) -> list[str]:
        """The nft rules of the host's firewall; empty for none."""
        lines = [TRACKED] if self.tracked and self.rules else []
        lines.extend(() if self.answers_pings else NO_PINGS)
        lines.extend(rule.line for rule in self.rules)
        return lines

    def _firewalled(self, scan: str, rule: Rule) -> Outcome:
        verdict = rule.verdict
        special = {"-sT": verdict.connect, "-sU": verdict.udp}
        outcome = special[scan] if scan in special else verdict.raw(scan)
        if outcome is None:
            raise ValueError(f"{self.name}: {verdict.statement} does not fit {scan}")
        if self.routed and outcome == CLOSED["-sU"]:
            # "Port unreachable" says closed only when the host itself says it.
            return Outcome("filtered", outcome.reason)
        return outcome

    def _protocol_truth(self, protocol: int, family: int) -> Outcome:
        """What -sO finds: for the protocols with ports it follows from what one port says."""
        if protocol == IGMP and family == 4:
            return MAYBE_OPEN  # Linux has IGMP, and nothing to say to a query for nobody.
        asked = {
            TCP: lambda: self.truth("-sA", TCP_PROBED, family),
            UDP: lambda: self.truth("-sU", UDP_PROBED, family),
            SCTP: lambda: self.truth("-sY", SCTP_PORTS[0], family),
        }
        found = asked[protocol]() if protocol in asked else NO_SCTP[family]
        return by_protocol(found, family)


def by_protocol(found: Outcome, family: int) -> Outcome:
    """What a port's answer says about its protocol as a whole."""
    if found in (SILENCE, MAYBE_OPEN):
        return MAYBE_OPEN
    if found == NO_SCTP[family]:
        return NO_PROTOCOL[family]
    if found == CLOSED["-sU"]:
        return Outcome("open", found.reason)
    return found if found.state == "filtered" else PROTOCOL_ANSWERS


def protocol_of(scan: str) -> str:
    """``tcp``, ``udp``, ``sctp`` or ``ip``, as scanners name what a scan type's ports belong to."""
    return {"-sU": "udp", "-sY": "sctp", "-sZ": "sctp", "-sO": "ip"}.get(scan, "tcp")


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


OPENING = ("-sS", "-sT")
"""The scan types whose probes ask for a connection."""
ONLY_SYN = "tcp flags & (fin | syn | rst | ack) == syn"

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
    HostPlan(
        "stateful",
        tcp_open=(22, 443),
        udp_services={53: "dns"},
        rules=(
            Rule("tcp", (22, 443, 8443), ACCEPT, f"{ONLY_SYN} ct state new", OPENING),
            Rule("udp", (53, 5353), ACCEPT, "ct state new"),
            *(Rule(protocol, (), DROP) for protocol in ("tcp", "udp", "sctp")),
        ),
        answers_pings=False,
    ),
    HostPlan(
        "stateless",
        tcp_open=(22, 443, 8080),
        rules=(Rule("tcp", (22, 80, 8080), DROP, ONLY_SYN, OPENING),),
        tracked=False,
    ),
)
"""The hosts every scan type is compared on."""

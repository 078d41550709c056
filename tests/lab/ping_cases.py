"""The ways of asking whether hosts are up, each with where nmap's answer is not the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.edge import RefusedPlan
from tests.lab.firewall import Outcome
from tests.lab.hosts import HostPlan
from tests.lab.sweep import ALL_PLANS

PLANS = tuple(plan for plan in ALL_PLANS if plan.name not in ("rejecting", "udp"))
"""The hosts that are asked. Each link costs nmap a wait of its own, so two that add nothing stay
out."""
REAL = tuple(plan for plan in PLANS if not isinstance(plan, RefusedPlan))
"""Those of them that exist."""

DOWN = Outcome("down", "no-response")
FIRST_ANSWERS = tuple(
    Outcome("up", reason) for reason in ("echo-reply", "timestamp-reply", "syn-ack", "reset")
)
BY_IP = ("--disable-arp-ping",)


Corrections = Mapping[tuple[str, int], tuple[tuple[Outcome, ...], Outcome]]
"""(host, family) -> what nmap may say, and the truth."""


@dataclass(frozen=True)
class PingCase:
    """One way of asking.

    Attributes:
        title: what the table in the documentation calls it.
        options: of nmap and of PyScan.
        ours, theirs: options only one of them needs.
        families: where the way exists.
        corrections: where nmap is wrong.
        note: why it is.
        alone: no other scanner may talk to the hosts meanwhile.
        racing: several pings are on their way at once and the first answer gives the reason, so
            any of FIRST_ANSWERS will do.
    """

    title: str
    options: tuple[str, ...]
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    families: tuple[int, ...] = (4, 6)
    corrections: Corrections = field(default_factory=dict)
    note: str = ""
    alone: bool = False
    racing: bool = False

    def corrected(self, theirs: Mapping[str, Outcome], family: int) -> dict[str, Outcome]:
        """nmap's answers by host name, with the truth where nmap is wrong."""
        return {
            name: self.corrections.get((name, family), ((), outcome))[1]
            for name, outcome in theirs.items()
        }

    def same(self, one: Outcome | None, other: Outcome | None) -> bool:
        """Whether two outcomes for a host agree."""
        return one == other or (self.racing and one in FIRST_ANSWERS and other in FIRST_ANSWERS)


def _missed(truth: Mapping[str, Outcome], *families: int) -> Corrections:
    """Corrections for hosts that are up though nmap calls them down."""
    return {
        (name, family): ((DOWN,), outcome) for name, outcome in truth.items() for family in families
    }


def _up_by(scan: str, port: int, family: int, plans: Sequence[HostPlan]) -> dict[str, Outcome]:
    """The hosts whose port answers a scan type by itself, and with what."""
    found = {plan.name: plan.truth(scan, port, family) for plan in plans}
    return {
        name: Outcome("up", outcome.reason)
        for name, outcome in found.items()
        if outcome.reason != "no-response"
    }


def _dns() -> dict[str, Outcome]:
    return {
        name: outcome
        for name, outcome in _up_by("-sU", 53, 4, REAL).items()
        if outcome.reason == "udp-response"
    }


_ERRORS = tuple(
    Outcome("down", reason) for reason in ("host-unreach", "admin-prohibited", "no-response")
)
_REFUSED_ON_THE_WAY: Corrections = {
    (plan.name, family): (_ERRORS, DOWN) for plan in PLANS if plan not in REAL for family in (4, 6)
}
_REFUSED = Outcome("up", "conn-refused")
_REFUSED_IN_PART: Corrections = {
    ("routed", family): ((*_ERRORS, _REFUSED), _REFUSED) for family in (4, 6)
}

CASES = (
    PingCase("ARP and ND on the link, else the default pings", (), racing=True),
    PingCase("default pings", BY_IP, racing=True),
    PingCase("-PE", ("-PE", *BY_IP)),
    PingCase("-PP", ("-PP", *BY_IP), families=(4,)),
    PingCase("-PM", ("-PM", *BY_IP), families=(4,)),
    PingCase("-PS22,80", ("-PS22,80", *BY_IP)),
    PingCase("-PA80", ("-PA80", *BY_IP)),
    PingCase("-PU40125", ("-PU40125", *BY_IP)),
    PingCase(
        "-PU53",
        ("-PU53", *BY_IP),
        corrections=_missed(_dns(), 4, 6),
        note="nmap's UDP ping is an empty datagram, which a DNS server ignores; PyScan asks it a "
        "question, so that the server answers",
    ),
    PingCase(
        "-PY80",
        ("-PY80", *BY_IP),
        corrections=_missed(_up_by("-sY", 80, 6, REAL), 6),
        note="over IPv6 nmap's SCTP ping believes neither an INIT ACK nor a parameter problem, "
        "though the host itself sends them",
    ),
    PingCase(
        "-PO",
        ("-PO", *BY_IP),
        corrections=_missed({plan.name: Outcome("up", "param-problem") for plan in REAL}, 6),
        note="over IPv6 the default protocols 1, 2 and 4 are unknown next headers; nmap ignores "
        "the host's own parameter problem",
        alone=True,
    ),
    PingCase(
        "connect",
        (),
        ours=("--transport", "sockets"),
        theirs=("--unprivileged",),
        corrections={**_REFUSED_ON_THE_WAY, **_REFUSED_IN_PART},
        note="connect() does not tell who sent an error. nmap takes any but a refusal for a host "
        "that is down, even if the next port answers (`routed`: its gateway forbids port 80, the "
        "host itself refuses port 443); PyScan waits for an answer of the host, as both do with "
        "raw pings, and says that none came",
    ),
)

"""PyScan and nmap agree on what packets of another shape find: flags, source port, life, length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.diff import difference
from tests.lab.firewall import DROP, Rule
from tests.lab.hosts import HostPlan
from tests.lab.network import Lab
from tests.lab.nmap_oracle import Outcomes, nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep

pytestmark = pytest.mark.root

TCP_PORTS, UDP_PORTS = (22, 23, 24, 80, 81), (53, 123, 500)
ONLY_FROM_DNS = HostPlan(
    "dnsonly",
    tcp_open=(22, 80),
    udp_services={53: "dns", 123: "ntp"},
    rules=(
        Rule("tcp", TCP_PORTS, DROP, "tcp sport != 53"),
        Rule("udp", UDP_PORTS, DROP, "udp sport != 53"),
    ),
    tracked=False,
)
"""A firewall of the kind that takes everything from port 53 for an answer of a name server."""
PICKY = HostPlan(
    "picky",
    tcp_open=(22, 23),
    rules=(
        Rule("tcp", (22, 80), DROP, "meta length < 80"),
        Rule("tcp", (23, 81), DROP, "ip ttl 7"),
        Rule("tcp", (23, 81), DROP, "ip6 hoplimit 7"),
    ),
    tracked=False,
)
"""A firewall that looks at the size and the life of packets."""


@pytest.fixture(scope="module")
def option_lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.add_all((ONLY_FROM_DNS, PICKY))
        yield lab


def both(lab: Lab, name: str, family: int, scan: str, *extra: str) -> tuple[Outcomes, Outcomes]:
    """What nmap and PyScan find on one host."""
    ports = ",".join(
        f"{letter}:{','.join(map(str, some))}"
        for letter, some in (("T", TCP_PORTS), ("U", UDP_PORTS))
        if letter in ("U" if scan == "-sU" else "T" if scan != "-sS -sU" else "TU")
    )
    address = lab.hosts[name].address(family)
    theirs = nmap_sweep(lab, scan, ports, (address,), *extra)[address]
    ours = pyscan_sweep(lab, scan, ports, (address,), *extra)[address]
    return theirs, ours


@pytest.mark.parametrize(
    ("scan", "port", "family"),
    [
        ("-sS -sU", "53", 4),
        ("-sS -sU", "53", 6),
        ("-sF", "53", 4),
        ("-sA", "53", 6),
        ("-sS", "54", 4),
        ("-sS", "54", 6),
    ],
)
def test_a_firewall_that_lets_one_source_port_in(
    option_lab: Lab, scan: str, port: str, family: int
) -> None:
    theirs, ours = both(option_lab, "dnsonly", family, scan, "-g", port)
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)
    silent = {outcome.reason for outcome in ours.values()} == {"no-response"}
    assert silent == (port == "54")


@pytest.mark.parametrize("scan", ["-sT", "-sU"])
def test_sockets_come_from_the_one_port_too(option_lab: Lab, scan: str) -> None:
    """nmap's connect scan takes no source port, so the host as it was built is the truth."""
    sockets = ("--transport", "sockets")
    host = option_lab.hosts["dnsonly"]
    ports = UDP_PORTS if scan == "-sU" else TCP_PORTS
    protocol = "udp" if scan == "-sU" else "tcp"
    text = ",".join(map(str, ports))
    found = pyscan_sweep(option_lab, scan, text, (host.ipv4,), *sockets, "-g", "53")[host.ipv4]
    assert found == {(protocol, port): host.plan.served(scan, port, 4) for port in ports}


@pytest.mark.parametrize(
    ("flags", "scan", "family"),
    [
        ("SYNFIN", "-sS", 4),
        ("SYNFIN", "-sS", 6),
        ("ACK", "-sS", 4),
        ("0", "-sS", 6),
        ("SYN", "-sF", 4),
        ("FINACK", "-sF", 6),
        ("SYN", "-sA", 6),
        ("URGPSHFIN", "-sM", 4),
    ],
)
def test_flags_of_ones_own(option_lab: Lab, flags: str, scan: str, family: int) -> None:
    theirs, ours = both(option_lab, "picky", family, scan, "--scanflags", flags)
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)


@pytest.mark.parametrize("family", [4, 6])
def test_data_makes_probes_longer(option_lab: Lab, family: int) -> None:
    theirs, ours = both(option_lab, "picky", family, "-sS", "--data-length", "40")
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)
    assert {ours["tcp", port].reason for port in (22, 80)} == {"syn-ack", "reset"}


@pytest.mark.parametrize(("life", "reasons"), [(7, {"no-response"}), (8, {"syn-ack", "reset"})])
def test_life(option_lab: Lab, life: int, reasons: set[str]) -> None:
    theirs, ours = both(option_lab, "picky", 4, "-sS", "--ttl", str(life))
    assert ours == theirs, difference("nmap", theirs, "pyscan", ours)
    assert {ours["tcp", port].reason for port in (23, 81)} == reasons
    # nmap gives its neighbour solicitations that life too, and nobody answers those.
    address = option_lab.hosts["picky"].ipv6
    found = pyscan_sweep(option_lab, "-sS", "23,81", (address,), "--ttl", str(life))[address]
    assert {outcome.reason for outcome in found.values()} == reasons

"""Debian's nmap as an oracle: run in the lab, its XML read into outcomes by host and port."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from tests.lab.firewall import Outcome
from tests.lab.namespace import LabError, require
from tests.lab.network import Lab

Outcomes = dict[tuple[str, int], Outcome]
"""(protocol, port) -> what a scanner found."""

PATIENT_CONNECT = ("--min-rtt-timeout", "1200ms")
"""On a link without delay the ICMPv6 error arrives while connect() still holds the socket. Linux
then keeps it as a soft error, which wakes nobody until the kernel repeats its SYN after 1 s."""


def nmap_sweep(
    lab: Lab, scan: str, ports: str, addresses: Sequence[str], *extra: str
) -> dict[str, Outcomes]:
    """What nmap finds on hosts of one address family, port by port.

    ``scan`` is one option (``-sS``) or several (``-sS -sU``). Raises LabError when nmap fails.
    """
    patience = PATIENT_CONNECT if scan == "-sT" and ":" in addresses[0] else ()
    words = ("-Pn", *scan.split(), "-p", ports, "-T4", *patience, *extra)
    return {address_of(host): host_outcomes(host) for host in run_nmap(lab, words, addresses)}


def nmap_hosts(lab: Lab, options: Sequence[str], targets: Sequence[str]) -> dict[str, Outcome]:
    """Which hosts nmap finds up or down without scanning ports, and why. Raises LabError."""
    return {
        address_of(host): Outcome(status.attrib["state"], status.attrib["reason"])
        for host in run_nmap(lab, ("-sn", "-v", "-T4", *options), targets)
        for status in host.iterfind("status")
    }


def run_nmap(lab: Lab, options: Sequence[str], targets: Sequence[str]) -> list[ET.Element]:
    """The ``host`` elements of nmap's XML. Raises LabError when it fails.

    The document comes from the local nmap about lab hosts, so the plain parser may read it.
    """
    require("nmap")
    family = ("-6",) if ":" in targets[0] else ()
    words = ("nmap", "-n", "--reason", *family, *options, "-oX", "-", *targets)
    done = subprocess.run(
        lab.scan_command(*words), capture_output=True, text=True, timeout=100, check=False
    )
    if done.returncode:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip()}")
    return ET.fromstring(done.stdout).findall("host")


def nmap_version() -> str:
    """nmap's version, e.g. ``7.93``."""
    require("nmap")
    done = subprocess.run(("nmap", "--version"), capture_output=True, text=True, check=True)
    return done.stdout.split()[2]


def address_of(host: ET.Element) -> str:
    """The IP address of a ``host`` element."""
    for address in host.iter("address"):
        if address.attrib["addrtype"] != "mac":
            return address.attrib["addr"]
    raise LabError("a host without an address in the XML")


def host_outcomes(host: ET.Element) -> Outcomes:
    """The ports of a ``host`` element, listed ones and those in ``extraports``."""
    outcomes: Outcomes = {}
    for extra in host.iter("extraports"):
        for reasons in extra.iter("extrareasons"):
            outcome = Outcome(extra.attrib["state"], reasons.attrib["reason"])
            for port in expand_ports(reasons.attrib["ports"]):
                outcomes[reasons.attrib["proto"], port] = outcome
    for element in host.iter("port"):
        state = element.find("state")
        if state is None:
            raise LabError("a port without a state in the XML")
        key = element.attrib["protocol"], int(element.attrib["portid"])
        outcomes[key] = Outcome(state.attrib["state"], state.attrib["reason"])
    return outcomes


def expand_ports(text: str) -> Iterator[int]:
    """The ports of a list such as ``1-3,7``."""
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        yield from range(int(first), int(last or first) + 1)

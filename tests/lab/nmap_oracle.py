"""Debian's nmap as an oracle: run in the lab, its XML read into {(protocol, port): outcome}."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from tests.lab.firewall import Outcome
from tests.lab.namespace import LabError, require
from tests.lab.network import Lab

Outcomes = dict[tuple[str, int], Outcome]

PATIENT_CONNECT = ("--min-rtt-timeout", "1200ms")
"""On a link without delay the ICMPv6 error arrives while connect() still holds the socket. Linux
then keeps it as a soft error, which wakes nobody until the kernel repeats its SYN after 1 s."""


def nmap_command(scan: str, ports: str, address: str, *extra: str) -> tuple[str, ...]:
    """nmap's command line for one address, XML on stdout."""
    family = ("-6",) if ":" in address else ()
    return (
        "nmap",
        "-n",
        "-Pn",
        "--reason",
        scan,
        "-p",
        ports,
        *family,
        *extra,
        "-oX",
        "-",
        address,
    )


def nmap_outcomes(lab: Lab, scan: str, ports: Sequence[int], address: str) -> Outcomes:
    """What nmap finds, port by port. Raises LabError when it fails."""
    require("nmap")
    patience = PATIENT_CONNECT if scan == "-sT" and ":" in address else ()
    words = nmap_command(scan, ",".join(map(str, ports)), address, "-T4", *patience)
    done = subprocess.run(
        lab.scan_command(*words), capture_output=True, text=True, timeout=100, check=False
    )
    if done.returncode:
        raise LabError(f"nmap {scan} {address}: {done.stderr.strip()}")
    return parse_nmap_xml(done.stdout)


def parse_nmap_xml(text: str) -> Outcomes:
    """Every port of a document with one host. Raises LabError for any other number of hosts.

    The document comes from the local nmap about lab hosts, so the plain parser may read it.
    """
    hosts = ET.fromstring(text).findall("host")
    if len(hosts) != 1:
        raise LabError(f"expected one host in the XML, found {len(hosts)}")
    return host_outcomes(hosts[0])


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

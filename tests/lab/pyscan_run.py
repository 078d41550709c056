"""Our headless program in the lab, its JSON read into outcomes by host and port."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from tests.lab.firewall import Outcome
from tests.lab.namespace import LabError
from tests.lab.network import ROOT, Lab
from tests.lab.nmap_oracle import Outcomes

AT_ONCE = 4
"""Every run reserves a range of source ports of its network namespace, which has few of them."""
_places = threading.BoundedSemaphore(AT_ONCE)


def pyscan_sweep(
    lab: Lab, scan: str, ports: str, addresses: Sequence[str], *extra: str
) -> dict[str, Outcomes]:
    """What PyScan finds on hosts of one address family, port by port.

    ``scan`` is one option (``-sS``) or several (``-sS -sU``). Raises LabError when PyScan fails.
    """
    words = ("-Pn", *scan.split(), "-p", ports, "-T4", *extra)
    return {host["address"]: port_outcomes(host) for host in run_pyscan(lab, words, addresses)}


def pyscan_outcomes(lab: Lab, scan: str, ports: Sequence[int], address: str) -> Outcomes:
    """What PyScan finds on one host, port by port. Raises LabError when it fails."""
    return pyscan_sweep(lab, scan, ",".join(map(str, ports)), (address,))[address]


def pyscan_hosts(lab: Lab, options: Sequence[str], targets: Sequence[str]) -> dict[str, Outcome]:
    """Which hosts PyScan finds up or down without scanning ports, and why. Raises LabError."""
    hosts = run_pyscan(lab, ("-sn", "-v", "-T4", *options), targets)
    return {host["address"]: Outcome(host["status"], host["reason"]) for host in hosts}


def run_pyscan(lab: Lab, options: Sequence[str], targets: Sequence[str]) -> list[dict[str, Any]]:
    """The hosts of PyScan's JSON document. Raises LabError when it fails."""
    family = ("-6",) if ":" in targets[0] else ()
    words = ("-n", "--seed", "1", *family, *options, "-oJ", "-", *targets)
    with _places:
        done = subprocess.run(
            lab.scan_command(sys.executable, "-m", "engine.cli", *words),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            cwd=ROOT,
        )
    if done.returncode:
        raise LabError(f"pyscan {' '.join(words)}: exit {done.returncode}\n{done.stderr.strip()}")
    document = json.loads(done.stdout)
    if document["format"] != "pyscan":
        raise LabError(f"not a PyScan document: {done.stdout[:200]}")
    hosts: list[dict[str, Any]] = document["hosts"]
    return hosts


def port_outcomes(host: dict[str, Any]) -> Outcomes:
    """Every port of a host. Raises LabError for a port that is listed twice."""
    outcomes: Outcomes = {}
    for port in host["ports"]:
        key = port["protocol"], port["port"]
        if key in outcomes:
            raise LabError(f"{key} is listed twice")
        outcomes[key] = Outcome(port["state"], port["reason"])
    return outcomes

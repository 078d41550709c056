"""Our headless program in the lab, its JSON read into {(protocol, port): outcome}."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from tests.lab.firewall import Outcome
from tests.lab.namespace import LabError
from tests.lab.network import ROOT, Lab
from tests.lab.nmap_oracle import Outcomes


def pyscan_outcomes(lab: Lab, scan: str, ports: Sequence[int], address: str) -> Outcomes:
    """What PyScan finds, port by port. Raises LabError when it fails."""
    family = ("-6",) if ":" in address else ()
    listed = ",".join(map(str, ports))
    words = ("-n", "-Pn", scan, "-p", listed, "-T4", "--seed", "1", *family, "-oJ", "-", address)
    done = subprocess.run(
        lab.scan_command(sys.executable, "-m", "engine.cli", *words),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise LabError(f"pyscan {scan} {address}: exit {done.returncode}\n{done.stderr.strip()}")
    return parse_json(done.stdout)


def parse_json(text: str) -> Outcomes:
    """Every port of a document with one host. Raises LabError for a port that is listed twice."""
    document = json.loads(text)
    if document["format"] != "pyscan" or len(document["hosts"]) != 1:
        raise LabError(f"not a PyScan document with one host: {text[:200]}")
    outcomes: Outcomes = {}
    for port in document["hosts"][0]["ports"]:
        key = port["protocol"], port["port"]
        if key in outcomes:
            raise LabError(f"{key} is listed twice")
        outcomes[key] = Outcome(port["state"], port["reason"])
    return outcomes

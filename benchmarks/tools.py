"""The programs that are measured, as command lines."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.scenes import Ground
from tests.lab.namespace import command
from tests.lab.network import Lab, inside

PYSCAN, NMAP, MASSCAN = "pyscan", "nmap", "masscan"
MASSCAN_RATE = 100_000
"""Packets a second: masscan only knows fixed rates."""
COMPANY = 'ping -q -i 0.1 "$0" >/dev/null & "$@"; code=$?; kill $!; exit $code'
"""masscan 1.3.2 does not end before one more packet comes in after its wait, so another program has
to be answered meanwhile."""


@dataclass(frozen=True)
class Tool:
    """One program.

    Attributes:
        name: PYSCAN, NMAP or MASSCAN.
        timeout: seconds it may take; then it is killed.
    """

    name: str
    timeout: float

    @property
    def wanted(self) -> bool:
        """False for masscan where it, or the ping it needs, is not installed."""
        return self.name != MASSCAN or None not in (shutil.which("masscan"), shutil.which("ping"))

    @property
    def only_open(self) -> bool:
        """Whether its report names open ports only."""
        return self.name == MASSCAN

    def command(
        self, lab: Lab, ground: Ground, options: Sequence[str], report: Path
    ) -> tuple[str, ...]:
        """The command line, which writes XML to the file ``report``."""
        if self.name == MASSCAN:
            words = (*_masscan(lab, ground), *(word for word in options if word.startswith("-p")))
        elif self.name == NMAP:
            words = ("nmap", "-n", *options)
        else:
            words = (sys.executable, "-m", "engine.cli", "-n", *options)
        return lab.scan_command(*words, "-oX", str(report), *ground.targets)


def _masscan(lab: Lab, ground: Ground) -> tuple[str, ...]:
    """masscan has a TCP stack of its own, which must be told its device and the next hop."""
    if ground.gateway is None:
        raise ValueError("masscan is measured on clean links only")
    namespace, device = ground.gateway
    hop = command(*inside(namespace, "cat", f"/sys/class/net/{device}/address")).strip()
    fixed = ("--rate", str(MASSCAN_RATE), "--wait", "1", "--router-mac", hop)
    route = command("ip", "-n", lab.scanner, "-o", "route", "get", ground.targets[0]).split()
    after = dict(pairwise(route))
    company = ("sh", "-c", COMPANY, ground.targets[0])
    return (*company, "masscan", *fixed, "--interface", after["dev"], "--adapter-ip", after["src"])

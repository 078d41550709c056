"""How true the expected end of a scan is in the lab: ``python -m benchmarks.eta``.

Each case is scanned in a lab of its own, and what the scan said of its end is compared with its
real end, from a fifth of the scan on. A machine that is busy otherwise makes it look worse.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from statistics import median

from benchmarks.cases import CASES, Case
from benchmarks.figure import Figure
from benchmarks.foretold import Foretold
from tests.isolation import leave_the_network
from tests.lab.namespace import LabError
from tests.lab.network import ROOT, Lab

GOAL = 25.0
"""Per cent of the scan's time by which the end foreseen may be wrong ..."""
JUDGED_FROM = 0.2
"""... from this share of the scan on."""
_ALIKE = ("million", "memory64")
"""Cases that are ``syn-clean`` again, only longer; they must be asked for."""


def foretell(case: Case) -> Foretold:
    """Scan a case once. Raises LabError, subprocess.SubprocessError."""
    with Lab() as lab:
        ground = case.scene(lab, case.scan, case.port_range)
        words = (sys.executable, "-m", "benchmarks.foretold", "-n", *case.words, *ground.targets)
        done = subprocess.run(
            lab.scan_command(*words),
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            timeout=case.patience,
            check=True,
        )
    told = json.loads(done.stdout)
    return Foretold([(at, left) for at, left in told["said"]], told["took"])


def measure(case: Case, rounds: int) -> str:
    """A line with the median of the worst errors."""
    runs = [foretell(case) for _ in range(rounds)]
    worst = [run.worst(JUDGED_FROM) for run in runs]
    figure = Figure(case.name, 100 * median(error for error, _ in worst), GOAL, "%")
    took = median(run.took for run in runs)
    each = ", ".join(f"{error:.0%} at {at:.0%}" for error, at in worst)
    return f"{figure}   {took:7.2f} s   {each}"


def main() -> int:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eta", description=__doc__)
    parser.add_argument("--case", action="append", choices=names, help="only this case")
    parser.add_argument("--rounds", type=int, default=1, help="scans of each case (default: 1)")
    given = parser.parse_args()
    if os.geteuid():
        parser.error("needs root to make network namespaces; run it with sudo")
    leave_the_network()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    wanted = given.case or [name for name in names if name not in _ALIKE]
    print("worst error of the expected end, from a fifth of the scan on", flush=True)
    try:
        for case in CASES:
            if case.name in wanted:
                print(measure(case, max(1, given.rounds)), flush=True)
    except (LabError, subprocess.SubprocessError) as error:
        parser.exit(1, f"the lab could not be built, or a scan failed: {error}\n")
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m benchmarks``: measure PyScan beside nmap in the lab and write RESULTS.md."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.cases import CASES, Case
from benchmarks.compare import Result, run_case
from benchmarks.link import measure_link
from benchmarks.report import link_section, report, screen_section, store_section
from benchmarks.start import compile_all
from benchmarks.store import measure_store
from tests.isolation import leave_the_network
from tests.lab.namespace import LabError, require

RESULTS = Path(__file__).with_name("RESULTS.md")
QUICK = 30.0
"""Seconds each program may take with --quick."""


def measure_screen() -> str:
    """What ``python -m benchmarks.screen`` prints: the TUI's figures, in a process of their own."""
    words = (sys.executable, "-m", "benchmarks.screen")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


OTHERS: dict[str, Callable[[], str]] = {
    "link": lambda: link_section(measure_link()),
    "store": lambda: store_section(measure_store()),
    "screen": lambda: screen_section(measure_screen()),
}
"""What is measured beside the cases."""


def positive(text: str) -> int:
    """A whole number from 1 on. Raises ValueError, which argparse turns into a usage error."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*(case.name for case in CASES), *OTHERS]
    parser.add_argument(
        "--case", action="append", choices=names, help="only this case (may be repeated); prints"
        " the figures and leaves RESULTS.md alone",
    )  # fmt: skip
    parser.add_argument("--pairs", type=positive, default=5, help="most rounds (default: 5)")
    parser.add_argument(
        "--quick", action="store_true", help=f"one round, no program longer than {QUICK:.0f} s;"
        " leaves RESULTS.md alone",
    )  # fmt: skip
    given = parser.parse_args()
    if os.geteuid():
        parser.error("needs root to make network namespaces; run it with sudo")
    leave_the_network()
    compile_all()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    wanted = given.case or names
    try:
        require("nmap")
        rounds, most = (1, QUICK) if given.quick else (given.pairs, float("inf"))
        results = list(measured([case for case in CASES if case.name in wanted], rounds, most))
        others = [measure() for name, measure in OTHERS.items() if name in wanted]
    except LabError as error:
        parser.exit(1, f"the lab could not be built: {error}\n")
    except KeyboardInterrupt:
        return 130
    version = subprocess.run(("nmap", "--version"), capture_output=True, text=True, check=True)
    text = report(results, others, version.stdout.partition(" (")[0].replace(" version", ""))
    print(text)
    if not given.case and not given.quick:
        RESULTS.write_text(text)
        print(f"written to {RESULTS}", file=sys.stderr)
    return int(any(run.failed for _, result in results for run in result.runs))


def measured(cases: list[Case], rounds: int, most: float) -> Iterator[tuple[Case, Result]]:
    """The cases one by one, narrated on stderr."""
    for case in cases:
        yield case, run_case(case, rounds, most, _note)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

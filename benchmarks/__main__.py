"""``python -m benchmarks``: measure PyScan beside nmap in the lab and write RESULTS.md."""

from __future__ import annotations

import argparse
import compileall
import os
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.compare import run_case
from benchmarks.report import report
from benchmarks.store import measure_store
from tests.lab.namespace import LabError, require

RESULTS = Path(__file__).with_name("RESULTS.md")
STORE, SCREEN = "store", "screen"


def positive(text: str) -> int:
    """A whole number from 1 on. Raises ValueError, which argparse turns into a usage error."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*(case.name for case in CASES), STORE, SCREEN]
    parser.add_argument(
        "--case", action="append", choices=names, help="only this case (may be repeated); prints"
        " the figures and leaves RESULTS.md alone",
    )  # fmt: skip
    parser.add_argument("--pairs", type=positive, default=5, help="rounds per case (default: 5)")
    given = parser.parse_args()
    if os.geteuid():
        parser.error("needs root to make network namespaces; run it with sudo")
    chosen = [case for case in CASES if not given.case or case.name in given.case]
    store = measure_store() if not given.case or STORE in given.case else None
    compileall.compile_dir(str(RESULTS.parents[1] / "engine"), quiet=1)  # as an installation is
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        require("nmap")
        results = [(case, run_case(case, given.pairs, _note)) for case in chosen]
    except LabError as error:
        parser.exit(1, f"the lab could not be built: {error}\n")
    except KeyboardInterrupt:
        return 130
    version = subprocess.run(("nmap", "--version"), capture_output=True, text=True, check=True)
    screen = _measure_screen() if not given.case or SCREEN in given.case else ""
    text = report(results, store, screen, version.stdout.partition(" (")[0].replace(" version", ""))
    print(text)
    if not given.case:
        RESULTS.write_text(text)
        print(f"written to {RESULTS}", file=sys.stderr)
    return int(any(run.failed for _, runs in results for run in runs))


def _measure_screen() -> str:
    """What ``python -m benchmarks.screen`` prints: the TUI's figures, in a process of their own."""
    _note("screen")
    words = (sys.executable, "-m", "benchmarks.screen")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""The figures of all cases as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from benchmarks.cases import Case
from benchmarks.compare import Run
from benchmarks.store import HOSTS, PORTS, StoreSize
from engine.results.cell import CELL

HEADINGS = ("program", "wall s", "user s", "system s", "peak MB", "open found", "wrong states")


def report(
    results: Sequence[tuple[Case, Sequence[Run]]],
    store: StoreSize | None,
    screen: str,
    nmap_version: str,
) -> str:
    """The whole report: where it was measured, then a section per case, one for the store and one
    for the screen's figures as they were printed."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    head = (
        "# Benchmark results\n\n"
        "Written by `python -m benchmarks` (as root). Whole processes, start-up included; medians "
        "over the rounds, of memory the largest, of open ports found the fewest. Both programs "
        "scan the same lab host in turn and write XML; what is right is known from how the host "
        "was built. Compare ratios, not seconds.\n\n"
        f"Measured {when}: Python {platform.python_version()}, {nmap_version}, "
        f"Linux {platform.release()}, {os.cpu_count()} processors.\n"
    )
    sections = [section(case, runs) for case, runs in results]
    if store:
        sections.append(store_section(store))
    if screen:
        sections.append(f"\n## screen\n\n```text\n{screen.rstrip()}\n```\n")
    return head + "".join(sections)


def store_section(size: StoreSize) -> str:
    """Memory per probed port of the result store."""
    return (
        "\n## store\n\n"
        f"{HOSTS} hosts x {PORTS:,} ports, every port decided. Goal: at most 12 bytes per port.\n\n"
        f"{CELL.itemsize} bytes per port; {size.alone:.2f} with the tables that do not grow with "
        f"the number of hosts; {size.with_snapshot:.2f} with one snapshot held.\n"
    )


def section(case: Case, runs: Sequence[Run]) -> str:
    """One case: a table of medians, and the ratios pair by pair."""
    tools = list(dict.fromkeys(run.tool for run in runs))
    rows = [_row(tool, [run for run in runs if run.tool == tool]) for tool in tools]
    lines = [f"\n## {case.name}\n", f"{case.about}. Goal: {case.goal}.", ""]
    lines += [_line(HEADINGS), _line(["---"] + ["---:"] * (len(HEADINGS) - 1))]
    lines += [_line(row) for row in rows]
    if case.nmap:
        lines += ["", ratios(runs)]
    return "\n".join(lines) + "\n"


def ratios(runs: Sequence[Run]) -> str:
    """PyScan's wall clock over nmap's, pair by pair. A run that was stopped bounds the ratio."""
    ours = [run for run in runs if run.tool == "pyscan"]
    theirs = [run for run in runs if run.tool == "nmap"]
    pairs = [
        (one, other)
        for one, other in zip(ours, theirs, strict=True)
        if not (one.failed or other.failed)
    ]
    if not pairs:
        return "No ratio: in every pair one program failed."
    values = [one.measurement.wall / other.measurement.wall for one, other in pairs]
    marks = [_mark(one, other) for one, other in pairs]
    each = ", ".join(f"{mark}{value:.2f}" for mark, value in zip(marks, values, strict=True))
    return f"Wall clock, PyScan / nmap, pair by pair: {each}; median {median(values):.2f}."


def _mark(ours: Run, theirs: Run) -> str:
    """``<`` when nmap was stopped (the true ratio is lower), ``>`` when PyScan was, ``?`` both."""
    stopped = ours.measurement.stopped, theirs.measurement.stopped
    return {(False, False): "", (False, True): "<", (True, False): ">", (True, True): "?"}[stopped]


def _row(tool: str, runs: Sequence[Run]) -> list[str]:
    taken = [run.measurement for run in runs]
    wrong = [run.wrong for run in runs if run.wrong is not None]
    stopped = sum(one.stopped for one in taken)
    failed = sum(run.failed for run in runs)
    remarks = [f"{stopped} stopped"] * bool(stopped) + [f"{failed} failed"] * bool(failed)
    return [
        tool,
        (">" if stopped * 2 > len(runs) else "") + f"{median(one.wall for one in taken):.2f}",
        f"{median(one.user for one in taken):.2f}",
        f"{median(one.system for one in taken):.2f}",
        f"{max(one.peak_rss for one in taken) / 1e6:.0f}",
        f"{min(run.found for run in runs)}/{runs[0].total}",
        ", ".join([*([str(max(wrong))] if wrong else []), *remarks]),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

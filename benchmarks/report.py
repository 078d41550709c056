"""The figures of all cases as Markdown: one table that sums up, then a section per case."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from statistics import median

from benchmarks.cases import Case
from benchmarks.compare import Result
from benchmarks.goal import cpu_of, pairs, ratios, wall_of
from benchmarks.link import LinkLimit
from benchmarks.run import Run
from benchmarks.store import HOSTS, PORTS, StoreSize
from benchmarks.tools import NMAP, PYSCAN
from engine.results.cell import CELL

SUMMARY = ("case", "nmap s", "PyScan s", "ratio", "found", "right", "goal", "met")
PROGRAMS = ("program", "wall s", "user s", "system s", "packets", "peak MB", "found", "wrong")

INTRODUCTION = """# Benchmark results

Written by `python -m benchmarks` (as root). Whole processes, start-up included; medians over the
rounds, but of memory, wrong states and states right the worst round. The programs scan the same lab
host in turn, with the same options, and write XML; what is right is known from how the host was
built. Ratios are PyScan's figure over nmap's, the median of pairs. A program that was stopped took
"over" its time, which bounds the ratio. Compare ratios, not seconds. In the three cases of 65,535
ports on a clean path each program scans one port before each run, so that none waits for the disk.
"""


def report(results: Sequence[tuple[Case, Result]], others: Iterable[str], nmap_version: str) -> str:
    """The whole report: where it was measured, the summary, a section per case, and ``others``."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    head = (
        f"{INTRODUCTION}\nMeasured {when}: Python {platform.python_version()}, {nmap_version}, "
        f"Linux {platform.release()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} "
        "at the end.\n"
    )
    return "\n".join([head, summary(results), *(section(*each) for each in results), *others])


def summary(results: Sequence[tuple[Case, Result]]) -> str:
    """All cases at a glance."""
    rows = [_summed(case, result) for case, result in results]
    return _table(SUMMARY, rows) if rows else ""


def _summed(case: Case, result: Result) -> list[str]:
    runs = result.runs
    ours, theirs = _of(runs, PYSCAN), _of(runs, NMAP)
    missed = case.goal.missed(runs, result.floor)
    return [
        case.name,
        _wall(theirs) if theirs else "-",
        _wall(ours),
        _ratio(runs, wall_of),
        f"{min(run.found for run in ours)}/{ours[0].total}",
        f"{min(run.right for run in ours):.4%}",
        str(case.goal),
        "no: " + "; ".join(missed) if missed else "yes",
    ]


def section(case: Case, result: Result) -> str:
    """One case: a table of medians, and the ratios pair by pair."""
    runs = result.runs
    tools = list(dict.fromkeys(run.tool for run in runs))
    lines = [f"## {case.name}\n", f"{case.about}. Goal: {case.goal}.", ""]
    lines.append(_table(PROGRAMS, [_row(tool, _of(runs, tool)) for tool in tools]))
    remarks = [_pairs(runs)] if case.nmap else []
    if result.floor:
        remarks.append(f"The ration alone takes {result.floor:.1f} s.")
    if case.goal.cpu_ratio:
        remarks.append(_per_million(runs))
    if case.note:
        remarks.append(f"Note: {case.note}.")
    return "\n".join([*lines, *(f"{remark}\n" for remark in remarks)])


def store_section(size: StoreSize) -> str:
    """Memory per probed port of the result store."""
    return (
        "## store\n\n"
        f"{HOSTS} hosts x {PORTS:,} ports, every port decided. Goal: at most 12 bytes per port.\n\n"
        f"{CELL.itemsize} bytes per port; {size.alone:.2f} with the tables that do not grow with "
        f"the number of hosts; {size.with_snapshot:.2f} with one snapshot held.\n"
    )


def link_section(limit: LinkLimit) -> str:
    """What the lab's slow link can carry at all."""
    return (
        "## the slow link\n\n"
        "Delay and loss come from a relay of the lab's in user space (the kernel has no netem). "
        f"Handed a burst of {limit.sent:,} small packets it carried {limit.carried:,}, at "
        f"{limit.rate:,.0f} a second in one direction. No scan over a slow link can be faster, and "
        "the relay takes processor time from the programs: figures over slow links are worst "
        "cases.\n"
    )


def screen_section(printed: str) -> str:
    """The screen's figures as they were printed."""
    return f"## screen\n\n```text\n{printed.rstrip()}\n```\n"


def _pairs(runs: Sequence[Run]) -> str:
    """PyScan's wall clock over nmap's, pair by pair. A run that was stopped bounds the ratio."""
    values = ratios(runs, wall_of)
    if not values:
        return "No ratio: in every pair one program failed."
    marks = [_mark(one, other) for one, other in pairs(runs)]
    each = ", ".join(f"{mark}{value:.2f}" for mark, value in zip(marks, values, strict=True))
    return f"Wall clock, PyScan / nmap, pair by pair: {each}; median {_ratio(runs, wall_of)}."


def _per_million(runs: Sequence[Run]) -> str:
    """Processor seconds per million ports."""
    each = [
        f"{tool} {median(cpu_of(run) * 1e6 / run.size for run in _of(runs, tool)):.1f}"
        for tool in dict.fromkeys(run.tool for run in runs)
    ]
    return f"Processor seconds per million ports: {', '.join(each)}; ratio {_ratio(runs, cpu_of)}."


def _ratio(runs: Sequence[Run], value: Callable[[Run], float]) -> str:
    values = ratios(runs, value)
    if not values:
        return "-"
    marks = {_mark(one, other) for one, other in pairs(runs)} - {""}
    return (marks.pop() if len(marks) == 1 else "?" * bool(marks)) + f"{median(values):.2f}"


def _mark(ours: Run, theirs: Run) -> str:
    """``<`` when nmap was stopped (the true ratio is lower), ``>`` when PyScan was, ``?`` both."""
    stopped = ours.taken.stopped, theirs.taken.stopped
    return {(False, False): "", (False, True): "<", (True, False): ">", (True, True): "?"}[stopped]


def _wall(runs: Sequence[Run]) -> str:
    stopped = sum(run.taken.stopped for run in runs)
    over = "over " if stopped * 2 > len(runs) else ""
    return over + f"{median(wall_of(run) for run in runs):.2f}"


def _row(tool: str, runs: Sequence[Run]) -> list[str]:
    taken = [run.taken for run in runs]
    wrong = [run.verdict.wrong for run in runs if run.verdict]
    stopped = sum(one.stopped for one in taken)
    failed = sum(run.failed for run in runs)
    remarks = [f"{stopped} stopped"] * bool(stopped) + [f"{failed} failed"] * bool(failed)
    return [
        tool,
        _wall(runs),
        f"{median(one.user for one in taken):.2f}",
        f"{median(one.system for one in taken):.2f}",
        f"{median(run.packets for run in runs):,.0f}",
        f"{max(one.peak_rss for one in taken) / 1e6:.0f}",
        f"{min(run.found for run in runs)}/{runs[0].total}",
        ", ".join([*([str(max(wrong))] if wrong else []), *remarks]),
    ]


def _of(runs: Sequence[Run], tool: str) -> list[Run]:
    return [run for run in runs if run.tool == tool]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rules = ["---"] + ["---:"] * (len(headings) - 1)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (headings, rules, *rows))

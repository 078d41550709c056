"""Run a case: its scene is built, and the programs scan it in turn."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.measure import finish, start
from benchmarks.run import Run
from benchmarks.scenes import Ground
from benchmarks.tools import Tool
from tests.lab.namespace import command
from tests.lab.network import ROOT, Lab


@dataclass(frozen=True)
class Result:
    """All runs of a case, in their order, and the seconds its scene itself takes."""

    runs: list[Run]
    floor: float


def run_case(case: Case, rounds: int, most: float, note: Callable[[str], None]) -> Result:
    """Measure a case ``rounds`` times (as often as the case is worth). ``most`` bounds the seconds
    a program may take, and ``note`` hears of every run. Raises LabError."""
    runs: list[Run] = []
    rounds = min(rounds, case.rounds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        grounds = [
            _build(stack, case) for _ in (case.tools if case.side_by_side else case.tools[:1])
        ]
        for number in range(rounds):
            seats = [
                Seat(case, tool, *grounds[at % len(grounds)], folder / f"{number}{tool.name}.xml")
                for at, tool in enumerate(case.tools)
            ]
            if not case.side_by_side:  # in turn also begin: what ran before leaves caches cold
                seats = seats[number % len(seats) :] + seats[: number % len(seats)]
            for group in [seats] if case.side_by_side else [[seat] for seat in seats]:
                if case.warmed:
                    for seat in group:
                        seat.warm()
                ends = [seat.begin(most) for seat in group]
                for end in ends:
                    runs.append(end())
                    note(f"{case.name} {number + 1}/{rounds}: {runs[-1]}")
        return Result(runs, grounds[0][1].floor)


def _build(stack: ExitStack, case: Case) -> tuple[Lab, Ground]:
    lab = stack.enter_context(Lab())
    return lab, case.scene(lab, case.scan, case.port_range)


@dataclass(frozen=True)
class Seat:
    """A program before its scan: where it runs and where it writes."""

    case: Case
    tool: Tool
    lab: Lab
    ground: Ground
    report: Path

    def warm(self) -> None:
        """Let the program read from disk what it needs."""
        words = self.tool.command(self.lab, self.ground, self.case.warming, self.report)
        finish(start(words, self.tool.timeout, ROOT))

    def begin(self, most: float) -> Callable[[], Run]:
        """Start the program; the returned call waits for its end and judges its report."""
        words = self.tool.command(self.lab, self.ground, self.case.words, self.report)
        before = packets_sent(self.lab)
        process = start(words, min(most, self.tool.timeout), ROOT)

        def end() -> Run:
            taken = finish(process)
            packets = packets_sent(self.lab) - before
            truth = self.ground.truth
            verdict = truth.judge(self.report, self.tool.only_open)
            return Run(self.tool.name, taken, packets, verdict, truth.total, truth.size)

        return end


def packets_sent(lab: Lab) -> int:
    """Packets that have left through the scanner's devices. Raises LabError."""
    devices = json.loads(command("ip", "-n", lab.scanner, "-s", "-j", "link"))
    return sum(device["stats64"]["tx"]["packets"] for device in devices)

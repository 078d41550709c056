"""What a case should reach, as data, and whether it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.run import Run
from benchmarks.tools import NMAP, PYSCAN


@dataclass(frozen=True)
class Goal:
    """Bounds for PyScan; 0 for none.

    Attributes:
        ratio: its wall clock over nmap's, at most, in the median pair.
        cpu_ratio: the same of processor seconds.
        seconds: its wall clock at most.
        floors: its wall clock at most, as a multiple of what the scene itself takes.
        megabytes: its peak memory at most.
        right: the least share of states right, in every round; everything open is found anyhow.
    """

    ratio: float = 0.0
    cpu_ratio: float = 0.0
    seconds: float = 0.0
    floors: float = 0.0
    megabytes: float = 0.0
    right: float = 1.0

    def __str__(self) -> str:
        bounds = (
            (self.ratio, faster(self.ratio or 1)),
            (self.cpu_ratio, f"at most {self.cpu_ratio:g} x nmap's processor time"),
            (self.seconds, f"at most {self.seconds:g} s"),
            (self.floors, f"at most {self.floors:g} x the ration's own floor"),
            (self.megabytes, f"at most {self.megabytes:g} MB"),
        )
        share = "all right" if self.right == 1 else f"{self.right:.2%} right, all open ports found"
        return ", ".join([*(text for bound, text in bounds if bound), share])

    def missed(self, runs: Sequence[Run], floor: float) -> list[str]:
        """What the runs missed, in words; empty when the goal is met."""
        return list(self._missed(runs, floor))

    def _missed(self, runs: Sequence[Run], floor: float) -> Iterator[str]:
        ours = [run for run in runs if run.tool == PYSCAN]
        if any(run.verdict is None for run in ours):
            yield "no report"
            return
        if min(run.found for run in ours) < ours[0].total:
            yield f"{min(run.found for run in ours)} of {ours[0].total} found"
        right = min(run.right for run in ours)
        if right < self.right:
            yield f"{right:.4%} right"
        wall = median(run.taken.wall for run in ours)
        most = self.seconds or self.floors * floor
        if most and wall > most:
            yield f"{wall:.1f} s of {most:.1f} s"
        peak = max(run.taken.peak_rss for run in ours) / 1e6
        if self.megabytes and peak > self.megabytes:
            yield f"{peak:.0f} MB"
        for bound, what, value in ((self.ratio, "wall", wall_of), (self.cpu_ratio, "cpu", cpu_of)):
            measured = ratios(runs, value) if bound else []
            if bound and not measured:
                yield f"no {what} ratio"
            elif bound and median(measured) > bound:
                yield f"{what} ratio {_excess(runs, median(measured), bound)}"


def _excess(runs: Sequence[Run], measured: float, bound: float) -> str:
    """That a ratio is over its bound, or only known to be under something: nmap was stopped."""
    if any(run.taken.stopped for run in runs if run.tool == NMAP):
        return f"at most {measured:.2f}, not known to be {bound:.2f}"
    return f"{measured:.2f} over {bound:.2f}"


def faster(ratio: float) -> str:
    """A bound on the ratio of wall clocks as one says it."""
    return "no slower than nmap" if ratio >= 1 else f"at least {1 / ratio:.3g} x faster than nmap"


def wall_of(run: Run) -> float:
    """Seconds from start to end."""
    return run.taken.wall


def cpu_of(run: Run) -> float:
    """Seconds of processor time."""
    return run.taken.user + run.taken.system


def pairs(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """PyScan's and nmap's runs round by round, without the rounds in which a program failed."""
    ours = [run for run in runs if run.tool == PYSCAN]
    theirs = [run for run in runs if run.tool == NMAP]
    return [
        (one, other)
        for one, other in zip(ours, theirs, strict=False)
        if not (one.failed or other.failed)
    ]


def ratios(runs: Sequence[Run], value: Callable[[Run], float]) -> list[float]:
    """PyScan's value over nmap's, pair by pair."""
    return [value(one) / value(other) for one, other in pairs(runs)]

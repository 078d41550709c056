"""One scan by one program: what it took and how its report did."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measure import Measurement
from benchmarks.verdict import Verdict


@dataclass(frozen=True)
class Run:
    """One scan by one program.

    Attributes:
        tool: a name of tools.py.
        taken: seconds, memory, how it ended.
        packets: packets the scanning machine sent meanwhile (on loopback: in both directions).
        verdict: None when no complete report was written.
        total: open ports, or hosts that are up, there are.
        size: ports, or addresses, asked for.
    """

    tool: str
    taken: Measurement
    packets: int
    verdict: Verdict | None
    total: int
    size: int

    @property
    def failed(self) -> bool:
        """No report, and not because its time was over: its figures mean nothing."""
        return self.verdict is None and not self.taken.stopped

    @property
    def found(self) -> int:
        return self.verdict.found if self.verdict else 0

    @property
    def right(self) -> float:
        """The share of states that are the true ones."""
        return 1 - self.verdict.wrong / self.size if self.verdict else 0.0

    def __str__(self) -> str:
        if self.verdict is None:
            taken = self.taken
            end = "stopped" if taken.stopped else f"exit {taken.exit_code}: {taken.complaint}"
            return f"{self.tool} {taken.wall:.2f} s, no report ({end})"
        return (
            f"{self.tool} {self.taken.wall:.2f} s, {self.found}/{self.total} found, "
            f"{self.verdict.wrong} wrong, {self.packets:,} packets"
        )

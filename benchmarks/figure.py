"""Figure: one measured value beside its goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A value and what it may be at most, both in ``unit``."""

    name: str
    value: float
    goal: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the value is within the goal."""
        return self.value <= self.goal

    def __str__(self) -> str:
        measured, most = f"{self.value:,.1f} {self.unit}", f"{self.goal:,g} {self.unit}"
        return f"{self.name:<52}{measured:>12}   goal {most:>8}   {'ok' if self.met else 'MISSED'}"

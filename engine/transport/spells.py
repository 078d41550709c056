"""Spells: times at which a simulated link or host behaves otherwise.

Written down, they are spans of seconds since the simulation began: ``"2-7"``, ``"0.5-1,30-42.5"``.
Bursts of loss come by chance: good and bad times of random length take turns, as in the model of
Gilbert (Capacity of a burst-noise channel, 1960), everything being lost in the bad ones.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from engine.spec.error import SpecError

MOST_SPELLS = 64
_LONGEST = 1e7
"""Seconds a scenario can speak of."""
_TEXT_BYTES = 4_096
_SPAN = re.compile(r"\s*(\d{1,8}(?:\.\d{1,6})?)\s*-\s*(\d{1,8}(?:\.\d{1,6})?)\s*")
SHORTEST_BURST = 0.001
"""Seconds; shorter bad times are loss packet by packet."""
_DRAWN = 256
"""Bad times drawn at first; then as many as there are."""


class Spells:
    """Spans of time [begin, end) in seconds, ascending and apart."""

    def __init__(self, *spans: tuple[float, float]) -> None:
        self._edges = np.array(spans, np.float64).reshape(-1)

    def __bool__(self) -> bool:
        return len(self._edges) > 0

    def cover(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the times (n,) lie in a spell."""
        covered: NDArray[np.bool_] = self._following(times) % 2 == 1
        return covered

    def until_over(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """The times (n,), those in a spell moved to its end."""
        edges = np.append(self._edges, np.inf)
        following = self._following(times)
        moved: NDArray[np.float64] = np.where(following % 2 == 1, edges[following], times)
        return moved

    def _following(self, times: NDArray[np.float64]) -> NDArray[np.intp]:
        return np.searchsorted(self._edges, times, side="right")


class Bursts(Spells):
    """Bad times that last ``mean`` seconds on average and take ``share`` (0..1) of all time, both
    exponentially distributed. Drawn as far as they are asked for."""

    def __init__(self, random: np.random.Generator, mean: float, share: float) -> None:
        super().__init__()
        self._random = random
        self._bad, self._good = mean, mean * (1 - share) / share if share else np.inf

    def cover(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """As in Spells."""
        latest = float(times.max(initial=0.0))
        while np.isfinite(self._good) and (not len(self._edges) or self._edges[-1] <= latest):
            self._draw()
        return super().cover(times)

    def _draw(self) -> None:
        count = max(_DRAWN, len(self._edges) // 2)
        lengths = self._random.exponential((self._good, self._bad), (count, 2)).reshape(-1)
        begin = self._edges[-1] if len(self._edges) else 0.0
        self._edges = np.concatenate([self._edges, begin + np.cumsum(lengths)])


NEVER = Spells()


def parse_spells(text: object, name: str) -> Spells:
    """The spells written as ``text`` under the key ``name``. Raises SpecError."""
    hint = f'write {name} = "2-7" or "2-7,20-25": seconds since the beginning, ascending'
    if not isinstance(text, str) or len(text) > _TEXT_BYTES:
        raise SpecError("scenario", name, None, "is no list of spans of seconds", hint)
    spans: list[tuple[float, float]] = []
    for part in text.split(",") if text.strip() else ():
        match = _SPAN.fullmatch(part)
        begin, end = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
        before = spans[-1][1] if spans else -1.0
        if not before < begin < end <= _LONGEST:
            raise SpecError("scenario", part.strip()[:40] or name, None, "is no such span", hint)
        spans.append((begin, end))
    if len(spans) > MOST_SPELLS:
        raise SpecError("scenario", name, None, f"has more than {MOST_SPELLS} spans", hint)
    return Spells(*spans)

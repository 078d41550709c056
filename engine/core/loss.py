"""Loss: which share of probes to answering ports goes unanswered, and how often to re-send.

Only ports that do answer say anything about loss (a silent port may simply be filtered). Each of
them answered one known copy of its probe; the copies before it were lost. The number of tries until
an answer is geometric, so lost copies by all copies is the most likely loss ``p`` per copy (there
or back), and ``k`` copies all vanish with probability ``p ** k``.
"""

from __future__ import annotations

import math

MISS_TARGET = 1e-6
"""Accepted probability that every copy of a port's probe was lost."""
LEAST_COPIES = 2
"""No port is called silent on the word of a single packet."""


class LossEstimate:
    """Share of lost copies, over a window of about ``memory`` copies."""

    def __init__(self, memory: float = 100_000.0) -> None:
        self._memory = memory
        self._copies = 0.0
        self._lost = 0.0

    @property
    def samples(self) -> float:
        """Copies in the window."""
        return self._copies

    @property
    def share(self) -> float:
        """Estimated loss per copy, 0..1."""
        return self._lost / self._copies if self._copies else 0.0

    def note(self, copies: int, lost: int) -> None:
        """Take in copies to ports that answer, ``lost`` of which were lost."""
        fade = max(0.0, 1.0 - copies / self._memory)
        self._copies = self._copies * fade + copies
        self._lost = self._lost * fade + lost

    def reset(self) -> None:
        """Forget everything: the conditions have changed."""
        self._copies = self._lost = 0.0

    def copies(self, cap: int) -> int:
        """How many copies a silent port deserves; see copies_needed()."""
        return copies_needed(self.share, cap)


def copies_needed(loss: float, cap: int) -> int:
    """How many copies a silent port deserves where a share ``loss`` of them is lost: at least
    LEAST_COPIES, at most ``cap`` + 1 (``cap`` counts re-sends, as timing templates do)."""
    needed = 1 if loss <= 0 else math.ceil(math.log(MISS_TARGET) / math.log(min(loss, 0.999)))
    return max(1, min(max(LEAST_COPIES, needed), cap + 1))

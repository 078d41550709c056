"""Review: which silent hosts are asked again, when every host is decided and more loss is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.discovery.roster import Roster

MOST_ROUNDS = 4
"""Times that the silent hosts are gone through."""
AGAIN_AT_ONCE = 1 << 16
"""Hosts that are taken up again at a time."""


class Review:
    """Rounds through the silent hosts of a roster, in portions.

    Attributes:
        over: whether there is nobody left to ask again.
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._rounds = 0
        self._next = 0  # the first host that this round has not come to
        self.over = False

    def take(self, copies: int) -> NDArray[np.uint32]:
        """The next hosts that deserve ``copies`` and got fewer. None while it is not over: this
        round is, and another may follow."""
        resumed = self._next
        self._rounds += not resumed
        if self._rounds > MOST_ROUNDS:
            copies = 0
        again = self._roster.silent(copies, resumed, AGAIN_AT_ONCE)
        self._next = int(again[-1]) + 1 if len(again) == AGAIN_AT_ONCE else 0
        self.over = not len(again) and not resumed
        return again
